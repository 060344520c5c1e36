"""Values of pictures of more than 8 bits, and the bytes that they become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reach:
    """The values of pictures of more than 8 bits, and the bytes that they become.

    Whole numbers are taken to have as many bits as the largest needs, since cameras of 10 to 14
    bits write files of 16. Fractions up to 1 are shares of white; up to 255 and 65,535 they are
    taken for 8 and 16 bits, and otherwise the largest is white. Where there are numbers below 0,
    the smallest is black and the largest white.

    Parameters
    ----------
    low, high : float
        The smallest and the largest.
    whole : bool
        Whether they are whole numbers.
    """

    low: float
    high: float
    whole: bool

    @classmethod
    def of_all(cls, reaches: Iterable[Reach]) -> Reach | None:
        """Return what all pictures of a set have between them; None for none."""
        every = list(reaches)
        if not every:
            return None
        low, high = min(one.low for one in every), max(one.high for one in every)
        return cls(low, high, all(one.whole for one in every))

    @property
    def black(self) -> float:
        """The value that becomes 0."""
        return min(0.0, self.low)

    @property
    def white(self) -> float:
        """The value that becomes 255."""
        if self.low < 0:
            return max(self.high, self.low + 1e-12)
        if self.whole:
            return float((1 << max(1, int(self.high).bit_length())) - 1)
        usual = (1.0, *(float(top) for top in (255, 65_535) if top / 2 < self.high <= top))
        return next((top for top in usual if self.high <= top), self.high)

    @property
    def note(self) -> str:
        """Say how the values were understood; empty for 16 bits and for shares of white."""
        if self.low < 0:
            return f"Pictures of more than 8 bits: {self.low:g} is black, {self.high:g} is white."
        if self.whole:
            bits = int(self.white).bit_length()
            told = f"Pictures of more than 8 bits have values up to {self.high:,.0f}"
            return "" if bits == 16 else f"{told}: read as {bits} bits, {self.white:,.0f} is white."
        return "" if self.white == 1 else f"Pictures of fractions: {self.white:g} is white."

    def to_bytes(self, values: NDArray) -> NDArray[np.uint8]:
        """Return values as bytes."""
        scaled = (values - np.float32(self.black)) * np.float32(255 / (self.white - self.black))
        return scaled.round().clip(0, 255).astype(np.uint8)
