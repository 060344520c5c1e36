"""Hair of drawn faces, behind and in front of the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from latentlab.data.drawing.colours import colour, mix
from latentlab.data.drawing.factors import HAIR
from latentlab.data.drawing.shape import HEIGHT, MIDDLE

if TYPE_CHECKING:
    from latentlab.data.drawing.canvas import Canvas, Floats, Region
    from latentlab.data.drawing.shape import Face


class Style(NamedTuple):
    """Measures of a hair style; lengths are in half image widths.

    Parameters
    ----------
    top, side : float
        Thickness above the head and at its sides.
    front : float
        Lower end beside the face (y).
    back, back_side : float
        Lower end behind the head (y), and thickness at its sides there.
    part, line, fringe : float
        Highest point of the hairline, its y, and its exponent: 2 is round, more is flatter.
    open : float
        Half width of the uncovered face, as a fraction of the head's.
    curl : float
        Depth of the curls at the edge.
    bun : float
        Radius of the bun on top.
    """

    top: float
    side: float
    front: float
    back: float
    back_side: float
    part: float
    line: float
    fringe: float
    open: float
    curl: float = 0.0
    bun: float = 0.0


STYLES = {
    "cropped": Style(0.05, 0.01, 0.1, -0.3, -0.3, 0.0, -0.31, 2.6, 1.0),
    "short": Style(0.15, 0.05, 0.08, -0.1, -0.3, 0.2, -0.30, 2.0, 1.0, 0.012),
    "curly": Style(0.22, 0.15, 0.14, 0.34, 0.17, 0.0, -0.27, 2.4, 0.88, 0.035),
    "bob": Style(0.12, 0.09, 0.40, 0.46, 0.11, 0.0, -0.20, 5.0, 0.84),
    "long": Style(0.11, 0.08, 1.3, 1.2, 0.13, -0.06, -0.36, 1.5, 0.86),
    "bun": Style(0.06, 0.012, 0.1, -0.2, -0.3, 0.05, -0.30, 1.8, 1.0, 0.0, 0.2),
}


@dataclass(frozen=True)
class Hair:
    """Hair of a batch of faces."""

    face: Face

    def _of(self, name: str) -> Floats:
        table = np.array([getattr(STYLES[style], name) for style in HAIR], np.float32)
        return table[self.face["hair"].astype(np.intp)]

    def paint_back(self, canvas: Canvas) -> None:
        """Paint the hair behind the head and shoulders, and the bun."""
        face, half = self.face, self.face.width + self._of("back_side")
        x, top, bottom = face.x - 0.03 * face["turn"], MIDDLE - HEIGHT, self._of("back")
        region = canvas.region(x - half - 0.05, x + half + 0.05, -0.8, bottom)
        radius = half * 0.75
        middle, tall = (top + bottom) / 2, (bottom - top) / 2
        across = np.maximum(np.abs(region.x - x) - half + radius, 0)
        down = np.maximum(np.abs(region.y - middle) - tall + radius, 0)
        away = np.sqrt(across**2 + down**2)
        away -= radius
        self._curl(away, region)
        region.paint(region.cover(away), face.hair * 0.71)
        self._paint_bun(canvas)

    def _paint_bun(self, canvas: Canvas) -> None:
        face, radius = self.face, self._of("bun")
        if not radius.any():
            return
        x, y = face.x - 0.05 * face["turn"], MIDDLE - HEIGHT - 0.13
        region = canvas.region(x - radius, x + radius, y - radius, y + radius)
        cover = region.ellipse(x, y, np.maximum(radius, 1e-3), np.maximum(radius, 1e-3) * 0.85)
        cover *= radius > 0
        region.paint(cover, face.hair * 0.85)
        shine = region.glow(x + 0.06 * face["light"], y - 0.05, radius * 0.6 + 1e-3, 0.09)
        region.paint(shine * cover * 0.3, self._bright)

    def paint_front(self, canvas: Canvas) -> None:
        """Paint the hair around the face, and its shadow on the forehead."""
        face = self.face
        half, top = face.width + self._of("side"), HEIGHT + self._of("top")
        x, y = face.x - 0.02 * face["turn"], MIDDLE
        front = self._of("front")
        region = canvas.region(x - half - 0.05, x + half + 0.05, y - top - 0.05, front + 0.1)
        across, down = (region.x - x) / half, np.minimum(region.y - y, 0) / top
        near = np.sqrt(across**2 + down**2)
        away = (near - 1) * ((half + top) / 2)
        self._curl(away, region)
        hole = self._hole(region)
        np.maximum(away, hole, out=away)
        end = region.y - (front + 0.05 - 0.13 * across**4)
        np.maximum(away, end, out=away)
        under = np.clip(0.4 - hole * 3, 0, 0.4)
        under *= near < 0.99
        under *= np.clip((np.minimum(front, 0.4) - region.y) * 5, 0, 1)
        region.paint(under, face.shadow)
        region.paint(region.cover(away), self._shade(region, across, near))

    def _hole(self, region: Region) -> Floats:
        """Return the signed distance from the edge of the uncovered face, positive inside."""
        face, line, fringe = self.face, self._of("line"), self._of("fringe")
        low, wide = 0.06, self._of("open") * face.width
        centre = face.x + 0.11 * face["turn"]
        # The hairline descends from the parting to both sides of the head.
        lean = (self._of("part") + 0.04 * face["turn"]) / wide
        across = np.abs((region.x - centre) / wide)
        skew = np.sign(region.x - centre) * lean
        across = np.maximum(across * (1 - skew * (1 - np.minimum(across, 1))), 0)
        down = np.minimum(region.y - low, 0) / (low - line)
        q = across**fringe + down**2
        return (1 - np.sqrt(q)) * ((wide + low - line) / 2)

    def _curl(self, away: Floats, region: Region) -> None:
        curl = self._of("curl")
        if curl.any():
            away += curl * np.sin(region.x * 19) * np.sin(region.y * 19 + 1)

    @property
    def _bright(self) -> Floats:
        return mix(self.face.hair, colour("ffe9d0"), 0.35)

    def _shade(self, region: Region, across: Floats, near: Floats) -> Floats:
        """Return the colour of the hair: lit from one side, with a bright band around the top."""
        face = self.face
        side = across * face["light"]
        dark, lit = face.hair * 0.74, self._bright
        band = np.maximum(1 - np.abs(near - 0.80) / 0.13, 0)
        band *= np.clip(0.35 - 1.1 * region.y, 0, 1) * np.clip(0.45 + side, 0, 1)
        band += np.clip(0.42 + 0.3 * side, 0, 1)
        return mix(dark, lit, np.minimum(band, 1, out=band))
