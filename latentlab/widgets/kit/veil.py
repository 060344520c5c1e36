"""A veil over what no longer fits, until there is something new."""

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

CALM_MS = 400
"""How long an answer may take before the former one is dimmed: a short wait must not flicker."""
OPACITY, TRACK = 0.65, 0.25
BAR = 3
"""Height of the progress bar at the top; a veil that is lower than a line has none."""


class Veil(QWidget):
    """Dims a widget while an answer that it shows is awaited, and tells how far the answer is.

    Another model that is being opened also takes the mouse away: what is shown belongs to the
    model before.

    Parameters
    ----------
    host : QWidget
        What it lies over.
    controller : Controller
        Tells which requests are awaited.
    kinds : type of Request
        Those whose answers are shown; `Open` is always one of them.
    tells : bool
        Whether it also says which model is being opened.
    """

    def __init__(
        self, host: QWidget, controller: Controller, *kinds: type[Request[Any]], tells: bool = False
    ) -> None:
        super().__init__(host)
        self._tells = tells
        self._kinds = frozenset({Open, *kinds})
        self._answers: Changes = frozenset(kind.updates or kind for kind in kinds)
        self._opening = ""
        self.fraction: float | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(CALM_MS)
        self._later.timeout.connect(self._fall)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.hide()
        host.installEventFilter(self)
        controller.changed.connect(self._on_changed)

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        if changed & self._answers:
            # An answer has come: while a hand drags, the next one is awaited already.
            self._later.stop()
        if "working" in changed:
            self._show_progress(state)
        if not changed & {"awaited", "opening"} and not changed & self._answers:
            return
        self._opening = state.opening if Open in state.awaited else ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not self._opening)
        if not self._kinds & state.awaited:
            self._later.stop()
            self.hide()
        elif self.isHidden() and not self._later.isActive():
            self._later.start()

    def _show_progress(self, state: State) -> None:
        told = [how.fraction for kind, how in state.working.items() if kind in self._kinds]
        fraction = told[0] if told else None
        if fraction != self.fraction:
            self.fraction = fraction
            self.update(0, 0, self.width(), BAR)

    @Slot()
    def _fall(self) -> None:
        self._cover()
        self.show()
        self.raise_()

    def _cover(self) -> None:
        host = self.parentWidget()
        self.setGeometry(QRect() if host is None else host.rect())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the host."""
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return super().eventFilter(watched, event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), faint(colours().base, OPACITY))
        if self.fraction is not None and self.height() >= 2 * UNIT:
            self._draw_progress(painter, self.fraction)
        if self._opening and self._tells:
            self._draw_text(painter, f"Opening {self._opening}…")

    def _draw_progress(self, painter: QPainter, fraction: float) -> None:
        accent = self.palette().accent().color()
        painter.fillRect(0, 0, self.width(), BAR, faint(accent.name(), TRACK))
        painter.fillRect(0, 0, round(self.width() * fraction), BAR, accent)

    def _draw_text(self, painter: QPainter, text: str) -> None:
        c, width = colours(), self.width() - 4 * UNIT
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)
        room = painter.fontMetrics().boundingRect(text).adjusted(-2 * UNIT, -UNIT, 2 * UNIT, UNIT)
        room.moveCenter(self.rect().center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(c.border))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(room, UNIT, UNIT)
        painter.setPen(QColor(c.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
