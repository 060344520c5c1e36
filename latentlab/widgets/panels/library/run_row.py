"""How one run is painted in a list."""

from __future__ import annotations

from typing import override

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from latentlab.widgets.kit.theme import CHOSEN, UNIT, colours, faint, small

THUMBNAIL = 40
PATH = Qt.ItemDataRole.UserRole
ENTRY = Qt.ItemDataRole.UserRole + 1
TAG = Qt.ItemDataRole.UserRole + 2


class RunRow(QStyledItemDelegate):
    """Paints a picture, a name, and below it a fainter line with a tag at its right."""

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(100, THUMBNAIL + UNIT)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        c = colours()
        _paint_ground(painter, option)
        place = QRect(option.rect.x() + 4, option.rect.y() + 4, THUMBNAIL, THUMBNAIL)
        index.data(Qt.ItemDataRole.DecorationRole).paint(painter, place)
        name, detail = index.data().split("\n", 1)
        room = _text_room(option.rect)
        top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        little = small(option.font)
        _write(painter, room, name, option.font, c.text, top)
        taken = _write(painter, room, index.data(TAG) or "", little, c.text, bottom, right=True)
        _write(painter, room.adjusted(0, 0, -taken, 0), detail, little, c.muted, bottom)


def name_room(rect: QRect) -> QRect:
    """Return where within a row the name stands."""
    room = _text_room(rect)
    return QRect(room.x() - 4, rect.y() + 2, room.width() + 4, rect.height() // 2)


def _text_room(rect: QRect) -> QRect:
    return rect.adjusted(THUMBNAIL + 2 * UNIT, 5, -UNIT, -5)


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    pointed = bool(option.state & QStyle.StateFlag.State_MouseOver)
    if selected or pointed:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint(colours().accent, CHOSEN if selected else 0.08))
        painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), 4, 4)


def _write(
    painter: QPainter,
    room: QRect,
    text: str,
    font: QFont,
    colour: str,
    side: Qt.AlignmentFlag,
    *,
    right: bool = False,
) -> int:
    """Write a line, cut off where it is too long; return the room it takes and a gap."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    line = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    across = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(room, int(side | across), line)
    return painter.fontMetrics().horizontalAdvance(line) + UNIT if line else 0
