"""Graphics items of the map's layers: posterior ellipses, holes, backdrop, images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem

from latentlab.session.files.figure import Ellipse, Raster
from latentlab.session.files.mosaic import tile
from latentlab.widgets.kit.export.plot_layers import ink, to_array
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.plot import cosmetic_pen
from latentlab.widgets.kit.theme import colours, faint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from latentlab.session.files.figure import Layer
    from latentlab.session.points import Manifold

CORNERS = 40
CIRCLE = QPolygonF(
    [
        QPointF(np.cos(angle), np.sin(angle))
        for angle in np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    ]
)
BACKDROP_OPACITY = 0.35
THUMBNAIL_SIZE = 30
MAX_CACHED_IMAGES = 2000
"""Maximum number of images in memory."""


class PosteriorEllipses(pg.GraphicsObject):
    """Posterior ellipses at one and two standard deviations, in the colours of their points."""

    def __init__(self) -> None:
        super().__init__()
        self._shapes: list[tuple[QPolygonF, QPolygonF, QColor]] = []
        self._extent = QRectF()
        self.setZValue(5)

    def set_ellipses(
        self, xy: NDArray[np.float32], covariance: NDArray[np.float64], shades: list[QColor]
    ) -> None:
        """Show ellipses with centres, shape (K, 2), and covariances, shape (K, 2, 2)."""
        self.prepareGeometryChange()
        values, vectors = np.linalg.eigh(covariance)
        roots = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
        self._shapes = []
        for (x, y), ((a, b), (c, d)), shade in zip(
            xy.tolist(), roots.tolist(), shades, strict=True
        ):
            inner, outer = (QTransform(k * a, k * c, k * b, k * d, x, y) for k in (1, 2))
            self._shapes.append((inner.map(CIRCLE), outer.map(CIRCLE), shade))
        self._extent = QRectF()
        for _, ellipse, _ in self._shapes:
            self._extent = self._extent.united(ellipse.boundingRect())
        self.update()

    def __len__(self) -> int:
        return len(self._shapes)

    def layers(self) -> Iterable[Layer]:
        """Return the ellipses as layers of a figure."""
        for inner, _, shade in self._shapes:
            # The corners of the polygons are those of the unit circle, mapped.
            points = np.array([(point.x(), point.y()) for point in inner.toList()])
            centre, quarter = points.mean(0), len(points) // 4
            (a, b), (c, d) = (points[0] - centre).tolist(), (points[quarter] - centre).tolist()
            middle = (float(centre[0]), float(centre[1]))
            outer = (2 * a, 2 * b, 2 * c, 2 * d)
            yield Ellipse(middle, outer, ink(shade, 0.0), filled=ink(shade, 0.16))
            yield Ellipse(middle, (a, b, c, d), ink(shade, 0.9), filled=ink(shade, 0.3))

    def boundingRect(self) -> QRectF:
        """Return the bounding rectangle of all ellipses."""
        return self._extent

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw translucent ellipses with thin outlines."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for inner, outer, shade in self._shapes:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_with_opacity(shade, 0.16))
            painter.drawPolygon(outer)
            painter.setPen(cosmetic_pen(painter, _with_opacity(shade, 0.9)))
            painter.setBrush(_with_opacity(shade, 0.3))
            painter.drawPolygon(inner)


def _with_opacity(shade: QColor, opacity: float) -> QColor:
    result = QColor(shade)
    result.setAlphaF(opacity)
    return result


class Picture(pg.GraphicsObject):
    """Image over a rectangle of the map, below the points."""

    def __init__(self, opacity: float = 1.0, *, smooth: bool = False) -> None:
        super().__init__()
        self.image, self._place = QImage(), QRectF()
        self._smooth = smooth
        self.setOpacity(opacity)
        self.setZValue(-10)

    def set_image(self, image: QImage, pos: QRectF) -> None:
        """Show an image over a rectangle in data coordinates."""
        self.prepareGeometryChange()
        self.image, self._place = image, pos
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the rectangle of the image."""
        return self._place

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the image upright: the y axis of the view points upwards."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        painter.scale(1, -1)
        pos = self._place
        painter.drawImage(QRectF(pos.left(), -pos.bottom(), pos.width(), pos.height()), self.image)

    def layers(self) -> Iterable[Layer]:
        """Return the image as a layer of a figure."""
        if not self.image.isNull():
            pos = self._place
            extent = (pos.left(), pos.right(), pos.top(), pos.bottom())
            yield Raster(to_array(self.image), extent, self.opacity())


def manifold_image(manifold: Manifold) -> tuple[QImage, QRectF]:
    """Return the decoded grid as one image, and its rectangle in data coordinates."""
    (left, right), (low, high) = map(_edges, manifold.axes)
    mosaic = tile(manifold.tiles.pictures, manifold.tiles.columns, 0, 0)
    return to_qimage(mosaic), QRectF(left, low, right - left, high - low)


def _edges(axis: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the first tile along an axis begins and the last ends."""
    half = (axis[1] - axis[0]) / 2 if len(axis) > 1 else 0.5
    return float(axis[0] - half), float(axis[-1] + half)


def holes_image(missing: NDArray[np.float64], reach: float) -> tuple[QImage, QRectF]:
    """Return an image of the holes of the prior, and its rectangle in data coordinates."""
    n = len(missing)
    tint = faint(colours().error, 1.0)
    alpha = (missing[::-1] * 0.75)[..., None]
    parts = np.array([tint.blue(), tint.green(), tint.red(), 255], np.float64)
    pixels = np.ascontiguousarray((alpha * parts).astype(np.uint8))
    layout = QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(pixels.tobytes(), n, n, 4 * n, layout).copy()
    return image, QRectF(-reach, -reach, 2 * reach, 2 * reach)


class ThumbnailLayer(pg.GraphicsObject):
    """Images of the data set at their points, with a constant size on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._images: dict[int, QImage] = {}
        self._shown: list[tuple[int, QPointF]] = []
        self.setZValue(4)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def forget(self) -> None:
        """Discard all images; called when the model changes."""
        self._images.clear()
        self.set_places(np.empty(0, np.int64), np.empty((0, 2), np.float32))

    def add(self, rows: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
        """Add images, shape (K, H, W) or (K, H, W, 3), by row."""
        for row, picture in zip(rows.tolist(), pictures, strict=True):
            self._images[row] = to_qimage(picture)
        for row in list(self._images)[:-MAX_CACHED_IMAGES]:
            del self._images[row]
        self.update()

    def set_places(self, rows: NDArray[np.int64], xy: NDArray[np.float32]) -> None:
        """Set the rows of the images in view, and their positions, shape (K, 2)."""
        self.prepareGeometryChange()
        places = [QPointF(x, y) for x, y in xy.tolist()]
        self._shown = list(zip(rows.tolist(), places, strict=True))
        self.update()

    def missing(self) -> tuple[int, ...]:
        """Return the rows in view without an image."""
        return tuple(row for row, _ in self._shown if row not in self._images)

    @property
    def drawn(self) -> dict[int, QImage]:
        """Drawn images by row."""
        return {row: self._images[row] for row, _ in self._shown if row in self._images}

    def boundingRect(self) -> QRectF:
        """Return the view rectangle, because the images depend on the view."""
        view = self.getViewBox()
        return view.viewRect() if view and self._shown else QRectF()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the images in view, with a frame."""
        transform = painter.transform()
        painter.resetTransform()
        painter.setPen(QPen(QColor(colours().border), 1))
        for row, pos in self._shown:
            image = self._images.get(row)
            if image is not None:
                centre = transform.map(pos)
                rect = QRectF(
                    centre.x() - THUMBNAIL_SIZE / 2,
                    centre.y() - THUMBNAIL_SIZE / 2,
                    THUMBNAIL_SIZE,
                    THUMBNAIL_SIZE,
                )
                painter.drawImage(rect, image)
                painter.drawRect(rect)

    def layers(self) -> Iterable[Layer]:
        """Return the images in view as layers of a figure, as large as on the screen."""
        view = self.getViewBox()
        if view is None:
            return
        width, height = (THUMBNAIL_SIZE / 2 * size for size in view.viewPixelSize())
        for row, pos in self._shown:
            if row in self._images:
                x, y = pos.x(), pos.y()
                extent = (x - width, x + width, y - height, y + height)
                yield Raster(to_array(self._images[row]), extent)
