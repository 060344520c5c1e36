"""Options of films, and the frames of some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.files.mosaic import square_columns, tile
from latentlab.session.points import Loop, Tiles

if TYPE_CHECKING:
    from latentlab.session.interpolation import Traversal

MIN_FPS, MAX_FPS = 1, 60
MAX_SCALE = 32
MAX_SIDE = 2048
"""Maximum width and height of a film in pixels."""
FPS = 1000 / 60
"""Default number of frames per second: 60 ms per frame."""


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """Options of a film.

    Parameters
    ----------
    scale : int
        Pixels of the film along a side of each pixel of an image.
    fps : float
        Frames per second.
    loop : Loop
        Back and forth, once, or from the start again.
    """

    scale: int = 4
    fps: float = FPS
    loop: Loop = Loop.BACK


def frame_order(count: int, loop: Loop) -> tuple[int, ...]:
    """Return the order in which `count` images are shown in one turn of a film.

    Back and forth shows neither end twice.
    """
    forth = tuple(range(count))
    return forth + forth[-2:0:-1] if loop is Loop.BACK else forth


def traversal_frames(made: Traversal) -> Tiles:
    """Return one frame per column of a traversal, with one image per dimension."""
    rows, columns = made.values.shape
    pictures = made.tiles.pictures.reshape(rows, columns, *made.tiles.pictures.shape[1:])
    width = square_columns(rows)
    frames = [tile(pictures[:, column], width, gap=1) for column in range(columns)]
    return Tiles((), np.stack(frames), columns)
