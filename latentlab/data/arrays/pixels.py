"""Conversion of pixel values of other ranges to bytes (0 to 255) or float32 (0 to 1).

Recognised are fractions in [0, 1] or [-1, 1], floats in [0, 255], integers of 10 to 16 bits, and
0 and 1. The range is detected from the minimum and maximum of all values. Other ranges are
refused with a line of Python that converts the file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latentlab.data.arrays.advice import Rewriting
    from latentlab.errors import DataError

SMALL = 1 << 30
"""Maximum size in bytes of arrays that are converted each time they are loaded."""
PIECE = 1 << 24
"""Bytes converted at once."""
SAMPLED = 64
"""Number of images checked for a value above `DARK`, which shows bytes to be in [0, 255]."""
DARK = 32
"""Integers up to this maximum would look black: the maximum is taken as white."""
FAINT = 1 / 64
"""The same limit for fractions."""
BRIGHT = 100
"""Floats with a maximum between this and 255 are taken as in [0, 255]."""
SLACK = 1e-3
"""Tolerance for rounding of fractions outside [0, 1] or [-1, 1]."""
BITS = (10, 12, 14, 16)
BYTE_TOLERANCE, COARSE_TOLERANCE = 0.03, 0.13
"""Tolerance within which a value is that of a byte; the second is for float16."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Range of the values of an array.

    Parameters
    ----------
    low, high : float
        Minimum and maximum of the finite values.
    whole : bool
        Whether all finite values are integers.
    strange : int
        Number of NaN and infinite values.
    """

    low: float
    high: float
    whole: bool
    strange: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of black and white, and a note for the user."""

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
        """Python expression of the same conversion for the array ``v``."""
        shift = f"v - {self.black:.9g}" if self.black else "v * 1.0"
        factor = f"{255 / (self.white - self.black):.9g}"
        return f"(({shift}) * {factor}).round().clip(0, 255).astype('uint8')"


def check_numbers(arrays: Sequence[NDArray], rewriting: Rewriting) -> None:
    """Raise an error if images are not numeric.

    Raises
    ------
    DataError
        Names the dtype.
    """
    for array in arrays:
        if array.dtype.kind not in "biuf":
            raise rewriting.refused(f"holds {array.dtype}, not numbers")


def to_pixels(
    arrays: Sequence[NDArray], rewriting: Rewriting, known: Scale | None = None
) -> tuple[list[NDArray[Any]], str]:
    """Convert images to pixels on one scale, and return a note on the detected range.

    They become bytes if bytes hold all their values, else float32 in [0, 1]. Arrays that already
    are such pixels are returned unchanged and so stay memory-mapped.

    Parameters
    ----------
    arrays : sequence of ndarray
        Images of one or several parts.
    rewriting : Rewriting
        Builder of the errors.
    known : Scale, optional
        Scale that the user gave.

    Raises
    ------
    DataError
        If the range is unknown, or the arrays are too large to convert at each load; the advice
        has a line of Python that saves them as bytes.
    """
    if known is None and all(array.dtype == np.uint8 and _is_bright(array) for array in arrays):
        return list(arrays), ""
    extent = measure(arrays)
    scale = known or usual_scale(extent)
    if extent.strange:
        raise _strange(extent, scale, rewriting)
    if scale is None:
        raise rewriting.mended(
            f"holds values from {extent.low:.6g} to {extent.high:.6g}, which is not a known "
            "range of pixels",
            _stretched(extent).python,
            "Give the values of black and white as data.value_range, such as "
            f"{extent.low:.6g} {extent.high:.6g}. Or this line makes the smallest value black and "
            "the largest white",
        )
    few_levels = extent.whole and abs(scale.white - scale.black) <= 255
    fit_bytes = few_levels or all(_fit_bytes(array, scale) for array in arrays)
    if not fit_bytes and _are_unit_floats(arrays, scale, extent):
        return list(arrays), scale.note
    size = sum(array.nbytes for array in arrays)
    if size > SMALL and not _are_bytes(arrays, scale):
        raise rewriting.mended(
            f"holds {size / 1e9:.1f} GB of {arrays[0].dtype} from {extent.low:.6g} to "
            f"{extent.high:.6g}, too much to convert at each load",
            scale.python,
            "This line saves them as bytes",
        )
    if fit_bytes:
        return convert(arrays, scale), scale.note
    return [_unit_floats(array, scale) for array in arrays], scale.note


def _are_unit_floats(arrays: Sequence[NDArray], scale: Scale, extent: Extent) -> bool:
    """Return whether arrays hold float32 in [0, 1] already."""
    is_unit = (scale.black, scale.white) == (0, 1) and extent.low >= 0 and extent.high <= 1
    return is_unit and all(array.dtype == np.float32 for array in arrays)


def _fit_bytes(images: NDArray, scale: Scale) -> bool:
    """Return whether bytes hold all values, such as fractions of 255."""
    if images.dtype in (np.uint8, bool):
        return True
    factor = np.float32(255 / (scale.white - scale.black))
    tolerance = COARSE_TOLERANCE if images.dtype == np.float16 else BYTE_TOLERANCE
    for piece in _pieces(images):
        values = (piece.astype(np.float32) - np.float32(scale.black)) * factor
        if np.abs(values - np.rint(values)).max(initial=0) > tolerance:
            return False
    return True


def _unit_floats(images: NDArray, scale: Scale) -> NDArray[np.float32]:
    """Return images as float32 from 0 (black) to 1 (white)."""
    found = np.empty(images.shape, np.float32)
    start = 0
    for piece in _pieces(images):
        part = found[start : start + len(piece)]
        np.subtract(piece, scale.black, out=part, dtype=np.float64, casting="unsafe")
        part /= np.float32(scale.white - scale.black)
        np.clip(part, 0, 1, out=part)
        start += len(piece)
    return found


def measure(arrays: Sequence[NDArray]) -> Extent:
    """Return the range of values of arrays; stops at the first bright values of bytes."""
    return _joined([_extent(array) for array in arrays])


def convert(arrays: Sequence[NDArray], scale: Scale) -> list[NDArray[np.uint8]]:
    """Convert arrays to bytes; return arrays that already are on this scale unchanged."""
    if _are_bytes(arrays, scale):
        return list(arrays)
    return [_converted(array, scale) for array in arrays]


def _are_bytes(arrays: Sequence[NDArray], scale: Scale) -> bool:
    return scale.white == 255 and all(array.dtype == np.uint8 for array in arrays)


def usual_scale(extent: Extent) -> Scale | None:
    """Return the scale of a known range of pixel values; None for other ranges."""
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
        return Scale(0, 255, "Values are of 0 to 255.")
    return None


def _scale_of_counts(high: float) -> Scale | None:
    """Return the scale of non-negative integers; None above 16 bits."""
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
    fault = f"has {extent.strange:,} values that are NaN or infinite"
    if not math.isfinite(extent.low):
        return rewriting.refused(f"{fault}, which is all of them")
    expression = (scale or _stretched(extent)).python
    finite = f"np.where(np.isfinite(v), v, {extent.low:.9g})"
    return rewriting.mended(
        fault, expression.replace("v", finite, 1), "This line replaces them by the smallest value"
    )


def _is_bright(images: NDArray[np.uint8]) -> bool:
    """Return whether a sample of images has values above `DARK`."""
    step = max(1, len(images) // SAMPLED)
    return int(images[::step].max()) > DARK


def _extent(images: NDArray) -> Extent:
    if images.dtype == bool:
        # Not as integers: with booleans the note on which value is white is not needed.
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
