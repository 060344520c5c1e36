"""Conversion of images of more than 8 bits to bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reach:
    """Range of values of images of more than 8 bits, and their conversion to bytes.

    Integers are taken to have the number of bits that the maximum needs, since cameras of 10 to 14
    bits write 16-bit files. White of floats is 1 for a maximum up to 1; 255 or 65,535 for one in
    the upper half of that range; else the maximum. With negative values, the minimum is black and
    the maximum white.

    Parameters
    ----------
    low, high : float
        Minimum and maximum.
    whole : bool
        Whether the values are integers.
    """

    low: float
    high: float
    whole: bool

    @classmethod
    def of_all(cls, reaches: Iterable[Reach]) -> Reach | None:
        """Return the common range of several images; None for no images."""
        every = list(reaches)
        if not every:
            return None
        low, high = min(one.low for one in every), max(one.high for one in every)
        return cls(low, high, all(one.whole for one in every))

    @property
    def black(self) -> float:
        """Value that is mapped to 0."""
        return min(0.0, self.low)

    @property
    def white(self) -> float:
        """Value that is mapped to 255."""
        if self.low < 0:
            return max(self.high, self.low + 1e-12)
        if self.whole:
            return float((1 << max(1, int(self.high).bit_length())) - 1)
        usual = (1.0, *(float(top) for top in (255, 65_535) if top / 2 < self.high <= top))
        return next((top for top in usual if self.high <= top), self.high)

    @property
    def note(self) -> str:
        """Note on the detected range; empty for 16 bits and for floats in [0, 1]."""
        if self.low < 0:
            return f"Images of more than 8 bits: {self.low:g} is black, {self.high:g} is white."
        if self.whole:
            bits = int(self.white).bit_length()
            text = f"Images of more than 8 bits have values up to {self.high:,.0f}"
            return "" if bits == 16 else f"{text}: read as {bits} bits, {self.white:,.0f} is white."
        return "" if self.white == 1 else f"Images of fractions: {self.white:g} is white."

    def to_bytes(self, values: NDArray) -> NDArray[np.uint8]:
        """Convert values to bytes."""
        scaled = (values - np.float32(self.black)) * np.float32(255 / (self.white - self.black))
        return scaled.round().clip(0, 255).astype(np.uint8)
