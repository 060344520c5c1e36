"""The Library panel: the models that came along and the user's own runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from latentlab.widgets.image_view import to_image
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.theme import UNIT, colours, faint, small

if TYPE_CHECKING:
    from latentlab.session.state import Entry, State
    from latentlab.workers.controller import Controller

THUMBNAIL = 40
Index = QModelIndex | QPersistentModelIndex
PATH = Qt.ItemDataRole.UserRole


class LibraryPanel(PanelWidget):
    """A list; one click opens."""

    watches = frozenset({"library", "model", "opening"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.list = QListWidget()
        self.list.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.list.setItemDelegate(_TwoLines(self.list))
        self.list.setMouseTracking(True)
        self.list.setAccessibleName("Models")
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self.list)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """List the models and mark the open one."""
        if "library" in changed:
            self.list.clear()
            for entry in state.library:
                self.list.addItem(_item(entry))
        source = str(state.model.source) if state.model else ""
        for row in range(self.list.count()):
            if self.list.item(row).data(PATH) == source:
                self.list.setCurrentRow(row)
                return
        self.list.setCurrentRow(-1)

    @Slot(QListWidgetItem)
    def _open(self, item: QListWidgetItem) -> None:
        model = self.controller.state.model
        path = item.data(PATH)
        if not (model and str(model.source) == path):
            self.controller.open(Path(path))


class _TwoLines(QStyledItemDelegate):
    """Paints a picture, a name, and a fainter line about it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, THUMBNAIL + UNIT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        c = colours()
        rect = option.rect.adjusted(0, 1, 0, -1)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        pointed = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if selected or pointed:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faint(c.accent, 0.18 if selected else 0.08))
            painter.drawRoundedRect(rect, 4, 4)
        place = QRect(rect.x() + 4, rect.y() + 3, THUMBNAIL, THUMBNAIL)
        index.data(Qt.ItemDataRole.DecorationRole).paint(painter, place)
        name, detail = index.data().split("\n", 1)
        text = rect.adjusted(THUMBNAIL + 2 * UNIT, 4, -UNIT, -4)
        lines = (
            (name, option.font, c.text, Qt.AlignmentFlag.AlignTop),
            (detail, small(option.font), c.muted, Qt.AlignmentFlag.AlignBottom),
        )
        for line, font, colour, side in lines:
            painter.setFont(font)
            painter.setPen(QColor(colour))
            elided = painter.fontMetrics().elidedText(
                line, Qt.TextElideMode.ElideRight, text.width()
            )
            painter.drawText(text, int(side), elided)


def _item(entry: Entry) -> QListWidgetItem:
    item = QListWidgetItem(f"{entry.name}\n{entry.detail}")
    item.setData(PATH, str(entry.path))
    item.setToolTip(f"{entry.name}: {entry.detail}\n{entry.path}")
    item.setIcon(QIcon())
    if entry.thumbnail is not None:
        pixmap = QPixmap.fromImage(to_image(entry.thumbnail))
        smooth = Qt.TransformationMode.SmoothTransformation
        kept = Qt.AspectRatioMode.KeepAspectRatio
        item.setIcon(QIcon(pixmap.scaled(2 * THUMBNAIL, 2 * THUMBNAIL, kept, smooth)))
    return item


PANEL = Panel(
    key="library",
    title="Library",
    area=Area.LEFT,
    order=0,
    shortcut="Alt+8",
    help="Models to explore: those that came with latentlab, then your own runs, newest first. "
    "Click one to open it. A run folder or a checkpoint from elsewhere opens by dropping it on "
    "the window.",
    widget=LibraryPanel,
    share=2,
)
