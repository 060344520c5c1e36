"""Pixels that are hidden from the model while it trains, the same ones of an image every time."""

import torch
from torch import Tensor

# The constants and shifts of the finaliser of MurmurHash3, as signed 64-bit numbers.
FIRST, SECOND, SHIFT = -49064778989728563, -4265267296055464877, 33
BITS = 24
HALF = 2**63


def known_pixels(rows: Tensor, height: int, width: int, missing: float, seed: int) -> Tensor:
    """Return which pixels of some images are known.

    Parameters
    ----------
    rows : Tensor of int64, shape (B,)
        Which images of their set.
    height, width : int
        Size of an image in pixels.
    missing : float
        Share that is hidden, from 0 to 1.
    seed : int
        Another seed hides other pixels.

    Returns
    -------
    Tensor of bool, shape (B, 1, H, W)
    """
    # Computed from the row's number, not stored: as large as the data otherwise.
    pixels = height * width
    numbers = rows[:, None] * pixels + torch.arange(pixels, device=rows.device)
    # Python's numbers know no end, those of a tensor begin anew at theirs.
    numbers = numbers + (((seed + 1) * SECOND + HALF) % (2 * HALF) - HALF)
    for factor in (FIRST, SECOND):
        numbers = (numbers ^ (numbers >> SHIFT)) * factor
    numbers = (numbers ^ (numbers >> SHIFT)) & ((1 << BITS) - 1)
    return (numbers >= missing * (1 << BITS)).view(-1, 1, height, width)
