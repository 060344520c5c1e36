"""Overlay that says, while files are dragged over the window, what dropping them does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, override

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from latentlab.session.import_.model import ListForeignFormats
from latentlab.widgets.kit.background import BackgroundWorker
from latentlab.widgets.kit.clipboard import local_files
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, colours, faint, heading

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QPaintEvent

    from latentlab.data.files.drops import DropText
    from latentlab.session.import_.model import ForeignFormat
    from latentlab.widgets.window.main_window import MainWindow

SCRIM, TINT, HOVERED_TINT = 0.72, 0.10, 0.22
"""Opacities of the cover, of the accent colour over a target, and of that under the cursor."""
CARD_WIDTH = 56 * UNIT
LINK = "A link cannot be opened"
LINK_NOTE = "Save the file first, then drop it here."


class TargetArea(NamedTuple):
    """Place of a widget that takes files itself, and what it does with the dragged ones."""

    text: str
    rect: QRect


class DropOverlay(QWidget):
    """Covers a window while files are dragged over it.

    It lets all events through. A background thread looks at the files.

    Parameters
    ----------
    window : MainWindow
        Window to cover.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._window = window
        self._paths: list[Path] = []
        self._areas: list[TargetArea] = []
        self._hovered: TargetArea | None = None
        self._text: DropText | None = None
        self._card = QFrame(self)
        self._card.setObjectName("sheet")
        self.title, self.note = QLabel(), muted(stretch=False)
        self._lay_out()
        self._worker = BackgroundWorker(self)
        self._worker.done.connect(self._on_recognized)
        self.hide()

    def _lay_out(self) -> None:
        self.title.setFont(heading(self.title.font()))
        column = QVBoxLayout(self._card)
        column.setContentsMargins(3 * UNIT, 2 * UNIT, 3 * UNIT, 2 * UNIT)
        column.setSpacing(UNIT)
        for label in (self.title, self.note):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
            column.addWidget(label)

    def watch(self) -> None:
        """Watch for drags over the window; call it when the window is shown."""
        # The handle gets the drag events of all widgets of the window.
        self._window.windowHandle().installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            if event.source() is None:
                self._begin(event.mimeData())
        elif kind == QEvent.Type.DragMove and isinstance(event, QDragMoveEvent):
            self._point_at(event.position().toPoint())
        elif kind in (QEvent.Type.DragLeave, QEvent.Type.Drop):
            self.hide()
        return False

    def _begin(self, data: QMimeData) -> None:
        """Cover the window if files or links are dragged."""
        if not data.hasUrls():
            return
        self._paths, self._areas = local_files(data), []
        self._hovered = self._text = None
        if self._paths:
            self._areas = self._find_targets()
            formats = self._window.controller.state.answer(ListForeignFormats) or ()
            self._worker.run(partial(_recognize, self._paths, formats))
        self.setGeometry(self._window.rect())
        self._show_text()
        self.show()
        self.raise_()

    def _find_targets(self) -> list[TargetArea]:
        docks = self._window.docks.values()
        panels = [dock.build() for dock in docks if dock.is_built and dock.is_seen]
        areas = []
        for panel in panels:
            for widget, text in panel.drop_targets(self._paths):
                visible = widget.visibleRegion().boundingRect()
                corner = widget.mapTo(self._window, visible.topLeft())
                areas.append(TargetArea(text, QRect(corner, visible.size())))
        return [area for area in areas if not area.rect.isEmpty()]

    def _point_at(self, place: QPoint) -> None:
        hovered = next((area for area in self._areas if area.rect.contains(place)), None)
        if hovered is not self._hovered:
            self._hovered = hovered
            self._show_text()

    @Slot(object)
    def _on_recognized(self, answer: tuple[list[Path], DropText]) -> None:
        paths, text = answer
        if paths == self._paths:
            self._text = text
            self._show_text()

    def _show_text(self) -> None:
        """Show what happens at the cursor, in the middle of the window."""
        text = self._text
        if self._hovered:
            title, note = self._hovered.text, ""
        elif not self._paths:
            title, note = LINK, LINK_NOTE
        else:
            title = text.title if text else ""
            note = "\n".join(filter(None, (text.name, text.note))) if text else ""
        self.title.setText(title)
        self.title.setStyleSheet(f"color: {colours().text if self._is_taken else colours().error}")
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self._card.setVisible(bool(title))
        self._place_card()
        self.update()

    def _place_card(self) -> None:
        """Place the card in the middle, or above or below it to leave all targets visible."""
        width = min(CARD_WIDTH, self.width() - 8 * UNIT)
        box = QRect(0, 0, width, self._card.heightForWidth(width))
        places = []
        for share in (1 / 2, 5 / 6, 1 / 6):
            box.moveCenter(QPoint(self.width() // 2, round(self.height() * share)))
            places.append(QRect(box))
        free = [box for box in places if not any(box.intersects(area.rect) for area in self._areas)]
        self._card.setGeometry((free or places)[0])

    @property
    def _is_taken(self) -> bool:
        """Whether the files can be dropped at the cursor, as far as is known."""
        is_known = self._text is None or self._text.is_known
        return bool(self._paths) and (is_known or self._hovered is not None)

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cover = QPainterPath()
        cover.addRect(QRectF(self.rect()))
        for area in self._areas:
            cover.addRoundedRect(QRectF(area.rect), UNIT, UNIT)
        painter.fillPath(cover, faint(colours().window, SCRIM))
        edge = self.rect().adjusted(3, 3, -3, -3)
        accent = colours().accent if self._is_taken else colours().error
        _draw_frame(painter, edge, accent, is_hovered=self._hovered is None)
        for area in self._areas:
            is_hovered = area is self._hovered
            tint = HOVERED_TINT if is_hovered else TINT
            painter.setBrush(faint(colours().accent, tint))
            _draw_frame(painter, area.rect, colours().accent, is_hovered=is_hovered)
            if not is_hovered:
                _draw_label(painter, area)


def _draw_frame(painter: QPainter, rect: QRect, colour: str, *, is_hovered: bool) -> None:
    line = Qt.PenStyle.SolidLine if is_hovered else Qt.PenStyle.DashLine
    painter.setPen(QPen(QColor(colour), 2, line))
    painter.drawRoundedRect(rect, UNIT, UNIT)


def _draw_label(painter: QPainter, area: TargetArea) -> None:
    """Draw what a target does at its lower edge, if there is room."""
    box = painter.fontMetrics().boundingRect(area.text).adjusted(-UNIT, -UNIT, UNIT, UNIT)
    if box.width() > area.rect.width() or box.height() > area.rect.height():
        return
    box.moveCenter(QPoint(area.rect.center().x(), area.rect.bottom() - 3 * UNIT))
    painter.setPen(QPen(QColor(colours().accent), 1))
    painter.setBrush(QColor(colours().raised))
    painter.drawRoundedRect(box, UNIT // 2, UNIT // 2)
    painter.setPen(QColor(colours().text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, area.text)


def _recognize(
    paths: list[Path], formats: tuple[ForeignFormat, ...]
) -> tuple[list[Path], DropText]:
    """Return the paths, and what the window does with them; called in the background thread."""
    # Imported here, because Pillow with all its formats is slow to load.
    from latentlab.data.files.drops import describe, recognize

    return paths, describe(recognize(paths, formats))
