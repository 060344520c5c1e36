"""Masks that hide pixels in training, the same pixels of an image every time."""

import torch
from torch import Tensor

# Constants and shift of the MurmurHash3 finaliser, as signed 64-bit integers.
HASH_FACTOR_1, HASH_FACTOR_2, HASH_SHIFT = -49064778989728563, -4265267296055464877, 33
HASH_BITS = 24
INT64_OFFSET = 2**63


def observation_mask(rows: Tensor, height: int, width: int, missing: float, seed: int) -> Tensor:
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
    numbers = numbers + (
        ((seed + 1) * HASH_FACTOR_2 + INT64_OFFSET) % (2 * INT64_OFFSET) - INT64_OFFSET
    )
    for factor in (HASH_FACTOR_1, HASH_FACTOR_2):
        numbers = (numbers ^ (numbers >> HASH_SHIFT)) * factor
    numbers = (numbers ^ (numbers >> HASH_SHIFT)) & ((1 << HASH_BITS) - 1)
    return (numbers >= missing * (1 << HASH_BITS)).view(-1, 1, height, width)
