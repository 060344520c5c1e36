"""What a widget offers for copying, dragging and saving."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QMimeData, Qt

from latentlab.session.export import PICTURES
from latentlab.session.files.film import FilmOptions
from latentlab.session.files.mosaic import tile
from latentlab.session.points import Tiles
from latentlab.widgets.kit.images.qimage import to_qimage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QImage

    from latentlab.session.files.figure import Figure, PlotAxis

SVG, PNG = "image/svg+xml", "image/png"


@dataclass(frozen=True, slots=True)
class Content:
    """Images or a plot.

    Parameters
    ----------
    tiles : Tiles or None
        Images.
    gap : int
        Pixels between images.
    axes : (PlotAxis, PlotAxis) or None
        Axes of the grid of images, which SVG and PDF show.
    film : Tiles or None
        Frames of the film that GIF, WebP and MP4 show.
    options : FilmOptions
        Initial options of the film.
    figure : Figure or None
        Plot.
    formats : tuple of str
        Formats to save, the default first.
    info : mapping
        Settings that the content was made with.
    """

    tiles: Tiles | None = None
    gap: int = 0
    axes: tuple[PlotAxis, PlotAxis] | None = None
    film: Tiles | None = None
    options: FilmOptions = field(default=FilmOptions())
    figure: Figure | None = None
    formats: Sequence[str] = PICTURES
    info: Mapping[str, Any] = field(default_factory=dict)

    def image(self, scale: int = 1) -> QImage | None:
        """Return the images as one image, or None if the content is a plot."""
        if self.tiles is None:
            return None
        image = to_qimage(tile(self.tiles.pictures, self.tiles.columns, self.gap))
        size = image.size() * scale
        return image.scaled(size, mode=Qt.TransformationMode.FastTransformation)


def one_image(pixels: NDArray[np.uint8]) -> Tiles:
    """Return a single image, shape (H, W) or (H, W, 3), as tiles."""
    return Tiles((), pixels[None], 1)


def with_recipe(image: QImage, info: Mapping[str, Any]) -> QImage:
    """Return an image whose metadata says how it was made; Qt writes it into PNG files."""
    image.setText("Software", "latentlab")
    image.setText("latentlab", json.dumps(info))
    return image


def mime_of(image: QImage, png: bytes = b"", svg: bytes = b"") -> QMimeData:
    """Return an image as clipboard data; `png` and `svg` are the bytes of such files."""
    data = QMimeData()
    data.setImageData(image)
    for kind, content in ((PNG, png), (SVG, svg)):
        if content:
            data.setData(kind, QByteArray(content))
    return data
