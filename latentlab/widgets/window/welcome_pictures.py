"""Illustrations of the welcome page, drawn from what the window shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from latentlab.session.curves.curves import TRAIN, VALIDATION
from latentlab.widgets.kit.icons import icon
from latentlab.widgets.kit.theme import UNIT, class_colour, colours

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent

    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

HEIGHT = 14 * UNIT
MAX_POINTS = 2000
DEVIATIONS = 2.8
"""Standard deviations of the codes from the middle of the picture to its edge."""
ICON = 4 * UNIT


class Illustration(QWidget):
    """Picture that is drawn from the state, and again when that changes.

    Parameters
    ----------
    controller : Controller
        Has the state.
    draw : callable
        Draws the picture inside a rectangle.
    watches : frozenset of str
        Fields of the state that the picture shows.
    """

    def __init__(
        self,
        controller: Controller,
        draw: Callable[[QPainter, QRectF, State], None],
        watches: Changes = frozenset(),
    ) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self._controller, self._draw = controller, draw
        controller.watchers.add(self._on_changed, watches)

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, QRectF(self.rect()), self._controller.state)


def draw_codes(painter: QPainter, rect: QRectF, state: State) -> None:
    """Draw the first two latent dimensions of the codes, coloured by class."""
    codes = state.codes
    if codes is None or len(codes) == 0 or codes.mu.shape[1] < 2:
        return
    mu = codes.mu[:MAX_POINTS, :2]
    scaled = (mu - mu.mean(0)) / (DEVIATIONS * mu.std(0) + 1e-9)
    inside = np.abs(scaled).max(1) < 1
    labels = np.zeros(len(codes), int) if codes.labels is None else codes.labels
    labels = labels[:MAX_POINTS][inside]
    places = _placed(scaled[inside] * (0.5, -0.5) + 0.5, rect)
    for label in np.unique(labels):
        painter.setPen(_pen(class_colour(int(label)), 2.5))
        painter.drawPoints([QPointF(*place) for place in places[labels == label]])


def draw_loss(painter: QPainter, rect: QRectF, state: State) -> None:
    """Draw the loss of the open model, for training and validation."""
    curves = [state.log.curves.get((split, "loss")) for split in (TRAIN, VALIDATION)]
    lines = [np.stack(curve, 1)[:, :2] for curve in curves if curve and len(curve[0]) > 1]
    painter.setPen(_pen(QColor(colours().border), 1.0))
    painter.drawLine(rect.bottomLeft(), rect.bottomRight())
    painter.drawLine(rect.bottomLeft(), rect.topLeft())
    if not lines:
        return
    points = np.concatenate(lines)
    low = points.min(0)
    # The first epochs are far above the others.
    high = np.array([points[:, 0].max(), np.quantile(points[:, 1], 0.98)])
    room = rect.adjusted(UNIT, UNIT, -UNIT, -UNIT)
    for line, colour in zip(lines, (colours().muted, colours().accent), strict=False):
        scaled = np.clip((line - low) / (high - low + 1e-9), 0, 1)
        painter.setPen(_pen(QColor(colour), 2.0))
        places = _placed(scaled * (1, -1) + (0, 1), room)
        painter.drawPolyline([QPointF(*place) for place in places])


def draw_drop_area(painter: QPainter, rect: QRectF, _: State) -> None:
    """Draw a place for files."""
    pen = _pen(QColor(colours().border), 2.0)
    pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), UNIT, UNIT)
    place = QRectF(0, 0, ICON, ICON)
    place.moveCenter(rect.center() - QPointF(0, 1.5 * UNIT))
    icon("import").paint(painter, place.toRect())
    painter.setPen(QColor(colours().muted))
    below = QRectF(rect.left(), place.bottom(), rect.width(), 3 * UNIT)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "image, folder, ZIP or run")


def _placed(points: NDArray[np.float64], rect: QRectF) -> NDArray[np.float64]:
    """Return points of the unit square as points of a rectangle."""
    return points * (rect.width(), rect.height()) + (rect.left(), rect.top())


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
