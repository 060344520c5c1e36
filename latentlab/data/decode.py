"""A picture of any size and mode, brought to what a model shall see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from latentlab.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from numpy.typing import NDArray

Crop = Literal["centre", "face", "none"]
Box = tuple[float, float, float, float]

ALIGNED = (178, 218)
"""Width and height of CelebA's aligned portraits."""
FACE_WIDTH = 148 / ALIGNED[0]
"""Share of a portrait's width that the face-style crop keeps."""
FACE_MIDDLE = 114 / ALIGNED[1]
"""Where it is centred, as a share of the portrait's height: a bit below the middle."""
SPARE = 1.5
"""A JPEG is decoded at a fraction of its size, but never below so many times the wanted one."""
NO_PICTURES = {".eps", ".ps", ".pdf", ".mpg", ".mpeg", ".h5", ".hdf", ".grib", ".bufr"}
"""What Pillow lists but cannot draw by itself."""
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What puts a picture upright, by its EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every picture of a set is brought to.

    Parameters
    ----------
    width, height : int
        In pixels.
    crop : str
        ``centre`` cuts the largest piece of these proportions out of the middle, ``face`` the
        face of a portrait aligned as CelebA's are; ``none`` squeezes the whole picture.
    colour : bool
        Three channels, else one.
    """

    width: int
    height: int
    crop: Crop = "centre"
    colour: bool = True

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return 3 if self.colour else 1, self.height, self.width

    def box(self, width: int, height: int) -> Box:
        """Return the piece of a picture that is kept: left, top, right, bottom in its pixels."""
        if self.crop == "none":
            return 0, 0, width, height
        widest, middle = float(width), height / 2
        if self.crop == "face":
            widest = FACE_WIDTH * min(width, height * ALIGNED[0] / ALIGNED[1])
            middle = FACE_MIDDLE * height
        across = min(widest, height * self.width / self.height)
        down = across * self.height / self.width
        top = min(max(0.0, middle - down / 2), height - down)
        left = (width - across) / 2
        return left, top, left + across, top + down


def picture_suffixes() -> frozenset[str]:
    """Return the endings of the files that Pillow can read, in lower case with their dots."""
    known = Image.registered_extensions()
    return frozenset(known) - NO_PICTURES


def read_frame(file: Path | IO[bytes], frame: Frame) -> NDArray[np.uint8]:
    """Read a picture as `frame` wants it: upright, its first frame, on white where it is clear.

    Returns
    -------
    ndarray of uint8, shape (C, H, W)

    Raises
    ------
    DataError
        Where it cannot be read; says why.
    """
    mode = "RGB" if frame.colour else "L"
    try:
        with Image.open(file) as picture:
            turn = TURNS.get(_orientation(picture))
            picture.draft(mode, _draft_size(picture.size, frame))
            plain = in_mode(picture, mode)
        plain = plain if turn is None else plain.transpose(turn)
        size, box = (frame.width, frame.height), frame.box(*plain.size)
        fitted = plain.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=2.0)
        pixels = np.asarray(fitted)
    except UnidentifiedImageError:
        raise DataError("is no picture that can be read") from None
    except Exception as error:  # Pillow's readers raise whatever a broken file leads them to
        raise DataError(_reason(error)) from error
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if frame.colour else pixels[None])


def check_head(file: Path | IO[bytes]) -> None:
    """Look at the head of a picture, which is quick but does not prove the rest whole.

    Raises
    ------
    DataError
        Where it is no picture.
    """
    try:
        with Image.open(file):
            pass
    except UnidentifiedImageError:
        raise DataError("is no picture that can be read") from None
    except Exception as error:
        raise DataError(_reason(error)) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # a picture with damaged notes is still a picture
        return 1


def _draft_size(size: tuple[int, int], frame: Frame) -> tuple[int, int]:
    """Return how large a picture must at least be decoded for its crop to stay sharp."""
    left, top, right, bottom = frame.box(*size)
    # Whichever way it is turned.
    longest = SPARE * max(frame.width, frame.height)
    share = longest / max(1.0, min(right - left, bottom - top))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """Return it in bytes, grey or colour, on white where it is transparent."""
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _in_bytes(picture)
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return picture.convert(mode)


def _in_bytes(picture: Image.Image) -> Image.Image:
    """Scale wide numbers to bytes, which Pillow would cut off instead.

    Whole numbers above 255 are taken for 16 bits, fractions within 0 and 1 for shares of white;
    any others beyond a byte are stretched from their smallest to their largest.
    """
    values = np.nan_to_num(np.asarray(picture).astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if picture.mode.startswith("I;16") or (
        picture.mode == "I" and 255 < high < 65_536 and low >= 0
    ):
        values /= 257
    elif picture.mode == "F" and low >= 0 and high <= 1:
        values *= 255
    elif low < 0 or high > 255:
        values = (values - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(values.round().astype(np.uint8))
