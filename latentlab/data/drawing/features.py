"""Eyes, brows, nose, mouth and glasses of drawn faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.drawing.colours import WHITE, colour, mix

if TYPE_CHECKING:
    from latentlab.data.drawing.canvas import Canvas, Floats
    from latentlab.data.drawing.shape import Face

SIDES = (-1, 1)
EYE_AT, EYE_Y = 0.42, 0.03  # fraction of the head's half width; half image heights
EYE, IRIS, PUPIL = colour("fffdf8"), colour("54372a"), colour("1b1413")
LASH = colour("2b1a18")
MOUTH_Y, INNER, TONGUE = 0.335, colour("6b1a26"), colour("d9636c")
FRAME = colour("20242f")


def paint_cheeks(canvas: Canvas, face: Face) -> None:
    """Paint a faint red on both cheeks."""
    for side in SIDES:
        x, narrow = face.place(0.60 * side)
        wide = 0.17 * narrow
        region = canvas.region(x - wide, x + wide, 0.08, 0.36)
        glow = region.glow(x, 0.22, wide, 0.13)
        region.paint(glow * 0.55, face.blush)


def paint_nose(canvas: Canvas, face: Face) -> None:
    """Paint the nose: a shadow below it and away from the light, and a highlight on its tip."""
    x, _ = face.place(0.0, 1.12)
    light = face["light"]
    region = canvas.region(x - 0.14, x + 0.14, -0.02, 0.26)
    wide = 0.075
    region.paint(region.ellipse(x, 0.185, wide, 0.042) * 0.75, face.shadow)
    tip = mix(face.skin, face.shadow, 0.12)
    region.paint(region.ellipse(x + 0.018 * light, 0.150, wide, 0.058), tip)
    shine = region.glow(x + 0.03 * light, 0.135, 0.05, 0.045)
    region.paint(shine * 0.5, WHITE)


def paint_eyes(canvas: Canvas, face: Face) -> None:
    """Paint both eyes: lashes, white, iris, pupil and a highlight, clipped by the lids."""
    size = 0.85 + 0.35 * face["eye_size"]
    tall = 0.125 * size * (0.28 + 0.72 * face["eye_open"])
    lift = (0.125 * size - tall) * 0.45
    for side in SIDES:
        x, narrow = face.place(EYE_AT * side)
        wide, y = 0.118 * size * narrow, EYE_Y + lift
        region = canvas.region(x - wide - 0.04, x + wide + 0.04, y - tall - 0.06, y + tall + 0.04)
        region.paint(region.ellipse(x, y - 0.022, wide + 0.016, tall + 0.016), LASH)
        white = region.ellipse(x, y + 0.008, wide, tall)
        region.paint(white, EYE)
        at, low = x + 0.02 * face["turn"], EYE_Y + 0.012
        iris = 0.078 * size
        region.paint(white * region.ellipse(at, low, iris * narrow, iris * 1.08), IRIS)
        region.paint(white * region.ellipse(at, low, iris * narrow * 0.6, iris * 0.66), PUPIL)
        spark = 0.3 * iris + 0.008
        glint = region.ellipse(at + 0.026 * face["light"], low - 0.032, spark, spark)
        region.paint(white * glint, EYE)


def paint_brows(canvas: Canvas, face: Face) -> None:
    """Paint both brows as tapering arcs."""
    height = -0.195 - 0.055 * face["brow_raise"]
    for side in SIDES:
        x, narrow = face.place(EYE_AT * side)
        wide = 0.145 * narrow
        region = canvas.region(x - wide, x + wide, height - 0.13, height + 0.13)
        along = (region.x - x) / wide * side  # -1 at the nose, 1 at the temple
        inner = np.clip(1 - along**2, 0, 1)
        arc = height + 0.045 - 0.05 * inner - 0.056 * face["brow_tilt"] * along
        thick = 0.030 * np.sqrt(inner) * (1.1 - 0.25 * along)
        cover = region.cover(np.abs(region.y - arc) - thick)
        cover *= np.abs(along) < 1
        region.paint(cover, face.brows)


def paint_mouth(canvas: Canvas, face: Face) -> None:
    """Paint the mouth: lips along a curve, and the tongue and teeth between them."""
    x, narrow = face.place(0.0, 0.96)
    smile, wide_open = face["smile"], face["mouth_open"]
    wide = (0.168 + 0.03 * smile - 0.02 * wide_open) * narrow
    region = canvas.region(x - wide - 0.05, x + wide + 0.05, 0.2, 0.6)
    along = (region.x - x) / wide
    inner = np.clip(1 - along**2, 0, 1)
    round_ = np.sqrt(inner)
    bend = 0.025 + 0.08 * smile
    line = MOUTH_Y + bend * (inner - 0.55)
    grad = np.sqrt(1 + (2 * bend * along / wide) ** 2)
    top, bottom = line - 0.03 * wide_open * round_, line + 0.115 * wide_open * round_
    lips = _between(region.y, top - 0.026 * round_ - 0.004, bottom + 0.034 * round_ + 0.004)
    region.paint(region.cover(np.maximum(lips / grad, np.abs(along) * wide - wide)), face.lips)
    gap = _between(region.y, top - 0.009, bottom + 0.009)
    gap = region.cover(np.maximum(gap / grad, (np.abs(along) - 0.97) * wide))
    region.paint(gap, INNER)
    fill = gap * region.cover(_between(region.y, top, bottom))
    tongue = region.ellipse(x, bottom.max(0) + 0.02, wide * 0.62, 0.07)
    region.paint(fill * tongue, TONGUE)
    teeth = region.cover(region.y - (top + 0.012 + 0.045 * wide_open))
    teeth *= np.clip((0.92 - np.abs(along)) * 4, 0, 1) * np.clip(4 * wide_open - 0.3, 0, 1)
    region.paint(fill * teeth, EYE)


def _between(y: Floats, low: Floats, high: Floats) -> Floats:
    return np.maximum(low - y, y - high)


def paint_glasses(canvas: Canvas, face: Face) -> None:
    """Paint round glasses on the faces whose factor `glasses` is 1."""
    present = face["glasses"]
    if not present.any():
        return
    thick, y, tall = 0.017, EYE_Y + 0.01, 0.185
    edges = []
    for side in SIDES:
        x, narrow = face.place(EYE_AT * side, 1.03)
        wide = 0.195 * narrow
        region = canvas.region(x - wide - 0.03, x + wide + 0.03, y - 0.22, y + 0.22)
        outer = region.ellipse(x, y, wide + thick, tall + thick)
        lens = region.ellipse(x, y, wide - thick, tall - thick)
        region.paint(lens * present * 0.09, WHITE)
        region.paint((outer - lens) * present, FRAME)
        edges.append((x - wide, x + wide))
    (left, inner_left), (inner_right, right) = edges
    region = canvas.region(-0.75, 0.75, y - 0.1, y + 0.1)
    ends = (face.place(-0.86)[0], left), (inner_left, inner_right), (right, face.place(0.86)[0])
    for start, end in ends:
        bar = np.maximum(
            np.maximum(start - region.x, region.x - end), np.abs(region.y - y + 0.03) - thick
        )
        region.paint(region.cover(bar) * present, FRAME)
