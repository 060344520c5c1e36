"""Arguments of the API as arrays that fit a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.api.images import to_numpy
from latentlab.errors import DataError, one_of
from latentlab.explorer.naming import label_of
from latentlab.latent.grid import Spacing, plane_points
from latentlab.latent.planes import axes_plane
from latentlab.latent.prior_samples import grid_over_prior

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from latentlab.data.condition import LabelArray
    from latentlab.explorer.naming import GivenLabel
    from latentlab.models.base import Model
    from latentlab.session.points import ModelCard

    Labels = str | int | ArrayLike | Mapping[str, Any] | None

MAX_QUANTILE_SPAN = 8.0
"""Standard deviations beyond which the tail probability vanishes in float64."""


def columns_of(labels: Any) -> dict[str, Any] | None:
    """Return the columns of a mapping or a data frame, by name; None for other labels."""
    names = labels.keys() if isinstance(labels, Mapping) else getattr(labels, "columns", None)
    return None if names is None else {str(name): labels[name] for name in names}


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


def labels_of(labels: Labels, card: ModelCard, count: int) -> LabelArray | None:
    """Return the label of each of `count` images; None for a model that takes no labels.

    Parameters
    ----------
    labels : str, int, array_like or mapping
        Classes by name or index, one for all or one for each image. For a model with several
        conditions: a mapping of their names to values or to arrays of N values, an array of N×K
        values in the order of the conditions, or text such as ``age=30, sex=female``.
    card : ModelCard
        The model.
    count : int
        Number of images.

    Raises
    ------
    LatentlabError
        If there is no such class, or the number of labels is neither 1 nor `count`.
    """
    rows = [label_of(card, each, needed=True) for each in _each_label(labels, card)]
    if not card.conditional:
        return None
    if len(rows) not in (1, count):
        raise DataError(f"{len(rows)} labels for {count} images.", "Give one for each.")
    return card.spec.label_array(rows * count if len(rows) == 1 else rows)


def _each_label(labels: Labels, card: ModelCard) -> Sequence[GivenLabel]:
    """Return labels as a list, with one or N elements."""
    if labels is None:
        return [None]
    if (given_columns := columns_of(labels)) is not None:
        columns = {
            name: np.atleast_1d(to_numpy(value)).tolist() for name, value in given_columns.items()
        }
        if empty := [name for name, column in columns.items() if not column]:
            raise DataError(f"{empty[0]} has no values.", "Give one for all images, or for each.")
        count = max(map(len, columns.values()), default=1)
        if wrong := [name for name, column in columns.items() if len(column) not in (1, count)]:
            raise DataError(
                f"{wrong[0]} has {len(columns[wrong[0]])} values, and another condition {count}.",
                "Give one value for all images, or one for each.",
            )
        full = {name: column * (count // len(column)) for name, column in columns.items()}
        return [{name: column[row] for name, column in full.items()} for row in range(count)]
    given = np.atleast_1d(to_numpy(labels))
    if card.spec.conditions and given.ndim == 1 and given.dtype.kind not in "USO":
        return [given.tolist()]
    return list(given.tolist())


def grid_points(
    model: Model,
    n: int,
    span: float,
    spacing: str,
    dimensions: tuple[int, int],
    center: ArrayLike | None,
    label: LabelArray | None,
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
    latent_dim = model.latent_dim
    if latent_dim == 1:
        axis, _ = grid_over_prior(model, axes_plane(0, 0, 1), n, span, Spacing(spacing), label)
        return axis.astype(np.float32)[:, None]
    if len({*dimensions}) < 2 or not {*dimensions} <= {*range(latent_dim)}:
        last = latent_dim - 1
        raise DataError(f"dimensions {dimensions}: give two different ones from 0 to {last}.")
    middle = np.zeros(latent_dim) if center is None else points_of(center, latent_dim)[0]
    frame = axes_plane(*dimensions, latent_dim)
    axes = grid_over_prior(model, frame, n, span, Spacing(spacing), label)
    return plane_points(middle.tolist(), frame, axes)
