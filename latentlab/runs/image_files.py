"""Image files with metadata about how they were made."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from latentlab import __version__
from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError, reading
from latentlab.session.export import ANIMATIONS, GRID_FORMATS, IMAGE_FORMATS, check_suffix
from latentlab.session.mosaic import tile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.points import Tiles

FRAME_MS = 60
MAX_PIXELS = 1 << 22
"""Maximum number of pixels of an image that is read."""
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
    """Write tiles as an image grid or as an animation, depending on the extension of `path`.

    Parameters
    ----------
    tiles : Tiles
        Images to write.
    path : Path
        Output file with an extension in `TILES`.
    info : mapping
        Metadata written into the file.
    gap : int
        Pixels between the images of a grid.
    back : bool
        Whether an animation plays back and forth instead of restarting after its last frame.
    steps : bool
        Whether the tiles are steps of a path: WebP is then an animation, as GIF always is.

    Raises
    ------
    RunError
        If the file cannot be written, or its extension is not in `TILES`.
    """
    if check_suffix(path, GRID_FORMATS) in (ANIMATIONS if steps else ("gif",)):
        save_animation(tiles.pictures, path, info, back=back)
    else:
        save_image(tile(tiles.pictures, tiles.columns, gap), path, info, scale=2)


def save_image(
    picture: NDArray[np.uint8], path: Path, info: Mapping[str, Any], scale: int = 1
) -> None:
    """Write an image with metadata, enlarged by the factor `scale`.

    Raises
    ------
    RunError
        If the file cannot be written, or its extension is not in `PICTURES`.
    """
    image, text = _enlarged(picture, scale), json.dumps(info)
    match check_suffix(path, IMAGE_FORMATS):
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


def save_animation(
    frames: NDArray[np.uint8],
    path: Path,
    info: Mapping[str, Any],
    scale: int = 4,
    back: bool = True,
) -> None:
    """Write frames as an endless GIF or WebP; with `back` it plays back and forth.

    Raises
    ------
    RunError
        If the file cannot be written, or its extension is not in `MOVING`.
    """
    first, *others = images = [_enlarged(frame, scale) for frame in frames]
    others += images[-2:0:-1] if back else []
    options = {"save_all": True, "append_images": others, "duration": FRAME_MS, "loop": 0}
    if check_suffix(path, ANIMATIONS) == "gif":
        comment = json.dumps({"software": SOFTWARE, **info}).encode()
        _save(first, path, "GIF", comment=comment, **options)
    else:
        _save(first, path, "WEBP", lossless=True, exif=_exif(json.dumps(info)), **options)


def read_png(path: Path) -> NDArray[np.uint8] | None:
    """Return the pixels of a PNG, or None if it is missing or unreadable."""
    try:
        with reading(path), Image.open(path, formats=["PNG"]) as file:
            if file.width * file.height > MAX_PIXELS:
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
    # JPEG limits the size of EXIF; write the image without metadata rather than fail.
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
            "Write fewer images, or a .png.",
        ) from error
    write_atomically(path, content.getvalue())
