"""Answers about directions and the importance of dimensions."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from latentlab.errors import DataError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.direction_files import (
    load_directions,
    read_directions,
    save_directions,
    write_directions,
)
from latentlab.explorer.learn_direction import learn_direction
from latentlab.latent.dimensions import principal_components
from latentlab.latent.local_axes import jacobian_axes, local_pca, neighbours_of_local_pca
from latentlab.session.axes import (
    MAX_AXES,
    STRIP_POSITIONS,
    AxesAtPoint,
    AxisOrder,
    DimensionStatistics,
    MeasureLocalAxes,
    Strips,
)
from latentlab.session.directions import (
    Direction,
    ExportDirections,
    ImportDirections,
    LearnDirection,
    MakeStrips,
    MeasureDimensions,
    ReadDirections,
    ReplaceDirection,
    SaveDirections,
    merge_directions,
    replace_direction,
)
from latentlab.session.points import ModelCard
from latentlab.session.request import Exported
from latentlab.work import Progress, with_progress


@answer.register
def _(
    request: MeasureDimensions, explorer: Explorer
) -> Generator[Progress, None, DimensionStatistics]:
    codes = explorer.codes
    yield Progress("Measuring the KL of the dimensions")
    kl = explorer.kl_per_dimension()
    components = yield from with_progress(
        principal_components(codes.mu), "Computing the principal components"
    )
    return DimensionStatistics(codes, kl, components)


@answer.register
def _(request: MeasureLocalAxes, explorer: Explorer) -> Generator[Progress, None, AxesAtPoint]:
    codes, point = explorer.codes, request.point
    z = np.array(point.z, np.float64)
    yield Progress("Computing the local axes")
    if request.order is AxisOrder.LOCAL:
        count = neighbours_of_local_pca(len(codes), len(z))
        rows = codes.nearest.nearest(z[None].astype(np.float32), count)[1][0] if count else []
        found = local_pca(codes.mu[rows], MAX_AXES)
    else:
        labels = _card(explorer).spec.label_array([point.label])
        y = labels if explorer.model.conditional else None
        pieces = jacobian_axes(explorer.model, z, y, MAX_AXES)
        found = yield from with_progress(pieces, "Computing the local axes")
    return AxesAtPoint(point, request.order, codes, found)


@answer.register
def _(request: MakeStrips, explorer: Explorer) -> Generator[Progress, None, Strips]:
    codes, along = explorer.codes, {}
    for axis in request.axes:
        z = [axis.moved(request.point.z, mark) for mark in STRIP_POSITIONS]
        points = tuple(map(request.point.at, z))
        along[axis.key] = explorer.tiles(points, len(points))
        yield Progress("Decoding the images of the sliders", len(along) / len(request.axes))
    return Strips(request.point, codes, along)


@answer.register
def _(request: ReadDirections, explorer: Explorer) -> tuple[Direction, ...]:
    return load_directions(_card(explorer))


@answer.register
def _(
    request: LearnDirection, explorer: Explorer
) -> Generator[Progress, None, tuple[Direction, ...]]:
    if _is_other(request.card, explorer):
        return ()
    card, codes = _card(explorer), explorer.codes
    others = load_directions(card) if request.apart else ()
    direction = yield from learn_direction(card, codes, request.source, request.method, others)
    # The saved directions may have changed meanwhile.
    return save_directions(card, merge_directions(load_directions(card), (direction,)))


@answer.register
def _(request: ReplaceDirection, explorer: Explorer) -> tuple[Direction, ...]:
    directions = replace_direction(load_directions(request.card), request.before, request.after)
    return save_directions(request.card, directions)


@answer.register
def _(request: SaveDirections, explorer: Explorer) -> tuple[Direction, ...]:
    return save_directions(request.card, request.directions)


@answer.register
def _(request: ImportDirections, explorer: Explorer) -> tuple[Direction, ...]:
    new = read_directions(request.path, request.card.latent_dim)
    return save_directions(request.card, merge_directions(load_directions(request.card), new))


@answer.register
def _(request: ExportDirections, explorer: Explorer) -> Exported:
    write_directions(request.path, request.directions)
    return Exported(request.path)


def _card(explorer: Explorer) -> ModelCard:
    if explorer.card is None:
        raise DataError("No model is open yet.", "Open one from the library.")
    return explorer.card


def _is_other(card: ModelCard, explorer: Explorer) -> bool:
    """Return whether another model has been opened since; the answer is discarded then."""
    current = _card(explorer)
    return (current.source, current.latent_dim) != (card.source, card.latent_dim)
