"""Options of films."""

from __future__ import annotations

from dataclasses import dataclass

from latentlab.session.points import Loop

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
