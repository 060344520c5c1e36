"""Pixel values: bytes 0 to 255, or float32 in [0, 1] where bytes would lose precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DISPLAYED_CHANNELS = 3


def as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return pixels as bytes, rounded; bytes unchanged."""
    if images.dtype == np.uint8:
        return images
    return np.asarray(np.rint(np.clip(images, 0, 1) * np.float32(255)), np.uint8)


def as_unit(images: NDArray[Any]) -> NDArray[np.float32]:
    """Return pixels as float32 in [0, 1]; float32 unchanged."""
    if images.dtype != np.uint8:
        return np.asarray(images, np.float32)
    return images.astype(np.float32) / np.float32(255)


def displayed(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return images of shape (..., C, H, W) as bytes with one channel (grey) or three (colour).

    Of two channels, the second is green and blue is black; of more than three, the first three are
    displayed.
    """
    channels = images.shape[-3]
    if channels == 2:
        black = np.zeros_like(images[..., :1, :, :])
        images = np.concatenate([images, black], axis=-3)
    elif channels > DISPLAYED_CHANNELS:
        images = images[..., :DISPLAYED_CHANNELS, :, :]
    return as_bytes(images)
