"""Where everything is on a drawn face."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.drawing.colours import CLOTHES, HAIR, SKIN, along, colour, mix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.data.drawing.canvas import Floats

YAW = 0.36  # radians at a full turn
HEIGHT = 0.56  # half the head's
MIDDLE = 0.04  # y of its middle


@dataclass(frozen=True)
class Face:
    """Faces as measures and colours; lengths are in half pictures, y points down.

    Parameters
    ----------
    factors : mapping of str to ndarray of float32, shape (N,)
        Every factor of `face_factors.FACTORS`.
    """

    factors: Mapping[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.factors[name]

    @cached_property
    def yaw(self) -> Floats:
        """How far the head is turned to the right of the picture, in radians."""
        return self["turn"] * YAW

    @cached_property
    def x(self) -> Floats:
        """Middle of the head."""
        return self["turn"] * 0.03

    @cached_property
    def width(self) -> Floats:
        """Half the width of the head."""
        return 0.43 + 0.11 * self["face_width"]

    def place(self, side: float, depth: float = 1.0) -> tuple[Floats, Floats]:
        """Return where something on the round front of the head is, and how narrow it looks.

        Parameters
        ----------
        side : float
            -1 at the left edge of the head, 1 at the right one.
        depth : float
            Distance from the axis of the head, 1 on its surface.

        Returns
        -------
        ndarray, ndarray
            Position, and width as a share of the width seen from straight ahead.
        """
        at = math.asin(side)
        turned = at + self.yaw
        return self.x + self.width * depth * np.sin(turned), np.cos(turned) / math.cos(at)

    @cached_property
    def skin(self) -> Floats:
        """Colour of lit skin."""
        return along(SKIN, self["skin"])

    @cached_property
    def shadow(self) -> Floats:
        """Colour of skin in the shade: darker and warmer."""
        return self.skin * colour("c8a09a") / 255

    @cached_property
    def lips(self) -> Floats:
        """Colour of lips, which follows the skin."""
        return mix(self.skin * colour("d89090") / 255, colour("b8434f"), 0.45)

    @cached_property
    def blush(self) -> Floats:
        """Colour of red cheeks."""
        return mix(self.skin * colour("ff9c94") / 255, colour("e8604f"), 0.12)

    @cached_property
    def hair(self) -> Floats:
        """Colour of lit hair."""
        return along(HAIR, self["hair_light"])

    @cached_property
    def brows(self) -> Floats:
        """Colour of the brows: that of the hair, dark enough to be seen."""
        return mix(self.hair * 0.72, colour("3a241c"), 0.4)

    @cached_property
    def clothes(self) -> Floats:
        """Colour of the clothes."""
        return along(CLOTHES, self["clothes"])
