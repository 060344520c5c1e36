"""Overlay that dims a widget while its content is outdated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from latentlab.session.model import Open
from latentlab.widgets.kit.theme import UNIT, colours, faint

if TYPE_CHECKING:
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

DIM_DELAY_MS = 400
"""Milliseconds before the previous answer is dimmed, so that a short wait does not flicker."""
OPACITY, TRACK = 0.65, 0.25
BAR = 3
"""Height in pixels of the progress bar at the top; a veil lower than 16 pixels has none."""


class StaleOverlay(QWidget):
    """Dims a widget while an answer that it shows is pending, and shows the progress.

    While another model is being opened, the veil also blocks the mouse, since the content belongs
    to the previous model.

    Parameters
    ----------
    host : QWidget
        Widget to cover.
    controller : Controller
        Source of the state.
    kinds : type of Request
        Request types whose answers the host shows; `Open` is always included.
    tells : bool
        Whether to show the name of the model being opened.
    """

    def __init__(
        self, host: QWidget, controller: Controller, *kinds: type[Request[Any]], tells: bool = False
    ) -> None:
        super().__init__(host)
        self._shows_name = tells
        self._kinds = frozenset({Open, *kinds})
        self._answers: Changes = frozenset(kind.updates or kind for kind in kinds)
        self._opening = ""
        self.fraction: float | None = None
        self._show_timer = QTimer(self)
        self._show_timer.setSingleShot(True)
        self._show_timer.setInterval(DIM_DELAY_MS)
        self._show_timer.timeout.connect(self._show_veil)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.hide()
        host.installEventFilter(self)
        watched = frozenset({"awaited", "opening", "working"}) | self._answers
        controller.watchers.add(self._on_changed, watched)

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        if changed & self._answers:
            # An answer arrived; during a drag the next request is already pending.
            self._show_timer.stop()
        if "working" in changed:
            self._show_progress(state)
        if not changed & {"awaited", "opening"} and not changed & self._answers:
            return
        self._opening = state.opening if Open in state.awaited else ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not self._opening)
        if not self._kinds & state.awaited:
            self._show_timer.stop()
            if not self.isHidden():
                self.hide()
        elif self.isHidden() and not self._show_timer.isActive():
            self._show_timer.start()

    def _show_progress(self, state: State) -> None:
        fractions = [each.fraction for kind, each in state.working.items() if kind in self._kinds]
        fraction = fractions[0] if fractions else None
        if fraction != self.fraction:
            self.fraction = fraction
            self.update(0, 0, self.width(), BAR)

    @Slot()
    def _show_veil(self) -> None:
        self._fit_to_host()
        self.show()
        self.raise_()

    def _fit_to_host(self) -> None:
        host = self.parentWidget()
        self.setGeometry(QRect() if host is None else host.rect())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit_to_host()
        return super().eventFilter(watched, event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), faint(colours().base, OPACITY))
        if self.fraction is not None and self.height() >= 2 * UNIT:
            self._draw_progress(painter, self.fraction)
        if self._opening and self._shows_name:
            self._draw_text(painter, f"Opening {self._opening}…")

    def _draw_progress(self, painter: QPainter, fraction: float) -> None:
        accent = self.palette().accent().color()
        painter.fillRect(0, 0, self.width(), BAR, faint(accent.name(), TRACK))
        painter.fillRect(0, 0, round(self.width() * fraction), BAR, accent)

    def _draw_text(self, painter: QPainter, text: str) -> None:
        c, width = colours(), self.width() - 4 * UNIT
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)
        box = painter.fontMetrics().boundingRect(text).adjusted(-2 * UNIT, -UNIT, 2 * UNIT, UNIT)
        box.moveCenter(self.rect().center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(c.border))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(box, UNIT, UNIT)
        painter.setPen(QColor(c.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
