"""Masks that hide pixels in training, the same pixels of an image every time."""

import torch
from torch import Tensor

# Constants and shift of the MurmurHash3 finaliser, as signed 64-bit integers.
FIRST, SECOND, SHIFT = -49064778989728563, -4265267296055464877, 33
BITS = 24
HALF = 2**63


def known_pixels(rows: Tensor, height: int, width: int, missing: float, seed: int) -> Tensor:
    """Return the observation mask of some images, True where a pixel is observed.

    Parameters
    ----------
    rows : Tensor of int64, shape (B,)
        Rows of the images in their set.
    height, width : int
        Image size in pixels.
    missing : float
        Share of hidden pixels, from 0 to 1.
    seed : int
        Seed of the mask.

    Returns
    -------
    Tensor of bool, shape (B, 1, H, W)
    """
    # Computed from the row, because a stored mask would be as large as the data.
    pixels = height * width
    numbers = rows[:, None] * pixels + torch.arange(pixels, device=rows.device)
    # Wraps the offset to signed 64 bits, as tensors do and Python integers do not.
    numbers = numbers + (((seed + 1) * SECOND + HALF) % (2 * HALF) - HALF)
    for factor in (FIRST, SECOND):
        numbers = (numbers ^ (numbers >> SHIFT)) * factor
    numbers = (numbers ^ (numbers >> SHIFT)) & ((1 << BITS) - 1)
    return (numbers >= missing * (1 << BITS)).view(-1, 1, height, width)
