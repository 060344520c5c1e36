"""Drawing of faces from factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.drawing.canvas import Canvas
from latentlab.data.drawing.colours import BACKGROUND, WHITE, along, colour, mix
from latentlab.data.drawing.factors import complete
from latentlab.data.drawing.features import (
    paint_brows,
    paint_cheeks,
    paint_eyes,
    paint_glasses,
    paint_mouth,
    paint_nose,
)
from latentlab.data.drawing.hair import Hair
from latentlab.data.drawing.shape import HEIGHT, MIDDLE, Face

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


def draw_faces(factors: Mapping[str, ArrayLike], size: int = 64) -> NDArray[np.uint8]:
    """Draw one face per row of factors.

    Parameters
    ----------
    factors : mapping of str to array_like, each a number or with shape (N,)
        Values by name in `factors.FACTORS`; missing factors are neutral.
    size : int
        Side length in pixels.

    Returns
    -------
    ndarray of uint8, shape (N, 3, size, size)

    Raises
    ------
    ValueError
        For an unknown factor, or if the lengths differ.
    """
    face = Face(complete(factors))
    canvas = Canvas(len(face.x), size)
    hair = Hair(face)
    _paint_background(canvas, face)
    hair.paint_back(canvas)
    _paint_shoulders(canvas, face)
    _paint_head(canvas, face)
    hair.paint_front(canvas)
    paint_cheeks(canvas, face)
    paint_nose(canvas, face)
    paint_mouth(canvas, face)
    paint_eyes(canvas, face)
    paint_brows(canvas, face)
    paint_glasses(canvas, face)
    return canvas.bytes()


def _paint_background(canvas: Canvas, face: Face) -> None:
    """Paint a plain background, a little brighter behind the head."""
    region = canvas.region()
    ground = along(BACKGROUND, face["background"])
    far = np.clip((region.x**2 + region.y**2) * 0.45, 0, 1)
    region.view[:] = mix(mix(ground, WHITE, 0.22), ground * 0.93, far)


def _paint_shoulders(canvas: Canvas, face: Face) -> None:
    """Paint the clothes, and the neck in the shadow of the head."""
    x = face.x * 0.4
    region = canvas.region(-0.85, 0.85, 0.6, 1)
    lit = np.clip(0.55 + 0.6 * face["light"] * region.x - 0.4 * (region.y - 0.8), 0, 1)
    cloth = mix(face.clothes * 0.76, mix(face.clothes, WHITE, 0.12), lit)
    region.paint(region.ellipse(x, 1.14, 0.74, 0.42), cloth)
    region.paint(region.ellipse(x, 0.72, 0.27, 0.17), face.clothes * 0.7)
    region = canvas.region(-0.3, 0.3, 0.4, 1)
    dark = np.clip(1.25 - (region.y - 0.55) * 2.6 - 0.8 * face["light"] * region.x, 0, 1)
    neck = np.abs(region.x - x) - 0.17
    neck = np.maximum(neck, region.y - 0.74)
    cover = np.maximum(region.cover(neck), region.ellipse(x, 0.72, 0.22, 0.13))
    region.paint(cover, mix(face.skin, face.shadow, dark))


def _paint_head(canvas: Canvas, face: Face) -> None:
    """Paint the ears and the head, shaded by the direction of the light."""
    light = face["light"]
    for side in (-1, 1):
        x = face.x + side * (face.width + 0.01) - 0.05 * face["turn"]
        region = canvas.region(x - 0.11, x + 0.11, -0.1, 0.26)
        broad, high, y = 0.085, 0.125, 0.09
        shade = np.clip(0.35 - 0.4 * side * light, 0, 1)
        region.paint(region.ellipse(x, y, broad, high), mix(face.skin, face.shadow, shade))
        region.paint(region.ellipse(x, y, broad * 0.5, high * 0.55) * 0.7, face.shadow)
    wide, tall = face.width, HEIGHT
    region = canvas.region(face.x - wide, face.x + wide, MIDDLE - tall, MIDDLE + tall)
    down = (region.y - MIDDLE) / tall
    jaw = np.maximum(down, 0)
    across = (region.x - face.x) / (wide * (1 - 0.17 * jaw**2))
    near = np.sqrt(across**2 + down**2)
    shade = np.maximum(near - 0.62, 0) * 0.75
    shade += (0.16 + 0.10 * down) - 0.40 * light * (region.x - face.x) / wide
    np.clip(shade, 0, 1, out=shade)
    skin = mix(mix(face.skin, colour("fff6e8"), 0.12), face.shadow, shade)
    region.paint(region.cover((near - 1) * ((wide + tall) / 2)), skin)
