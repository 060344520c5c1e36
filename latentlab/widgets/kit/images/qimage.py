"""Conversion of pixels to images of Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """Convert grey (H, W) or RGB (H, W, 3) pixels to a QImage, which owns a copy."""
    height, width = pixels.shape[:2]
    grey = pixels.ndim == 2
    layout = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    stride = width if grey else 3 * width
    return QImage(pixels.tobytes(), width, height, stride, layout).copy()
