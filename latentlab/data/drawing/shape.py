"""Geometry and colours of drawn faces."""

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

YAW = 0.36  # radians, where the factor `turn` is 1
HEIGHT = 0.56  # half height of the head
MIDDLE = 0.04  # y of the head's centre


@dataclass(frozen=True)
class Face:
    """Measures and colours of a batch of faces; lengths are in half image widths, y points down.

    Parameters
    ----------
    factors : mapping of str to ndarray of float32, shape (N,)
        All factors of `factors.FACTORS`.
    """

    factors: Mapping[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.factors[name]

    @cached_property
    def yaw(self) -> Floats:
        """Rotation of the head to the right of the image, in radians."""
        return self["turn"] * YAW

    @cached_property
    def x(self) -> Floats:
        """Horizontal centre of the head."""
        return self["turn"] * 0.03

    @cached_property
    def width(self) -> Floats:
        """Half width of the head."""
        return 0.43 + 0.11 * self["face_width"]

    def place(self, side: float, depth: float = 1.0) -> tuple[Floats, Floats]:
        """Project a point on the front of the head, a cylinder, for the current yaw.

        Parameters
        ----------
        side : float
            Position seen from the front: -1 at the left edge of the head, 1 at the right.
        depth : float
            Distance from the axis of the head, 1 on its surface.

        Returns
        -------
        ndarray, ndarray
            Horizontal position, and width as a fraction of the width seen from the front.
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
        """Colour of shaded skin: darker and warmer."""
        return self.skin * colour("c8a09a") / 255

    @cached_property
    def lips(self) -> Floats:
        """Colour of the lips, derived from the skin."""
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
        """Colour of the brows: that of the hair, darkened to remain visible."""
        return mix(self.hair * 0.72, colour("3a241c"), 0.4)

    @cached_property
    def clothes(self) -> Floats:
        """Colour of the clothes."""
        return along(CLOTHES, self["clothes"])
