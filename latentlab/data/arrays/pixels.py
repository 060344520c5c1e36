"""Bytes from 0 to 255 of numbers of other ranges, and a line of Python where that is refused.

People keep images as fractions of 0 to 1 or -1 to 1, as floats of 0 to 255, as 10 to 16 bits, or
as 0 and 1. The range is told by the smallest and the largest of all values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latentlab.data.arrays.advice import Rewriting
    from latentlab.errors import DataError

SMALL = 1 << 30
"""Bytes of numbers up to which converting them at each start is worth the time and memory."""
PIECE = 1 << 24
"""Bytes of numbers that are converted at once."""
SAMPLED = 64
"""Images in which a value is looked for that shows bytes to be of 0 to 255."""
DARK = 32
"""Whole numbers up to here would be next to black: the largest is taken as white."""
FAINT = 1 / 64
"""The same for fractions."""
BRIGHT = 100
"""Fractions that reach beyond here, up to 255, are of 0 to 255."""
SLACK = 1e-3
"""What fractions may lie outside of 0 to 1 or -1 to 1 by rounding."""
BITS = (10, 12, 14, 16)


@dataclass(frozen=True, slots=True)
class Extent:
    """What values an array has.

    Parameters
    ----------
    low, high : float
        The smallest and the largest of the finite ones.
    whole : bool
        Whether all are whole numbers.
    strange : int
        How many are NaN or infinite.
    """

    low: float
    high: float
    whole: bool
    strange: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """Which values are black and white, and what a person is told of it."""

    black: float
    white: float
    note: str = ""

    def apply(self, values: NDArray) -> NDArray[np.uint8]:
        """Return bytes from 0 (black) to 255 (white)."""
        factor = np.float32(255 / (self.white - self.black))
        scaled = (values.astype(np.float32) - np.float32(self.black)) * factor
        return scaled.round().clip(0, 255).astype(np.uint8)

    @property
    def python(self) -> str:
        """The same as an expression of the array ``v``."""
        shift = f"v - {self.black:.9g}" if self.black else "v * 1.0"
        factor = f"{255 / (self.white - self.black):.9g}"
        return f"(({shift}) * {factor}).round().clip(0, 255).astype('uint8')"


def check_numbers(arrays: Sequence[NDArray], rewriting: Rewriting) -> None:
    """Refuse images that are words.

    Raises
    ------
    DataError
        With the type that they have.
    """
    for array in arrays:
        if array.dtype.kind not in "biuf":
            raise rewriting.refused(f"holds {array.dtype}, not numbers")


def to_bytes(
    arrays: Sequence[NDArray], rewriting: Rewriting
) -> tuple[list[NDArray[np.uint8]], str]:
    """Return images as bytes, all by the same scale, and a note of how they were understood.

    Bytes of 0 to 255 are returned as they are, and so stay on disk.

    Parameters
    ----------
    arrays : sequence of ndarray
        Images of one or several parts.
    rewriting : Rewriting
        Tells how to save them otherwise.

    Raises
    ------
    DataError
        Where they are of no range that images usually have; the advice has a line
        of Python that saves them as bytes.
    """
    if all(array.dtype == np.uint8 and _is_bright(array) for array in arrays):
        return list(arrays), ""
    extent = measure(arrays)
    scale = usual_scale(extent)
    if extent.strange:
        raise _strange(extent, scale, rewriting)
    if scale is None:
        raise rewriting.mended(
            f"holds values from {extent.low:.6g} to {extent.high:.6g}, which is no usual range of "
            "pixels",
            _stretched(extent).python,
            "This line makes the smallest value black and the largest white",
        )
    size = sum(array.nbytes for array in arrays)
    if size > SMALL and not _are_bytes(arrays, scale):
        raise rewriting.mended(
            f"holds {size / 1e9:.1f} GB of {arrays[0].dtype} from {extent.low:.6g} to "
            f"{extent.high:.6g}, too much to convert at each start",
            scale.python,
            "This line saves them as bytes",
        )
    return convert(arrays, scale), scale.note


def measure(arrays: Sequence[NDArray]) -> Extent:
    """Return what values some arrays have; of bytes only until it is seen that they are bright."""
    return _joined([_extent(array) for array in arrays])


def convert(arrays: Sequence[NDArray], scale: Scale) -> list[NDArray[np.uint8]]:
    """Return arrays as bytes from black to white; those that are such already, as they are."""
    if _are_bytes(arrays, scale):
        return list(arrays)
    return [_converted(array, scale) for array in arrays]


def _are_bytes(arrays: Sequence[NDArray], scale: Scale) -> bool:
    return scale.white == 255 and all(array.dtype == np.uint8 for array in arrays)


def usual_scale(extent: Extent) -> Scale | None:
    """Return which values are black and white; None where the range is no usual one."""
    low, high = extent.low, extent.high
    if extent.whole and low >= 0:
        return _scale_of_counts(high)
    if -1 - SLACK <= low < 0 and high <= 1 + SLACK and max(-low, high) > 0.5:
        if low < -SLACK:
            return Scale(-1, 1, "Values are of -1 (black) to 1 (white).")
        return Scale(0, 1)
    if extent.whole and -128 <= low < -DARK and DARK < high <= 127:
        return Scale(-128, 127, "Values are of -128 (black) to 127 (white).")
    if low >= -SLACK and high <= 1 + SLACK:
        faint = f"No value is above {high:.3g}, which is taken as white."
        return Scale(0, high, faint) if 0 < high <= FAINT else Scale(0, 1)
    if low >= 0 and BRIGHT < high <= 255:
        return Scale(0, 255, "Fractions of 0 to 255 were rounded.")
    return None


def _scale_of_counts(high: float) -> Scale | None:
    """Return the scale of whole numbers from 0."""
    if high == 0:
        return Scale(0, 255, "All values are 0: every image is black.")
    if DARK < high <= 255:
        return Scale(0, 255)
    if high <= DARK:
        only = "Values are only 0 (black) and 1 (white)."
        return Scale(0, high, only if high == 1 else f"The largest value, {high:g}, is white.")
    for bits in BITS:
        if high < 2**bits:
            return Scale(0, 2**bits - 1, f"Values are of {bits} bits: {2**bits - 1:,} is white.")
    return None


def _stretched(extent: Extent) -> Scale:
    white = extent.high if extent.high > extent.low else extent.low + 1
    return Scale(extent.low, white)


def _strange(extent: Extent, scale: Scale | None, rewriting: Rewriting) -> DataError:
    told = f"holds NaN or infinity in place of {extent.strange:,} values"
    if not math.isfinite(extent.low):
        return rewriting.refused(f"{told}, which are all there are")
    expression = (scale or _stretched(extent)).python
    finite = f"np.where(np.isfinite(v), v, {extent.low:.9g})"
    return rewriting.mended(
        told, expression.replace("v", finite, 1), "This line puts the smallest value in their place"
    )


def _is_bright(images: NDArray[np.uint8]) -> bool:
    """Say whether some image shows that bytes are of 0 to 255; looks at a few of them."""
    step = max(1, len(images) // SAMPLED)
    return int(images[::step].max()) > DARK


def _extent(images: NDArray) -> Extent:
    if images.dtype == bool:
        # As fractions: of truth values it need not be told which is white.
        return Extent(0, 1, whole=False)
    extents = []
    for piece in _pieces(images):
        extents.append(_extent_of(piece))
        if images.dtype == np.uint8 and extents[-1].high > DARK:
            break
    return _joined(extents)


def _extent_of(piece: NDArray) -> Extent:
    if piece.dtype.kind != "f":
        return Extent(int(piece.min()), int(piece.max()), whole=True)
    finite = np.isfinite(piece)
    values = piece if finite.all() else piece[finite]
    if not values.size:
        return Extent(math.inf, -math.inf, whole=True, strange=piece.size)
    whole = bool((values == np.round(values)).all())
    return Extent(
        float(values.min()), float(values.max()), whole, strange=int(piece.size - values.size)
    )


def _joined(extents: Sequence[Extent]) -> Extent:
    return Extent(
        min(each.low for each in extents),
        max(each.high for each in extents),
        all(each.whole for each in extents),
        sum(each.strange for each in extents),
    )


def _pieces(images: NDArray) -> Iterator[NDArray]:
    each = max(1, images[:1].nbytes)
    step = max(1, PIECE // each)
    for start in range(0, len(images), step):
        yield images[start : start + step]


def _converted(images: NDArray, scale: Scale) -> NDArray[np.uint8]:
    found = np.empty(images.shape, np.uint8)
    start = 0
    for piece in _pieces(images):
        found[start : start + len(piece)] = scale.apply(piece)
        start += len(piece)
    return found
