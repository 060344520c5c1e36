"""Map views, overlays, colours and selections: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from latentlab.latent.nearest import NEIGHBOURS, inverse_distance_interpolate
from latentlab.latent.planes import Plane, axes_plane
from latentlab.session.abilities import GAUSSIAN_POSTERIORS, KL, Abilities
from latentlab.session.request import Lifetime, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from weakref import ReferenceType

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.session.colourings import Measure, MeasuredValues
    from latentlab.session.points import Point
    from latentlab.session.selection import Selection
    from latentlab.session.state import State


@dataclass(frozen=True, eq=False)
class Draws:
    """One sample of each q(z|x), projected on a plane.

    Parameters
    ----------
    frame : Plane
        The plane.
    xy : ndarray of float32, shape (N, 2)
        Plane coordinates.
    """

    frame: Plane
    xy: NDArray = field(repr=False)


@dataclass(frozen=True, eq=False)
class PriorHoles:
    """Density that the prior predicts and the codes lack, on a grid over a plane.

    Parameters
    ----------
    frame : Plane
        The plane.
    missing : ndarray of float64, shape (n, n)
        From 0 to 1; see `latentlab.latent.prior_holes.holes`.
    reach : float
        The grid spans [-reach, reach] along both axes.
    """

    frame: Plane
    missing: NDArray = field(repr=False)
    reach: float


class Layout(StrEnum):
    """Kind of map view."""

    AXES = "dimensions"
    PCA = "PCA"
    PLANE = "plane"
    DIRECTIONS = "directions"
    TSNE = "t-SNE"
    UMAP = "UMAP"


@dataclass(frozen=True, eq=False)
class MapView:
    """Projection of the codes on the map, and its inverse.

    Parameters
    ----------
    layout : Layout
        Kind of view.
    frame : Plane
        The plane; for t-SNE and UMAP the last plane shown.
    xy : ndarray of float32, shape (N, 2), or None
        Embedded position of each image; None for a plane.
    anchors : ndarray of int64, shape (M,), or None
        Rows that were embedded; the others are placed at their nearest anchors.
    codes : weak reference to Codes, or None
        Codes that a layout of ``MADE`` was computed from; weak because undo keeps views.
    """

    layout: Layout
    frame: Plane
    xy: NDArray[np.float32] | None = None
    anchors: NDArray[np.int64] | None = None
    codes: ReferenceType[Codes] | None = field(default=None, repr=False)

    @property
    def is_plane(self) -> bool:
        """Whether map positions correspond exactly to points of a latent plane."""
        return self.xy is None

    @property
    def is_pending(self) -> bool:
        """Whether the plane of a newly opened model is not computed yet."""
        return self.layout is Layout.PCA and self.codes is None

    @property
    def inverse(self) -> str:
        """Description of how the point under the cursor is computed."""
        return "exact plane" if self.is_plane else f"blend of the {NEIGHBOURS} nearest codes"

    def is_made_of(self, codes: Codes) -> bool:
        """Return whether the view was computed from these codes."""
        return self.codes is not None and self.codes() is codes

    def suits(self, codes: Codes) -> bool:
        """Return whether the view can show these codes."""
        fits = self.xy is None or len(self.xy) == len(codes)
        return fits and not self.is_pending and self.frame.size == codes.mu.shape[1]

    def places(self, codes: Codes) -> NDArray[np.float32]:
        """Return the map positions of all codes, shape (N, 2)."""
        return self.frame.place(codes.mu) if self.xy is None else self.xy

    def place(self, z: Sequence[float], codes: Codes) -> tuple[float, float]:
        """Return the map position of a point."""
        if self.xy is None or self.anchors is None:
            return self.frame.spot(z)
        x, y = inverse_distance_interpolate(
            z, codes.mu[self.anchors], self.xy[self.anchors]
        ).tolist()
        return x, y

    def lift(self, x: float, y: float, z: Sequence[float], codes: Codes) -> tuple[float, ...]:
        """Return the point at a map position; `z` fixes the components orthogonal to a plane."""
        if self.xy is None or self.anchors is None:
            return tuple(self.frame.lift(np.array([[x, y]]), z)[0].tolist())
        return tuple(
            inverse_distance_interpolate(
                (x, y), self.xy[self.anchors], codes.mu[self.anchors]
            ).tolist()
        )


def point_at_position(state: State, x: float, y: float, point: Point) -> Point:
    """Return the point at a map position; `point` fixes the components orthogonal to a plane."""
    if state.codes is None or not state.view.suits(state.codes):
        return point
    return point.at(state.view.lift(x, y, point.z, state.codes))


def map_position(state: State, point: Point) -> tuple[float, float]:
    """Return the map position of a point."""
    if state.codes is None or not state.view.suits(state.codes):
        return state.view.frame.spot(point.z)
    return state.view.place(point.z, state.codes)


def axes_view(i: int, j: int, size: int) -> MapView:
    """Return the view of two of `size` latent dimensions."""
    return MapView(Layout.AXES, axes_plane(i, j, size))


COMPUTED_LAYOUTS = frozenset({Layout.PCA, Layout.TSNE, Layout.UMAP})
"""Layouts that depend on the codes and are recomputed when the codes change."""


@dataclass(frozen=True, slots=True)
class MakeView(Request["MapView"]):
    """Compute a layout of the codes.

    Parameters
    ----------
    layout : Layout
        One of ``MADE``.
    like : MapView
        The previous view. If it has the same layout, it initializes the new one, which is rotated
        to agree with it.
    """

    layout: Layout
    like: MapView = field(compare=False)


@dataclass(frozen=True, slots=True)
class SamplePosteriors(Request["Draws"]):
    """Sample each q(z|x) once and project the samples on a plane."""

    needs: ClassVar[Abilities] = GAUSSIAN_POSTERIORS
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    frame: Plane


@dataclass(frozen=True, slots=True)
class FindHoles(Request["PriorHoles"]):
    """Compare the density of the codes on a plane with the density of the prior."""

    needs: ClassVar[Abilities] = KL
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    frame: Plane


@dataclass(frozen=True, slots=True)
class ComputeMeasure(Request["MeasuredValues"]):
    """Compute KL, density or clusters of the codes.

    Parameters
    ----------
    measure : Measure
        Quantity to compute.
    count : int
        Number of clusters (k-means) or minimum cluster size (HDBSCAN).
    """

    measure: Measure
    count: int = 10


@dataclass(frozen=True, slots=True)
class SaveSelection(SaveFile):
    """Write row, class, attributes and code of each selected image as CSV."""

    selection: Selection
    codes: Codes = field(repr=False)
    names: tuple[str, ...]
    path: Path
