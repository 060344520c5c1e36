"""Planes through latent space: projection of codes onto two axes, and back.

All planes contain the origin of latent space, so that the circles of the prior stay in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MIN_NORM = 1e-9
MIN_COSINE_FOR_NAME = 0.95
"""Cosine from which an axis is named after a principal component."""


@dataclass(frozen=True)
class Plane:
    """Two directions in a latent space of D dimensions, and their titles.

    Parameters
    ----------
    across, up : tuple of float, length D
        Directions to the right and upwards: orthonormal, or twice the same if the space has
        only one dimension.
    names : (str, str)
        Their titles.
    """

    across: tuple[float, ...]
    up: tuple[float, ...]
    names: tuple[str, str] = ("", "")

    @cached_property
    def basis(self) -> NDArray[np.float64]:
        """Both directions, with shape (2, D)."""
        return np.array([self.across, self.up])

    @cached_property
    def _back(self) -> NDArray[np.float64]:
        """Basis for `lift`: if both directions are the same, only x counts."""
        return self.basis if self.across != self.up else self.basis * [[1.0], [0.0]]

    @property
    def size(self) -> int:
        """The number of latent dimensions, D."""
        return len(self.across)

    @property
    def dimensions(self) -> tuple[int, int] | None:
        """The two latent dimensions of the plane, or None if it is not aligned with the axes."""
        found = [
            row.index(1.0) for row in (self.across, self.up) if np.count_nonzero(row) == 1 in row
        ]
        return (found[0], found[1]) if len(found) == 2 else None

    def place(self, codes: NDArray) -> NDArray[np.float32]:
        """Return the projections of codes of shape (N, D), with shape (N, 2)."""
        if self.dimensions:
            # Exact, and needs no matrix product.
            return np.ascontiguousarray(codes[:, list(self.dimensions)], np.float32)
        return codes.astype(np.float32, copy=False) @ self.basis.T.astype(np.float32)

    def spot(self, z: Sequence[float]) -> tuple[float, float]:
        """Return the projection of one point."""
        x, y = self.basis @ np.asarray(z, np.float64)
        return float(x), float(y)

    def lift(self, xy: NDArray, z: Sequence[float]) -> NDArray[np.float64]:
        """Return the points with projections `xy` that equal `z` off the plane.

        Parameters
        ----------
        xy : ndarray, shape (N, 2)
            Projections.
        z : sequence of float, length D
            Point that gives the component orthogonal to the plane.

        Returns
        -------
        ndarray of float64, shape (N, D)
        """
        return self.rest(z) + np.asarray(xy, np.float64) @ self._back

    def shadow(self, sigma: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the covariance, on the plane, of Gaussians with standard deviations `sigma`.

        Parameters
        ----------
        sigma : ndarray of float32, shape (N, D)
            Standard deviation along each latent dimension.

        Returns
        -------
        ndarray of float64, shape (N, 2, 2)
        """
        covariances: NDArray[np.float64] = np.einsum(
            "ad,nd,bd->nab", self.basis, sigma.astype(np.float64) ** 2, self.basis
        )
        return covariances

    def rest(self, z: Sequence[float]) -> NDArray[np.float64]:
        """Return the component of a point that is orthogonal to the plane, with shape (D,)."""
        point = np.array(z, np.float64)
        if self.dimensions:
            point[list(self.dimensions)] = 0.0
            return point
        return point - (self.basis @ point) @ self._back


def axes_plane(i: int, j: int, size: int) -> Plane:
    """Return the plane of the latent dimensions `i` and `j` of `size`."""
    across, up = np.eye(size)[[i, j]].tolist()
    return Plane(tuple(across), tuple(up), (f"z{i + 1}", f"z{j + 1}"))


def plane_along(first: Sequence[float], second: Sequence[float], names: tuple[str, str]) -> Plane:
    """Return the plane of two directions, the first to the right.

    Raises
    ------
    ValueError
        If they do not span a plane.
    """
    across = np.asarray(first, np.float64)
    up = np.asarray(second, np.float64)
    if np.linalg.norm(across) > MIN_NORM:
        across = across / np.linalg.norm(across)
    up = up - (up @ across) * across
    # Repeated: after one step, nearly parallel directions are not quite orthogonal.
    up = up - (up @ across) * across
    least = max(MIN_NORM, 1e-6 * float(np.linalg.norm(second)))
    if np.linalg.norm(across) < MIN_NORM or np.linalg.norm(up) < least:
        raise ValueError("the two directions do not span a plane")
    up = up / np.linalg.norm(up)
    return Plane(tuple(across.tolist()), tuple(up.tolist()), names)


def plane_through(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> Plane:
    """Return the plane parallel to that of three points, with `a` to `b` to the right.

    With any of the three as `z`, `lift` gives the plane through them.

    Raises
    ------
    ValueError
        If they lie on one line.
    """
    first, second = (np.subtract(end, a).tolist() for end in (b, c))
    return plane_along(first, second, ("A → B", "towards z"))


def pca_plane(codes: NDArray[np.float32], like: Plane | None = None) -> Plane:
    """Return the plane of largest variance of the codes, with the shares of variance as titles.

    Principal components by the eigenvectors of the covariance (Pattern Recognition and Machine
    Learning, Bishop, 2006, section 12.1.1).

    Parameters
    ----------
    codes : ndarray of float32, shape (N, D)
        At least two codes of at least one dimension.
    like : Plane, optional
        An earlier frame: the axes are rotated or mirrored within their plane to match it.
    """
    size = codes.shape[1]
    centred = codes - codes.mean(0)
    covariance = (centred.T @ centred / max(1, len(codes) - 1)).astype(np.float64)
    variance, vectors = np.linalg.eigh(covariance)
    components = with_fixed_signs(vectors[:, np.argsort(variance)[::-1][:2]].T)
    basis = components if size > 1 else np.ones((2, 1))
    if size > 1 and like is not None and like.size == size:
        basis = _rotation(basis, like.basis) @ basis
    total = max(float(variance.sum()), MIN_NORM)
    shares = np.einsum("ij,jk,ik->i", basis, covariance, basis) / total
    names = [_title(axis, components, share) for axis, share in zip(basis, shares, strict=True)]
    across, up = basis.tolist()
    return Plane(tuple(across), tuple(up), (names[0], names[1]))


def with_fixed_signs(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return eigenvectors, one per row, each with the sign that makes its largest entry positive.

    Eigenvectors have no sign of their own: the last bit of a covariance may decide it, and would
    mirror a map from one start of the program to the next.
    """
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(1)[:, None], axis=1)
    return np.asarray(vectors * np.sign(largest), np.float64)


def _rotation(basis: NDArray[np.float64], like: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation of the axes that matches others best; see `turned`."""
    u, _, vt = np.linalg.svd(like @ basis.T)
    return u @ vt


def _title(axis: NDArray[np.float64], components: NDArray[np.float64], share: float) -> str:
    """Name an axis after its principal component, or as between two of them."""
    like = np.abs(components @ axis)
    name = f"PC {like.argmax() + 1}" if like.max() > MIN_COSINE_FOR_NAME else "between PC 1 and 2"
    return f"{name} · {share:.0%} of variance"


def procrustes(xy: NDArray[np.float32], like: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return points rotated, mirrored and shifted to match others best, row by row.

    Orthogonal Procrustes (A generalized solution of the orthogonal Procrustes problem,
    Schönemann, 1966): with the singular value decomposition Xᵀ Y = U S Vᵀ, the rotation is U Vᵀ.

    Parameters
    ----------
    xy, like : ndarray of float32, shape (N, 2)
        The points, and their target positions.
    """
    x, y = xy - xy.mean(0), like - like.mean(0)
    u, _, vt = np.linalg.svd(x.T.astype(np.float64) @ y.astype(np.float64))
    return (x @ (u @ vt) + like.mean(0)).astype(np.float32)
