"""Contours on the map: a learned prior, the likelihood of an image, and its true posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF
from PySide6.QtWidgets import QLabel

from latentlab.session import wants
from latentlab.session.abilities import DECODER, STANDARD_PRIOR, why_not
from latentlab.session.contours import (
    NATS_BELOW,
    Contours,
    FindLikelihoodContours,
    FindPriorContours,
    FindTruePosterior,
    label_of_prior,
    studied_image,
)
from latentlab.session.files.figure import Line
from latentlab.widgets.kit.export.plot_layers import ink
from latentlab.widgets.kit.plot import cosmetic_pen
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from latentlab.latent.contours import Lines
    from latentlab.session.files.figure import Layer
    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.widgets.panels.map.plot import MapPlot

LIKELIHOOD, POSTERIOR = "likelihood", "true posterior"
CONTOURS = {
    LIKELIHOOD: (
        "Likelihood of the image",
        "Isocontours of log p(x|z) of the image at z, otherwise of your own image: "
        f"{', '.join(map(str, NATS_BELOW))} nats below its maximum on the plane.",
    ),
    POSTERIOR: (
        "True posterior",
        "p(z|x) of the image, by Bayes' rule on a grid, to compare with the ellipses of q(z|x): "
        "its two lines hold the same shares, 39 % and 86 %.",
    ),
}
TWO_DIMENSIONS = "This needs a model of two dimensions, whose plane is the whole latent space."
KINDS: tuple[type[Request[Any]], ...] = (
    FindPriorContours,
    FindLikelihoodContours,
    FindTruePosterior,
)


class ContourLines(pg.GraphicsObject):
    """Contour lines of several levels, the first one strongest.

    Parameters
    ----------
    colour : callable
        Returns the colour in the current scheme.
    fading : float
        Factor of the opacity from one level to the next.
    width : float
        Width of the lines in pixels.
    dashed : bool
        Whether the lines are dashed.
    """

    def __init__(
        self,
        colour: Callable[[], str],
        *,
        fading: float = 1.0,
        width: float = 1.5,
        dashed: bool = False,
    ) -> None:
        super().__init__()
        self._colour, self._fading, self._width = colour, fading, width
        self._style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        self._levels: tuple[Lines, ...] = ()
        self._polygons: list[list[QPolygonF]] = []
        self._extent = QRectF()
        self.setZValue(11)

    def set_levels(self, levels: Sequence[Lines]) -> None:
        """Show the lines of each level, in map coordinates."""
        self.prepareGeometryChange()
        self._levels = tuple(levels)
        self._polygons = [
            [QPolygonF([QPointF(x, y) for x, y in line.tolist()]) for line in lines]
            for lines in levels
        ]
        self._extent = QRectF()
        for lines in self._polygons:
            for line in lines:
                self._extent = self._extent.united(line.boundingRect())
        self.update()

    @property
    def levels(self) -> tuple[Lines, ...]:
        """Shown lines of each level."""
        return self._levels

    def _shade(self, level: int) -> QColor:
        shade = QColor(self._colour())
        shade.setAlphaF(self._fading**level)
        return shade

    def boundingRect(self) -> QRectF:
        """Return the bounds of all lines."""
        return self._extent

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw all lines."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for level, lines in enumerate(self._polygons):
            painter.setPen(cosmetic_pen(painter, self._shade(level), self._width, self._style))
            for line in lines:
                painter.drawPolyline(line)

    def layers(self) -> Iterable[Layer]:
        """Return the lines as layers of a figure."""
        is_dashed = self._style is Qt.PenStyle.DashLine
        for level, lines in enumerate(self._levels):
            shade = self._shade(level)
            for line in lines:
                colour = ink(shade, shade.alphaF())
                yield Line(line[:, 0], line[:, 1], colour, self._width, dashed=is_dashed)


class ContourLayers(QObject):
    """Contours of the map, and a line of text on what they are.

    Parameters
    ----------
    plot : MapPlot
        The map.
    is_on : callable
        Returns whether a layer of `CONTOURS` is switched on.
    """

    def __init__(self, plot: MapPlot, is_on: Callable[[str], bool]) -> None:
        super().__init__(plot)
        self._plot, self._is_on = plot, is_on
        self.prior = ContourLines(lambda: colours().muted, width=1.0, dashed=True)
        self.likelihood = ContourLines(lambda: colours().text, fading=0.75, width=1.2)
        self.posterior = ContourLines(lambda: colours().error, fading=0.75, width=2.0)
        for item in (self.prior, self.likelihood, self.posterior):
            plot.addItem(item, ignoreBounds=True)
        self.note = QLabel(plot)
        self.note.setObjectName("mapBar")
        self.note.setFont(small(self.note.font()))
        self.note.setContentsMargins(UNIT // 2, 0, UNIT // 2, 0)
        self.note.hide()
        plot.getViewBox().sigResized.connect(self._place_note)

    def wants(self, state: State) -> Iterable[Request[Any]]:
        """Return the requests of the active contours."""
        frame = state.view.frame
        if has_learned_prior(state):
            yield FindPriorContours(frame, label_of_prior(state))
        # During training the codes change many times a second.
        image = studied_image(state)
        if image is None or state.is_training:
            return
        if self._is_on(LIKELIHOOD) and (point := wants.orthogonal_point(state)):
            yield FindLikelihoodContours(image, point, frame)
        if self._is_on(POSTERIOR) and frame.size == 2 and image.sigma:
            yield FindTruePosterior(image, frame)

    def show_contours(self, state: State) -> None:
        """Show the contours that belong to the view and to the image at z."""
        prior = self._fitting(state, FindPriorContours)
        is_prior = prior is not None and prior.label == label_of_prior(state)
        self._show(self.prior, prior if is_prior and has_learned_prior(state) else None)
        likelihood = self._fitting(state, FindLikelihoodContours)
        self._show(self.likelihood, likelihood if self._is_on(LIKELIHOOD) else None)
        posterior = self._fitting(state, FindTruePosterior)
        is_shown = self._is_on(POSTERIOR)
        self._show(self.posterior, posterior if is_shown else None)
        self.note.setText(posterior.note if posterior and is_shown else "")
        self.note.setVisible(bool(self.note.text()))
        self._place_note()

    def _fitting(self, state: State, kind: type[Request[Contours]]) -> Contours | None:
        """Return the answer to a request if it is of this plane and this image."""
        found = state.answer(kind)
        if found is None or not state.view.is_plane or found.frame != state.view.frame:
            return None
        return found if found.image in (None, studied_image(state)) else None

    def _show(self, item: ContourLines, found: Contours | None) -> None:
        item.setVisible(found is not None)
        item.set_levels(found.lines if found else ())

    def _place_note(self) -> None:
        """Move the text to the lower right corner of the area within the axes."""
        if self.note.isHidden():
            return
        self.note.adjustSize()
        area = self._plot.getViewBox().sceneBoundingRect().toRect()
        room = area.right() - self.note.width() - UNIT // 2
        self.note.move(max(area.left(), room), area.bottom() - self.note.height() - UNIT // 2)


def has_learned_prior(state: State) -> bool:
    """Return whether the prior has contours other than rings."""
    if why_not(DECODER, state.model) or not state.view.is_plane:
        return False
    return bool(why_not(STANDARD_PRIOR, state.model))
