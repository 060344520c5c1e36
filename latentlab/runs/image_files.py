"""Pictures to files that carry how they were made."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from latentlab import __version__
from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError, reading
from latentlab.session.export import MOVING, PICTURES, TILES, check_ending
from latentlab.session.mosaic import tile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.points import Tiles

FRAME_MS = 60
MOST_PIXELS = 1 << 22
"""Pixels of a picture that is read back, at most."""
MAX_EXIF = 60_000
SOFTWARE = f"latentlab {__version__}"


def save_tiles(
    tiles: Tiles,
    path: Path,
    info: Mapping[str, Any],
    gap: int = 0,
    back: bool = True,
    *,
    steps: bool = False,
) -> None:
    """Write tiles as one sheet, or as the frames of a film, as the ending of `path` says.

    Parameters
    ----------
    tiles : Tiles
        What to write.
    path : Path
        Its ending is one of `TILES`.
    info : mapping
        How they were made; written into the file.
    gap : int
        Pixels between the pictures of a sheet.
    back : bool
        Whether a film plays there and back, or begins anew after its last frame.
    steps : bool
        Whether the tiles are steps of a way, which a WebP shows as a film as a GIF always does.

    Raises
    ------
    RunError
        Where the file cannot be written, or its ending is none of these.
    """
    if check_ending(path, TILES) in (MOVING if steps else ("gif",)):
        save_film(tiles.pictures, path, info, back=back)
    else:
        save_picture(tile(tiles.pictures, tiles.columns, gap), path, info, scale=2)


def save_picture(
    picture: NDArray[np.uint8], path: Path, info: Mapping[str, Any], scale: int = 1
) -> None:
    """Write a picture with its recipe inside, each pixel enlarged `scale` times.

    Raises
    ------
    RunError
        Where the file cannot be written, or its ending is none of `PICTURES`.
    """
    image, text = _enlarged(picture, scale), json.dumps(info)
    match check_ending(path, PICTURES):
        case "png":
            chunks = PngImagePlugin.PngInfo()
            chunks.add_text("Software", SOFTWARE)
            chunks.add_text("latentlab", text)
            _save(image, path, "PNG", pnginfo=chunks)
        case "jpg":
            _save(image, path, "JPEG", quality=95, subsampling=0, exif=_exif(text))
        case "webp":
            _save(image, path, "WEBP", lossless=True, exif=_exif(text))
        case "tiff":
            tags = {305: SOFTWARE, 270: text}
            _save(image, path, "TIFF", compression="tiff_adobe_deflate", tiffinfo=tags)


def save_film(
    frames: NDArray[np.uint8],
    path: Path,
    info: Mapping[str, Any],
    scale: int = 4,
    back: bool = True,
) -> None:
    """Write frames as a GIF or WebP that plays for ever: there and back, or round and round.

    Raises
    ------
    RunError
        Where the file cannot be written, or its ending is none of `MOVING`.
    """
    there = [_enlarged(frame, scale) for frame in frames]
    home = there[-2:0:-1] if back else []
    film = {"save_all": True, "append_images": [*there[1:], *home], "duration": FRAME_MS, "loop": 0}
    if check_ending(path, MOVING) == "gif":
        comment = json.dumps({"software": SOFTWARE, **info}).encode()
        _save(there[0], path, "GIF", comment=comment, **film)
    else:
        _save(there[0], path, "WEBP", lossless=True, exif=_exif(json.dumps(info)), **film)


def read_png(path: Path) -> NDArray[np.uint8] | None:
    """Return the pixels of a PNG, or None where there is none that can be read."""
    try:
        with reading(path), Image.open(path, formats=["PNG"]) as file:
            if file.width * file.height > MOST_PIXELS:
                return None
            return np.asarray(file.convert("L" if file.mode == "L" else "RGB"))
    except RunError:
        return None


def _enlarged(picture: NDArray[np.uint8], scale: int) -> Image.Image:
    image = Image.fromarray(picture)
    size = (image.width * scale, image.height * scale)
    return image.resize(size, Image.Resampling.NEAREST)


def _exif(text: str) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = SOFTWARE
    # A JPEG holds no more; the picture is worth more than how it was made.
    if len(text) < MAX_EXIF:
        exif[ExifTags.Base.ImageDescription] = text
    return exif


def _save(image: Image.Image, path: Path, format_name: str, **options: Any) -> None:
    content = io.BytesIO()
    try:
        image.save(content, format_name, **options)
    except (OSError, ValueError) as error:
        size = f"{image.width:,} × {image.height:,} pixels"
        raise RunError(
            f"{path.name} cannot be written: {size} are too many for {format_name}.",
            "Write fewer pictures, or a .png.",
        ) from error
    write_atomically(path, content.getvalue())
