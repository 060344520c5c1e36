"""Arguments of the API as arrays that fit a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.api.images import to_numpy
from latentlab.errors import DataError, one_of
from latentlab.explorer.naming import class_index
from latentlab.latent.grid import Spacing, grid_axis, plane_points
from latentlab.latent.planes import axes_plane

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from latentlab.session.points import ModelCard

    Labels = str | int | ArrayLike | None

MAX_QUANTILE_SPAN = 8.0
"""Standard deviations beyond which the tail probability vanishes in float64."""


def points_of(z: ArrayLike, latent_dim: int) -> NDArray[np.float32]:
    """Return points of shape (N, D), or (D,), as an array of shape (N, D).

    Raises
    ------
    DataError
        If they have other dimensions, or coordinates that are not finite.
    """
    points = np.atleast_2d(to_numpy(z)).astype(np.float32)
    if points.ndim != 2 or points.shape[1] != latent_dim:
        raise DataError(
            f"Points of shape {np.shape(z)} do not fit this model.",
            f"Give an array of N×{latent_dim}.",
        )
    if not np.isfinite(points).all():
        raise DataError("The points have coordinates that are not finite.")
    return points


def labels_of(labels: Labels, card: ModelCard, count: int) -> NDArray[np.int64] | None:
    """Return the class index of each of `count` images; None for a model that takes no labels.

    Raises
    ------
    LatentlabError
        If there is no such class, or the number of labels is neither 1 nor `count`.
    """
    given = [None] if labels is None else np.atleast_1d(to_numpy(labels)).tolist()
    rows = [class_index(card, each, needed=True) for each in given]
    if not card.conditional:
        return None
    if len(rows) not in (1, count):
        raise DataError(f"{len(rows)} labels for {count} images.", "Give one for each.")
    return np.array(rows * count if len(rows) == 1 else rows, np.int64)


def grid_points(
    n: int,
    span: float,
    spacing: str,
    dimensions: tuple[int, int],
    center: ArrayLike | None,
    latent_dim: int,
) -> NDArray[np.float32]:
    """Return the points of a grid; see `latentlab.api.model.Model.manifold`.

    Returns
    -------
    ndarray of float32, shape (n·n, D), or (n, 1) for one dimension

    Raises
    ------
    DataError
        If there is no such spacing or dimension, or the span is too large for quantiles.
    """
    if spacing not in [*Spacing]:
        raise DataError(f"There is no spacing {spacing!r}.", f"Choose {one_of([*Spacing])}.")
    if spacing == Spacing.QUANTILE and span > MAX_QUANTILE_SPAN:
        raise DataError(f"span {span:g}: at most {MAX_QUANTILE_SPAN:g} at quantiles.")
    axis = grid_axis(n, span, Spacing(spacing))
    if latent_dim == 1:
        return axis.astype(np.float32)[:, None]
    if len({*dimensions}) < 2 or not {*dimensions} <= {*range(latent_dim)}:
        last = latent_dim - 1
        raise DataError(f"dimensions {dimensions}: give two different ones from 0 to {last}.")
    middle = np.zeros(latent_dim) if center is None else points_of(center, latent_dim)[0]
    return plane_points(middle.tolist(), axes_plane(*dimensions, latent_dim), axis)
