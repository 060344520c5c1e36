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
from latentlab.session.export import GRID_FORMATS, IMAGE_FORMATS, VECTORS, check_suffix
from latentlab.session.files.figure import sheet_figure
from latentlab.session.files.film import FilmOptions
from latentlab.session.files.mosaic import tile
from latentlab.session.points import Loop
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.files.figure import PlotAxis
    from latentlab.session.points import Tiles

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
    scale: int = 2,
    axes: tuple[PlotAxis, PlotAxis] | None = None,
) -> None:
    """Write tiles as an image grid or as an animation, depending on the extension of `path`.

    Parameters
    ----------
    tiles : Tiles
        Images to write.
    path : Path
        Output file with an extension in `GRID_FORMATS`.
    info : mapping
        Metadata written into the file.
    gap : int
        Pixels between the images of a grid.
    back : bool
        Whether an animation plays back and forth instead of restarting after its last frame.
    steps : bool
        Whether the tiles are steps of a path: WebP is then an animation, as GIF always is.
    scale : int
        Pixels of the file along a side of each pixel of an image of a grid.
    axes : (PlotAxis, PlotAxis), optional
        Axes of the grid, which SVG and PDF show.

    Raises
    ------
    RunError
        If the file cannot be written, or its extension is not in `GRID_FORMATS`.
    """
    kind = check_suffix(path, GRID_FORMATS)
    if kind in ("gif", "mp4") or (steps and kind == "webp"):
        save_animation(tiles.pictures, path, info, back=back)
        return
    sheet = tile(tiles.pictures, tiles.columns, gap, 255 if kind in VECTORS else 0)
    if kind in VECTORS:
        # Importing matplotlib takes half a second, and few sessions save a figure.
        from latentlab.runs.plot_figure import save_figure

        save_figure(sheet_figure(sheet, axes), path, info)
    else:
        save_image(sheet, path, info, scale)


def save_image(
    picture: NDArray[np.uint8],
    path: Path,
    info: Mapping[str, Any],
    scale: int = 1,
    *,
    durable: bool = True,
) -> None:
    """Write an image with metadata, enlarged by the factor `scale`.

    Without `durable` PNG files are not flushed to disk, which takes most of the time for many.

    Raises
    ------
    RunError
        If the file cannot be written, or its extension is not in `PICTURES`.
    """
    image, text = enlarged(picture, scale), json.dumps(info)
    match check_suffix(path, IMAGE_FORMATS):
        case "png":
            save_encoded(image, path, "PNG", durable=durable, pnginfo=_chunks(text))
        case "jpg":
            save_encoded(image, path, "JPEG", quality=95, subsampling=0, exif=exif_of(text))
        case "webp":
            save_encoded(image, path, "WEBP", lossless=True, exif=exif_of(text))
        case "tiff":
            tags = {305: SOFTWARE, 270: text}
            save_encoded(image, path, "TIFF", compression="tiff_adobe_deflate", tiffinfo=tags)


def save_animation(
    frames: NDArray[np.uint8],
    path: Path,
    info: Mapping[str, Any],
    scale: int = 4,
    back: bool = True,
) -> None:
    """Write frames as an endless GIF, WebP or MP4; with `back` it plays back and forth.

    Raises
    ------
    RunError
        If the file cannot be written, or its extension is not in `ANIMATIONS`.
    """
    from latentlab.runs.film_files import save_film

    options = FilmOptions(scale=scale, loop=Loop.BACK if back else Loop.ROUND)
    finish(save_film(frames, path, info, options))


def encoded_png(picture: NDArray[np.uint8], info: Mapping[str, Any]) -> bytes:
    """Return an image as the bytes of a PNG file with metadata."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", pnginfo=_chunks(json.dumps(info)))
    return content.getvalue()


def _chunks(text: str) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Software", SOFTWARE)
    chunks.add_text("latentlab", text)
    return chunks


def read_png(path: Path) -> NDArray[np.uint8] | None:
    """Return the pixels of a PNG, or None if it is missing or unreadable."""
    try:
        with reading(path), Image.open(path, formats=["PNG"]) as file:
            if file.width * file.height > MAX_PIXELS:
                return None
            return np.asarray(file.convert("L" if file.mode == "L" else "RGB"))
    except RunError:
        return None


def enlarged(picture: NDArray[np.uint8], scale: int) -> Image.Image:
    """Return an image whose pixels are squares of `scale` pixels."""
    image = Image.fromarray(picture)
    size = (image.width * scale, image.height * scale)
    return image.resize(size, Image.Resampling.NEAREST)


def exif_of(text: str) -> Image.Exif:
    """Return EXIF data with the name of this program, and a text unless it is too long."""
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = SOFTWARE
    # JPEG limits the size of EXIF; write the image without metadata rather than fail.
    if len(text) < MAX_EXIF:
        exif[ExifTags.Base.ImageDescription] = text
    return exif


def save_encoded(
    image: Image.Image, path: Path, format_name: str, *, durable: bool = True, **options: Any
) -> None:
    """Encode an image with Pillow, then write the file atomically.

    Raises
    ------
    RunError
        If the image does not fit the format, or the file cannot be written.
    """
    content = io.BytesIO()
    try:
        image.save(content, format_name, **options)
    except (OSError, ValueError) as error:
        size = f"{image.width:,} × {image.height:,} pixels"
        raise RunError(
            f"{path.name} cannot be written: {size} are too many for {format_name}.",
            "Write fewer images, or a .png.",
        ) from error
    write_atomically(path, content.getvalue(), durable=durable)
