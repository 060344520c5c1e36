"""Delegate that paints a run in a list."""

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


class RunDelegate(QStyledItemDelegate):
    """Delegate that paints thumbnail and name, and below the name the details and a tag."""

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
        _paint_background(painter, option)
        icon_rect = QRect(option.rect.x() + 4, option.rect.y() + 4, THUMBNAIL, THUMBNAIL)
        index.data(Qt.ItemDataRole.DecorationRole).paint(painter, icon_rect)
        name, detail = index.data().split("\n", 1)
        bounds = _text_rect(option.rect)
        top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        font = small(option.font)
        _draw_text(painter, bounds, name, option.font, c.text, top)
        used = _draw_text(painter, bounds, index.data(TAG) or "", font, c.text, bottom, right=True)
        _draw_text(painter, bounds.adjusted(0, 0, -used, 0), detail, font, c.muted, bottom)


def name_rect(rect: QRect) -> QRect:
    """Return the rectangle of the name within a row."""
    bounds = _text_rect(rect)
    return QRect(bounds.x() - 4, rect.y() + 2, bounds.width() + 4, rect.height() // 2)


def _text_rect(rect: QRect) -> QRect:
    return rect.adjusted(THUMBNAIL + 2 * UNIT, 5, -UNIT, -5)


def _paint_background(painter: QPainter, option: QStyleOptionViewItem) -> None:
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    pointed = bool(option.state & QStyle.StateFlag.State_MouseOver)
    if selected or pointed:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint(colours().accent, CHOSEN if selected else 0.08))
        painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), 4, 4)


def _draw_text(
    painter: QPainter,
    bounds: QRect,
    text: str,
    font: QFont,
    colour: str,
    side: Qt.AlignmentFlag,
    *,
    right: bool = False,
) -> int:
    """Draw a line of elided text; return its width plus a gap, in pixels."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    line = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, bounds.width())
    horizontal = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(bounds, int(side | horizontal), line)
    return painter.fontMetrics().horizontalAdvance(line) + UNIT if line else 0
