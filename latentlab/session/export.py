"""Pictures to files: PNG and GIF that carry how they were made."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, PngImagePlugin

from latentlab import __version__
from latentlab.errors import RunError, reading
from latentlab.files import write_atomically
from latentlab.session.sheet import tile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.scene import Tiles

FRAME_MS = 60
MOST_PIXELS = 1 << 22
"""Pixels of a picture that is read back, at most."""
SOFTWARE = f"latentlab {__version__}"


def save_tiles(
    tiles: Tiles, path: Path, info: Mapping[str, Any], gap: int = 0, back: bool = True
) -> None:
    """Write tiles as one PNG sheet, or as the frames of a GIF where `path` ends so.

    `back` says whether a GIF plays there and back, or begins anew after its last frame.

    Raises
    ------
    RunError
        Where the file cannot be written.
    """
    if path.suffix.lower() == ".gif":
        save_gif(tiles.pictures, path, info, back=back)
    else:
        save_png(tile(tiles.pictures, tiles.columns, gap), path, info, scale=2)


def save_png(
    picture: NDArray[np.uint8], path: Path, info: Mapping[str, Any], scale: int = 1
) -> None:
    """Write a picture with its recipe inside, each pixel enlarged `scale` times.

    Raises
    ------
    RunError
        Where the file cannot be written.
    """
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", SOFTWARE)
    text.add_text("latentlab", json.dumps(info))
    _save(_enlarged(picture, scale), path, "PNG", pnginfo=text)


def save_gif(
    frames: NDArray[np.uint8],
    path: Path,
    info: Mapping[str, Any],
    scale: int = 4,
    back: bool = True,
) -> None:
    """Write frames as a GIF that plays for ever: there and back, or from the beginning again.

    Raises
    ------
    RunError
        Where the file cannot be written.
    """
    there = [_enlarged(frame, scale) for frame in frames]
    home = there[-2:0:-1] if back else []
    _save(
        there[0],
        path,
        "GIF",
        save_all=True,
        append_images=[*there[1:], *home],
        duration=FRAME_MS,
        loop=0,
        comment=json.dumps({"software": SOFTWARE, **info}).encode(),
    )


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


def _save(image: Image.Image, path: Path, format_name: str, **options: Any) -> None:
    content = io.BytesIO()
    image.save(content, format_name, **options)
    write_atomically(path, content.getvalue())
