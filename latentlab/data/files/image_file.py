"""A picture of any size and mode, brought to what a model shall see."""

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
"""Width and height of CelebA's aligned portraits."""
FACE_WIDTH = 148 / ALIGNED[0]
"""Share of a portrait's width that the face-style crop keeps."""
FACE_MIDDLE = 114 / ALIGNED[1]
"""Where it is centred, as a share of the portrait's height: a bit below the middle."""
SPARE = 1.5
"""A JPEG is decoded at a fraction of its size, but never below so many times the wanted one."""
NO_PICTURES = {".h5", ".hdf", ".grib", ".bufr"} | KINDS.keys()
"""What Pillow lists but cannot draw by itself."""
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF", "FLI"}
"""Formats whose further pictures are those of an animation: only the first is read."""
MAX_PIXELS = 128_000_000
"""Pixels of the largest picture that is decoded: some 400 MB in colour."""
ALWAYS_FINE = 2_000_000
"""Pixels up to which nobody asks how large the file is."""
MAX_PER_BYTE = 10_000
"""Pixels that a byte of a file can hold at most, as in a black and white PNG of one colour."""
UPPER = 257
"""What makes values of 16 bits of their upper 8: 255 becomes 65,535."""
logging.getLogger("PIL").addHandler(logging.NullHandler())  # damage is told of as an error
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow's own limit would warn below it.


class NoPictureError(DataError):
    """A file that is no picture of any kind that is known."""


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
        top = max(0.0, min(middle - down / 2, height - down))
        left = max(0.0, (width - across) / 2)
        return left, top, min(left + across, width), min(top + down, height)


def picture_suffixes() -> frozenset[str]:
    """Return the endings of the files that Pillow can read, in lower case with their dots."""
    known = Image.registered_extensions()
    return frozenset(known) - NO_PICTURES


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture brought to a frame.

    Parameters
    ----------
    pixels : ndarray of uint8 or float32, shape (C, H, W)
        Bytes, or the values of a picture of more than 8 bits as they are in its file.
    reach : Reach or None
        The values of a picture of more than 8 bits; None for bytes.
    animated : bool
        Whether it is the first picture of an animation.
    """

    pixels: NDArray[np.uint8] | NDArray[np.float32]
    reach: Reach | None = None
    animated: bool = False


def read_pages(
    file: Path | IO[bytes], frame: Frame, pages: Sequence[int] = (0,)
) -> list[Decoded | DataError]:
    """Read pictures of one file as `frame` wants them: upright, on white where they are clear.

    Parameters
    ----------
    file : Path or file
        Opened once for all pages.
    frame : Frame
        What each is brought to.
    pages : sequence of int
        Which, from 0, ascending.

    Returns
    -------
    list of Decoded or DataError
        One per page; a page that cannot be read costs itself only.
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


def _read(picture: Image.Image, frame: Frame, page: int) -> Decoded:
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
    """Return the pixels of pictures in bytes, on one scale for all of more than 8 bits."""
    reach = Reach.of_all([one.reach for one in decoded if one.reach])
    return [
        reach.to_bytes(one.pixels) if one.reach and reach else one.pixels.astype(np.uint8)
        for one in decoded
    ]


def notes_of(decoded: Iterable[Decoded]) -> list[str]:
    """Say what one should know of how pictures were read."""
    every = list(decoded)
    reach = Reach.of_all(one.reach for one in every if one.reach)
    return [
        *([reach.note] if reach and reach.note else []),
        *animations(sum(one.animated for one in every)),
    ]


def animations(count: int) -> list[str]:
    """Say that only the first picture of animations is used; nothing for none."""
    files = "1 file is an animation" if count == 1 else f"{count:,} files are animations"
    return [f"{files}: only the first picture is used."] if count else []


def check_head(file: Path | IO[bytes]) -> None:
    """Look at the head of a picture, which is quick but does not prove the rest whole.

    Raises
    ------
    DataError
        Where it is no picture.
    """
    with opened(file):
        pass


@contextmanager
def opened(file: Path | IO[bytes]) -> Iterator[Image.Image]:
    """Open a picture, and tell of whatever goes wrong inside as a `DataError`, in short."""
    with damage_told(), Image.open(file) as picture:
        check_size(picture)
        yield picture


def check_size(picture: Image.Image) -> None:
    """Refuse a picture that would take too much memory, before it is decoded."""
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise DataError(
            f"it has {width * height / 1e6:.0f} megapixels, and {MAX_PIXELS // 10**6} are the most"
        )
    # None but a damaged one packs so many into so little.
    file = getattr(picture, "fp", None)
    if width * height > ALWAYS_FINE and file:
        place, size = file.tell(), file.seek(0, SEEK_END)
        file.seek(place)
        if width * height > MAX_PER_BYTE * size:
            raise DataError(f"it says {width}×{height} pixels, which {size:,} bytes cannot hold")


@contextmanager
def damage_told() -> Iterator[None]:
    """Tell of whatever a decoder raises at a damaged picture as a `DataError`, in short."""
    try:
        yield
    except DataError:
        raise
    except UnidentifiedImageError:
        raise NoPictureError("is no picture that can be read") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = f"it has more than the {MAX_PIXELS // 10**6} megapixels that are the most"
        raise DataError(limit) from None
    except FileNotFoundError:
        raise DataError("there is no such file") from None
    except Exception as error:  # Pillow's readers raise whatever a broken file leads them to
        raise DataError(reason_of(error)) from error


def _draft_size(size: tuple[int, int], frame: Frame) -> tuple[int, int]:
    """Return how large a picture must at least be decoded for its crop to stay sharp."""
    left, top, right, bottom = frame.box(*size)
    # Whichever way it is turned.
    longest = SPARE * max(frame.width, frame.height)
    share = longest / max(1.0, min(right - left, bottom - top))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def put_upright(picture: Image.Image) -> tuple[Image.Image, Reach | None]:
    """Decode a picture and turn it as its EXIF orientation says.

    Returns
    -------
    Image and Reach or None
        In mode F, with its reach, where it has more than 8 bits. Of colours of 16 bits Pillow keeps
        the upper 8, which come with the reach of all 16.
    """
    upper = ";16" in _raw_mode(picture) and not picture.mode.startswith("I")
    picture.load()
    with suppress(Exception):  # a picture with damaged notes is still a picture
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
    """Return how a picture's pixels lie in its file, such as ``RGB;16B``."""
    tiles = getattr(picture, "tile", None) or ()
    arguments = tiles[0][3] if tiles else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """Return a picture of bytes in grey or colour, on white where it is transparent."""
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return picture.convert(mode)
