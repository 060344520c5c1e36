"""Reading of image files of any size and mode into the format of a data set."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from os import SEEK_END
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from latentlab.data.files.other_files import KINDS
from latentlab.data.files.pixel_range import Reach
from latentlab.errors import DataError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from numpy.typing import NDArray

Crop = Literal["centre", "face", "none"]
Box = tuple[float, float, float, float]

ALIGNED = (178, 218)
"""Width and height of CelebA's aligned portraits, in pixels."""
FACE_WIDTH = 148 / ALIGNED[0]
"""Width of the face crop as a fraction of the portrait's width."""
FACE_MIDDLE = 114 / ALIGNED[1]
"""Vertical centre of the face crop as a fraction of the portrait's height."""
SPARE = 1.5
"""Minimum size of a JPEG decoded at reduced scale, as a multiple of the target size."""
NO_PICTURES = {".h5", ".hdf", ".grib", ".bufr"} | KINDS.keys()
"""Suffixes that Pillow registers but cannot decode by itself."""
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF", "FLI"}
"""Formats whose frames are those of an animation: only the first is read."""
MAX_PIXELS = 128_000_000
"""Maximum number of pixels of an image: about 400 MB in colour."""
ALWAYS_FINE = 2_000_000
"""Number of pixels up to which `MAX_PER_BYTE` is not checked."""
MAX_PER_BYTE = 10_000
"""Maximum number of pixels per byte of a file, as in a 1-bit PNG of one colour."""
UPPER = 257
"""Factor from 8-bit to 16-bit values: 255 becomes 65,535."""
logging.getLogger("PIL").addHandler(logging.NullHandler())  # damage is reported as an error
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow's default limit is lower and only warns.


class NoPictureError(DataError):
    """Error for a file that is not an image of a known format."""


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """Format of all images of a data set: size, crop and channels.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    crop : str
        ``centre`` keeps the largest centred rectangle of these proportions, ``face`` the face of
        a portrait aligned like CelebA's; ``none`` resizes the full image without a crop.
    colour : bool
        Whether images have three channels instead of one.
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
        """Return the crop of an image of this size: left, top, right, bottom in its pixels."""
        if self.crop == "none":
            return 0, 0, width, height
        widest, middle = float(width), height / 2
        if self.crop == "face":
            widest = FACE_WIDTH * min(width, height * ALIGNED[0] / ALIGNED[1])
            middle = FACE_MIDDLE * height
        across = min(widest, height * self.width / self.height)
        down = across * self.height / self.width
        top = max(0.0, min(middle - down / 2, height - down))
        left = max(0.0, (width - across) / 2)
        return left, top, min(left + across, width), min(top + down, height)


def picture_suffixes() -> frozenset[str]:
    """Return the suffixes of readable image files, in lower case with the dot."""
    known = Image.registered_extensions()
    return frozenset(known) - NO_PICTURES


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Decoded image, cropped and resized to a `ImageFormat`.

    Parameters
    ----------
    pixels : ndarray of uint8 or float32, shape (C, H, W)
        Bytes, or the unscaled values of an image of more than 8 bits.
    reach : Reach or None
        Range of the values of an image of more than 8 bits; None for bytes.
    animated : bool
        Whether it is the first frame of an animation.
    """

    pixels: NDArray[np.uint8] | NDArray[np.float32]
    reach: Reach | None = None
    animated: bool = False


def read_pages(
    file: Path | IO[bytes], frame: ImageFormat, pages: Sequence[int] = (0,)
) -> list[Decoded | DataError]:
    """Decode pages of a file to the format `frame`: upright, transparency on white.

    Parameters
    ----------
    file : Path or file
        Opened once for all pages.
    frame : ImageFormat
        Format of the results.
    pages : sequence of int
        Page numbers from 0, ascending.

    Returns
    -------
    list of Decoded or DataError
        Image or error of each page.
    """
    found: list[Decoded | DataError] = []
    try:
        with opened(file) as picture:
            for page in pages:
                try:
                    with damage_told():
                        found.append(_read(picture, frame, page))
                except DataError as error:
                    found.append(error)
    except DataError as error:
        found += [error] * (len(pages) - len(found))
    return found


def _read(picture: Image.Image, frame: ImageFormat, page: int) -> Decoded:
    if page:
        picture.seek(page)
        check_size(picture)
    mode = "RGB" if frame.colour else "L"
    animated = picture.format in ANIMATED and bool(getattr(picture, "is_animated", False))
    picture.draft(mode, _draft_size(picture.size, frame))
    upright, reach = put_upright(picture)
    plain = upright if upright.mode == "F" else in_mode(upright, mode)
    size, box = (frame.width, frame.height), frame.box(*plain.size)
    pixels = np.asarray(plain.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=2.0))
    if reach and pixels.dtype == np.uint8:
        pixels = pixels * np.float32(UPPER)
    channels = pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None]
    return Decoded(np.ascontiguousarray(np.broadcast_to(channels, frame.shape)), reach, animated)


def in_bytes(decoded: Sequence[Decoded]) -> list[NDArray[np.uint8]]:
    """Return the pixels as bytes, with one scale for all images of more than 8 bits."""
    reach = Reach.of_all([one.reach for one in decoded if one.reach])
    return [
        reach.to_bytes(one.pixels) if one.reach and reach else one.pixels.astype(np.uint8)
        for one in decoded
    ]


def notes_of(decoded: Iterable[Decoded]) -> list[str]:
    """Return notes on how images were read: scale and animations."""
    every = list(decoded)
    reach = Reach.of_all(one.reach for one in every if one.reach)
    return [
        *([reach.note] if reach and reach.note else []),
        *animations(sum(one.animated for one in every)),
    ]


def animations(count: int) -> list[str]:
    """Return the note that only the first frame of animations is used; empty for none."""
    files = "1 file is an animation" if count == 1 else f"{count:,} files are animations"
    return [f"{files}: only the first image is used."] if count else []


def check_head(file: Path | IO[bytes]) -> None:
    """Check the header of an image file, without decoding it.

    Raises
    ------
    DataError
        If it is not an image.
    """
    with opened(file):
        pass


@contextmanager
def opened(file: Path | IO[bytes]) -> Iterator[Image.Image]:
    """Open an image; errors inside the block become a `DataError`."""
    with damage_told(), Image.open(file) as picture:
        check_size(picture)
        yield picture


def check_size(picture: Image.Image) -> None:
    """Raise an error for an image that is too large, before it is decoded."""
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise DataError(
            f"it has {width * height / 1e6:.0f} megapixels; the maximum is {MAX_PIXELS // 10**6}"
        )
    # Only damaged files claim more pixels per byte.
    file = getattr(picture, "fp", None)
    if width * height > ALWAYS_FINE and file:
        position, size = file.tell(), file.seek(0, SEEK_END)
        file.seek(position)
        if width * height > MAX_PER_BYTE * size:
            raise DataError(f"it says {width}×{height} pixels, which {size:,} bytes cannot hold")


@contextmanager
def damage_told() -> Iterator[None]:
    """Convert exceptions of an image decoder into a short `DataError`."""
    try:
        yield
    except DataError:
        raise
    except UnidentifiedImageError:
        raise NoPictureError("is not an image that can be read") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = f"it has more than the maximum of {MAX_PIXELS // 10**6} megapixels"
        raise DataError(limit) from None
    except FileNotFoundError:
        raise DataError("there is no such file") from None
    except Exception as error:  # Pillow's decoders raise arbitrary types for damaged files
        raise DataError(reason_of(error)) from error


def _draft_size(size: tuple[int, int], frame: ImageFormat) -> tuple[int, int]:
    """Return the minimum size at which to decode an image so that its crop stays sharp."""
    left, top, right, bottom = frame.box(*size)
    # Use the longer side: EXIF may rotate the image.
    longest = SPARE * max(frame.width, frame.height)
    share = longest / max(1.0, min(right - left, bottom - top))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def put_upright(picture: Image.Image) -> tuple[Image.Image, Reach | None]:
    """Decode an image and apply its EXIF orientation.

    Returns
    -------
    Image and Reach or None
        An image of more than 8 bits is in mode F and has a `Reach`. Of 16-bit colour Pillow keeps
        the upper 8 bits; the `Reach` is that of 16 bits.
    """
    upper = ";16" in _raw_mode(picture) and not picture.mode.startswith("I")
    picture.load()
    with suppress(Exception):  # damaged metadata does not make an image unreadable
        ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture).astype(np.float32)
        known = np.isfinite(values)
        values[~known] = values[known].min(initial=0.0)
        return Image.fromarray(values), Reach(
            float(values.min()), float(values.max()), picture.mode != "F"
        )
    if upper:
        brightest = int(np.asarray(in_mode(picture, "RGB")).max())
        return picture, Reach(0.0, 256.0 * brightest + 255, whole=True)
    return picture, None


def _raw_mode(picture: Image.Image) -> str:
    """Return the raw mode of the pixels in the file, such as ``RGB;16B``."""
    tiles = getattr(picture, "tile", None) or ()
    arguments = tiles[0][3] if tiles else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """Convert an 8-bit image to a mode, with transparency on white."""
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return picture.convert(mode)
