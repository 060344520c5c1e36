"""Answers about the open model: points, images, samples and the manifold."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError, RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.route import straight_path_points
from latentlab.explorer.unreadable import image_file_error, run_path_error
from latentlab.latent.codes import Codes
from latentlab.latent.grid import plane_points
from latentlab.latent.prior_samples import grid_over_prior, sample_prior
from latentlab.runs.run_log import read_run_log
from latentlab.session.abilities import Ability
from latentlab.session.files.mosaic import square_columns
from latentlab.session.model import (
    Adopt,
    Adopted,
    AllCodes,
    Decode,
    DecodePath,
    DrawPoint,
    EncodeFile,
    EncodeImageAgain,
    Hover,
    MakeManifold,
    MakeSamples,
    Open,
    Opened,
    PickImage,
    ShowAll,
    ShowRest,
)
from latentlab.session.points import (
    GridSettings,
    Manifold,
    Original,
    Picture,
    Point,
    Preview,
    Tiles,
)
from latentlab.session.runs import RunLog
from latentlab.work import Progress, with_progress

if TYPE_CHECKING:
    from latentlab.latent.planes import Plane

TIMING_SAMPLE = 4
"""Number of images decoded first to measure the time of one."""
STEP_S = 0.004
"""Thread time of one step in seconds; requests to decode z are answered between steps."""


def decode_in_steps(
    explorer: Explorer, points: tuple[Point, ...], columns: int, message: str
) -> Generator[Progress, None, Tiles]:
    """Decode many points in steps of `STEP_S` seconds."""
    parts, done, count = [], 0, TIMING_SAMPLE
    while done < len(points):
        began = time.thread_time()
        some = points[done : done + count]
        parts.append(explorer.tiles(some, columns).pictures)
        done += len(some)
        each = (time.thread_time() - began) / len(some)
        count = max(1, int(STEP_S / max(each, 1e-6)))
        if done < len(points):
            yield Progress(message, done / len(points))
    return Tiles(points, np.concatenate(parts), columns)


def make_manifold(
    explorer: Explorer, point: Point, frame: Plane, grid: GridSettings
) -> Generator[Progress, None, Manifold]:
    """Decode a grid over a plane through `point`."""
    y = explorer.label_array(point)
    lines = grid_over_prior(explorer.model, frame, grid.n, grid.span, grid.spacing, y)
    z = plane_points(point.z, frame, lines)
    points = tuple(point.at(tuple(row)) for row in z.tolist())
    tiles = yield from decode_in_steps(explorer, points, grid.n, "Decoding the manifold")
    return Manifold(tiles, frame, lines)


OPEN_ENCODE_S = 0.3
"""Time limit in seconds for encoding before a model is shown; other images are encoded later."""


@answer.register
def _(request: Open, explorer: Explorer) -> Opened:
    try:
        card = explorer.open(request.path, OPEN_ENCODE_S)
    except RunError as error:
        raise run_path_error(request.path, error) from error
    past = read_run_log(card.source, card.recipe) if card.source else RunLog()
    return Opened(card, explorer.codes, *explorer.start(), past, explorer.has_more)


@answer.register
def _(request: Adopt, explorer: Explorer) -> Generator[Progress, None, Adopted]:
    card = yield from with_progress(
        explorer.adopt(
            request.recipe, request.splits, request.weights, request.epoch, request.folder
        ),
        "Encoding images",
    )
    return Adopted(card, explorer.codes, *explorer.start())


@answer.register
def _(request: Decode, explorer: Explorer) -> Picture:
    return explorer.decode(request.point)


@answer.register
def _(request: Hover, explorer: Explorer) -> Preview:
    original = None if request.row is None else explorer.original(request.row)
    is_codes = explorer.card is not None and not explorer.can(Ability.DECODE)
    pixels = None if is_codes else explorer.decode(request.point).pixels
    return Preview(request.point, pixels, original)


@answer.register
def _(request: DecodePath, explorer: Explorer) -> Generator[Progress, None, Tiles]:
    conditions = explorer.card.spec.conditions if explorer.card else ()
    points = straight_path_points(request.ends, conditions)
    return decode_in_steps(explorer, points, request.ends.steps, "Decoding the path")


@answer.register
def _(request: MakeManifold, explorer: Explorer) -> Generator[Progress, None, Manifold]:
    return make_manifold(explorer, request.point, request.frame, request.grid)


@answer.register
def _(request: DrawPoint, explorer: Explorer) -> Point:
    y = explorer.label_array(request.point)
    (z,) = sample_prior(explorer.model, 1, request.seed, y).tolist()
    return request.point.at(tuple(z))


@answer.register
def _(request: MakeSamples, explorer: Explorer) -> Generator[Progress, None, Tiles]:
    points = explorer.draw(request.settings)
    return decode_in_steps(explorer, points, square_columns(len(points)), "Decoding samples")


@answer.register
def _(request: PickImage, explorer: Explorer) -> Original:
    return explorer.original(request.row)


@answer.register
def _(request: EncodeImageAgain, explorer: Explorer) -> Original:
    return explorer.original(request.row)


@answer.register
def _(request: EncodeFile, explorer: Explorer) -> Original:
    try:
        return explorer.encode(request.path, request.label)
    except DataError as error:
        raise image_file_error(request.path, error) from error


@answer.register
def _(request: ShowAll, explorer: Explorer) -> Generator[Progress, None, AllCodes | None]:
    total = explorer.card.images if explorer.card else 0
    return _whole(explorer.show_all(), f"Encoding all {total:,} images")


@answer.register
def _(request: ShowRest, explorer: Explorer) -> Generator[Progress, None, AllCodes | None]:
    return _whole(explorer.show_rest(), "Encoding images")


def _whole(
    pieces: Generator[float, None, Codes | None], message: str
) -> Generator[Progress, None, AllCodes | None]:
    codes = yield from with_progress(pieces, message)
    return None if codes is None else AllCodes(codes)
