"""Colour gradients of drawn faces, one per factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from latentlab.data.drawing.canvas import Floats, Number

SKIN = "fbe1d0 f4cba9 e3b088 c98f65 a56d47 7d4b30 5c3828"
HAIR = "221d20 3d271c 6a412a 98552f c27a3c dcab5a eed79c d9d8da"
BACKGROUND = "f8cdb6 f5e0ae cde2b4 a9dccb a5d3ee b5bff0 d6bcec"
CLOTHES = "df5b4e e6a63c 66a56b 35919a 3f6bb3 7a5296"


def along(path: str, where: Floats) -> Floats:
    """Return the colours of a gradient by linear interpolation between its stops.

    Parameters
    ----------
    path : str
        Hexadecimal colours of equally spaced stops.
    where : ndarray of float32, shape (N,)
        Positions in [0, 1].

    Returns
    -------
    ndarray of float32, shape (3, 1, 1, N)
        0 to 255.
    """
    stops = np.array([list(bytes.fromhex(stop)) for stop in path.split()], np.float32)
    steps = np.linspace(0, 1, len(stops))
    channels = [np.interp(where, steps, stop) for stop in stops.T]
    return np.array(channels, np.float32)[:, None, None]


def colour(code: str) -> Floats:
    """Return a hexadecimal colour as an array with shape (3, 1, 1, 1)."""
    return np.array(list(bytes.fromhex(code)), np.float32)[:, None, None, None]


WHITE = colour("ffffff")


def mix(first: Floats, second: Floats, share: Number) -> Floats:
    """Interpolate from `first` (`share` 0) to `second` (`share` 1)."""
    return first + (second - first) * share
