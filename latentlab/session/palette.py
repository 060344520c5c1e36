"""Class colours for the window and for figures."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#f0379f",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#5a5aff",
    "#92dadd",
)
"""Ten colours that remain distinct with red-green colour blindness.

Accessible Color Sequences for Data Visualization, Petroff, 2021, except the fourth and the ninth:
its two greys are hard to tell from one another and from the curves, which are grey.
"""
MAX_CLASS_COLOURS = 255
"""Classes beyond it repeat the colours."""
TRAIN_COLOUR, VALIDATION_COLOUR = "#8b95a7", "#1c2230"
"""Colours of the curves on paper: neutral, so that no class has them."""

LEVELS = np.arange(0, 256, 25)
"""Values of each channel of the candidates for further colours."""
LIGHTNESS = (0.5, 0.85)
"""OKLab lightness that is visible on a light and on a dark background."""
MIN_CHROMA = 0.06
"""OKLab chroma below which a colour looks grey."""
# A perceptual color space for image processing, Ottosson, 2020 (OKLab).
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# A Physiologically-based Model for Simulation of Color Vision Deficiency, Machado et al., 2009:
# both kinds of red-green colour blindness, severity 1, after normal vision.
VISIONS = np.array(
    [
        np.eye(3),
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ]
)


def class_colour(label: int) -> str:
    """Return the colour of a class as a hex code, the same wherever the class is drawn."""
    return class_colours(label % MAX_CLASS_COLOURS + 1)[-1]


def class_colours(count: int) -> tuple[str, ...]:
    """Return the colours of `count` classes, at most `MAX_CLASS_COLOURS`."""
    missing = min(count, MAX_CLASS_COLOURS) - len(_colours)
    _colours.extend(islice(_further_colours, max(0, missing)))
    return tuple(_colours[:count])


def perceived(names: Sequence[str]) -> NDArray[np.float64]:
    """Return colours as seen with normal vision, deuteranopia and protanopia.

    Parameters
    ----------
    names : sequence of str, length N
        Hex codes.

    Returns
    -------
    ndarray of float64, shape (3, N, 3)
        OKLab coordinates.
    """
    x = np.array([tuple(bytes.fromhex(name[1:])) for name in names]) / 255
    linear = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ VISIONS.swapaxes(1, 2), 0, None)
    lab: NDArray[np.float64] = np.cbrt(seen @ TO_CONES.T) @ TO_LAB.T
    return lab


def _generate() -> Iterator[str]:
    """Yield colours, each as far as possible from the ten and from those before it.

    Colour displays for categorical images, Glasbey et al., 2007, with the smallest of the
    distances by the three kinds of vision.
    """
    grid = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS), -1).reshape(-1, 3)
    names = [f"#{bytes(rgb.tolist()).hex()}" for rgb in grid]
    lightness, a, b = perceived(names)[0].T
    suits = (lightness > LIGHTNESS[0]) & (lightness < LIGHTNESS[1]) & (np.hypot(a, b) > MIN_CHROMA)
    names = [names[i] for i in np.flatnonzero(suits)]
    seen = perceived(names)
    distance = np.full(len(names), np.inf)
    for chosen in perceived(CLASS_COLOURS).swapaxes(0, 1):
        distance = np.minimum(distance, _distances(seen, chosen))
    while True:
        best = int(distance.argmax())
        yield names[best]
        distance = np.minimum(distance, _distances(seen, seen[:, best]))


def _distances(seen: NDArray[np.float64], one: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances, shape (N,), of colours, shape (3, N, 3), from one, shape (3, 3)."""
    return np.asarray(np.sqrt(np.square(seen - one[:, None]).sum(-1).min(0)))


_colours, _further_colours = list(CLASS_COLOURS), _generate()
