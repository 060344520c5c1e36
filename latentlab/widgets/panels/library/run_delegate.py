"""Delegate that paints and edits the runs of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from latentlab.session.library.notes import MAX_TAG_LENGTH, MAX_TAGS, MAX_TEXT_LENGTH
from latentlab.session.library.run_names import MAX_NAME_LENGTH
from latentlab.widgets.kit.labels import two_lines
from latentlab.widgets.kit.theme import CHOSEN, UNIT, colours, faint, small
from latentlab.widgets.panels.library.columns import COLUMNS, DIFFERENCES, NAME, NOTES, TAGS
from latentlab.widgets.panels.library.run_model import ENTRY, FRACTION, REMARK, STATUS, THUMBNAIL

if TYPE_CHECKING:
    from latentlab.session.library.entries import LibraryEntry

Index = QModelIndex | QPersistentModelIndex
Align = Qt.AlignmentFlag
RADIUS = 4
PROGRESS_HEIGHT = 3
POINTED = 0.08
EDITORS = {
    NAME: (
        "Name of the run",
        "Enter saves the name; an empty one restores the first",
        MAX_NAME_LENGTH,
    ),
    TAGS: ("Tags", "Enter saves the tags; commas separate them", MAX_TAGS * MAX_TAG_LENGTH),
    NOTES: ("Notes", "Enter saves the notes", MAX_TEXT_LENGTH),
}
"""Accessible name, tooltip and maximum length of the editor of a column."""


class RunDelegate(QStyledItemDelegate):
    """Paints the columns of a run; the name with thumbnail, a second line and progress.

    Parameters
    ----------
    view : QTreeView
        Table that it paints.
    """

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view
        self.marked = QPersistentModelIndex()
        """Row whose context menu is open."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(COLUMNS[index.column()].width, THUMBNAIL + UNIT)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setClipRect(option.rect)
        self._paint_background(painter, option, index)
        match index.column():
            case column if column == NAME:
                self._paint_name(painter, option, index)
            case column if column == TAGS:
                _paint_tags(painter, option, index.data(ENTRY).notes.tags)
            case column if column in (DIFFERENCES, NOTES):
                _paint_lines(painter, option, index.data())
            case column:
                is_number = COLUMNS[column].is_number
                side = Align.AlignRight if is_number else Align.AlignLeft
                is_plain = is_number and not index.data(REMARK)
                colour = colours().text if is_plain else colours().muted
                # The header has room for the sort indicator.
                bounds = _inside(option.rect).adjusted(0, 0, -UNIT if is_number else 0, 0)
                font = small(option.font)
                _draw(painter, bounds, index.data(), font, colour, side | Align.AlignVCenter)
        painter.restore()

    def _paint_background(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Fill the part of the row's rounded rectangle that is in this cell."""
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        pointed = bool(option.state & QStyle.StateFlag.State_MouseOver)
        current = self._view.hasFocus() and self._view.currentIndex().row() == index.row()
        marked = self.marked.isValid() and self.marked.row() == index.row()
        positions = QStyleOptionViewItem.ViewItemPosition
        row, position = option.rect.adjusted(0, 1, -1, -2), option.viewItemPosition
        if position in (positions.Middle, positions.End):
            row.setLeft(row.left() - 2 * RADIUS)
        if position in (positions.Middle, positions.Beginning):
            row.setRight(row.right() + 2 * RADIUS)
        outline = QColor(colours().accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(outline if marked or (current and not selected) else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if selected or pointed:
            painter.setBrush(faint(colours().accent, CHOSEN if selected else POINTED))
        painter.drawRoundedRect(row, RADIUS, RADIUS)

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: LibraryEntry = index.data(ENTRY)
        place = QRect(option.rect.x() + 4, option.rect.y() + 4, THUMBNAIL, THUMBNAIL)
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        if icon.isNull():
            painter.fillRect(place, faint(colours().muted, POINTED))
        icon.paint(painter, place)
        bounds, fraction = _text_rect(option.rect), index.data(FRACTION)
        parts = [entry.detail] if self._is_table() or entry.damage else _parts(entry)
        failed = bool(entry.failure or entry.damage) and fraction is None
        status = index.data(STATUS)
        is_urgent = failed or fraction is not None or status.endswith("…")
        accent = colours().accent if is_urgent else colours().muted
        font = small(option.font)
        status_width = QFontMetrics(font).horizontalAdvance(status) + UNIT if status else 0
        lines = lines_below(parts, font, bounds.width(), status_width if is_urgent else 0)
        if len(lines) > 1:
            bounds = bounds.adjusted(0, -3, 0, 3)
        _draw(painter, bounds, entry.name, option.font, colours().text, Align.AlignTop)
        _draw(painter, bounds, "\n".join(lines), font, colours().muted, Align.AlignBottom)
        free = bounds.width() - QFontMetrics(font).horizontalAdvance(lines[-1])
        if is_urgent or free >= status_width:
            colour = colours().error if failed else accent
            _draw(painter, bounds, status, font, colour, Align.AlignBottom | Align.AlignRight)
        if fraction is not None:
            _paint_progress(painter, option.rect, fraction)

    def _is_table(self) -> bool:
        return not self._view.isHeaderHidden()

    @override
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        name, tip, length = EDITORS[index.column()]
        line = QLineEdit(parent)
        line.setAccessibleName(name)
        line.setToolTip(tip)
        line.setMaxLength(length)
        return line

    @override
    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        rect = option.rect
        if index.column() == NAME:
            bounds = _text_rect(rect)
            editor.setGeometry(bounds.x() - 4, rect.y() + 2, bounds.width() + 4, rect.height() // 2)
        else:
            height = editor.sizeHint().height()
            editor.setGeometry(rect.x(), rect.center().y() - height // 2, rect.width(), height)


def _text_rect(rect: QRect) -> QRect:
    """Return the rectangle of the two lines of a name."""
    return rect.adjusted(THUMBNAIL + 2 * UNIT, 5, -UNIT, -6)


def _inside(rect: QRect) -> QRect:
    return rect.adjusted(UNIT // 2, 0, -UNIT // 2, 0)


def _parts(entry: LibraryEntry) -> list[str]:
    """Return the second line of a run in a list: what tells it from others, and its ELBO."""
    elbo = [] if entry.negative_elbo is None else [f"{entry.negative_elbo:.1f} nats"]
    return [entry.differences or entry.detail, *elbo]


def lines_below(parts: list[str], font: QFont, width: int, reserved: int) -> list[str]:
    """Return one line of as many parts as fit, or the first part alone in at most two lines.

    Parameters
    ----------
    parts : list of str
        The most important first.
    font : QFont
        Font of the lines.
    width, reserved : int
        Width of a line, and what of the last one is needed for other text, in pixels.
    """
    metrics = QFontMetrics(font)
    for count in range(len(parts), 0, -1):
        text = " · ".join(parts[:count])
        if metrics.horizontalAdvance(text) <= width - reserved:
            return [text]
    *before, last = two_lines(parts[0], font, width)
    return [*before, metrics.elidedText(last, Qt.TextElideMode.ElideRight, width - reserved)]


def _draw(
    painter: QPainter, bounds: QRect, text: str, font: QFont, colour: str, side: Align
) -> None:
    """Draw lines of text; a single line is elided in its middle: names end in what differs."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    if "\n" not in text:
        mode = Qt.TextElideMode.ElideMiddle
        text = painter.fontMetrics().elidedText(text, mode, bounds.width())
    painter.drawText(bounds, int(side), text)


def _paint_lines(painter: QPainter, option: QStyleOptionViewItem, text: str) -> None:
    """Paint a text in at most two lines."""
    bounds, font = _inside(option.rect), small(option.font)
    lines = "\n".join(two_lines(" ".join(text.split()), font, bounds.width()))
    _draw(painter, bounds, lines, font, colours().text, Align.AlignVCenter)


def _paint_tags(painter: QPainter, option: QStyleOptionViewItem, tags: tuple[str, ...]) -> None:
    """Paint each tag in a frame, as many as fit, then the number of the others."""
    bounds, font = _inside(option.rect), small(option.font)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    x, height = bounds.left(), metrics.height() + 4
    for i, tag in enumerate(tags):
        rest = f"+{len(tags) - i}"
        text = (
            tag if i else metrics.elidedText(tag, Qt.TextElideMode.ElideRight, bounds.width() - 12)
        )
        width = metrics.horizontalAdvance(text) + 12
        more = metrics.horizontalAdvance(rest) if i < len(tags) - 1 else 0
        painter.setPen(QColor(colours().muted))
        if i and x + width + more > bounds.right() + 1:
            painter.drawText(
                QRect(x, bounds.y(), bounds.width(), bounds.height()), int(Align.AlignVCenter), rest
            )
            return
        frame = QRect(x, bounds.center().y() - height // 2, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint(colours().muted, CHOSEN))
        painter.drawRoundedRect(frame, height / 2, height / 2)
        painter.setPen(QColor(colours().text))
        painter.drawText(frame, int(Align.AlignCenter), text)
        x += width + 4


def _paint_progress(painter: QPainter, rect: QRect, fraction: float) -> None:
    bounds = _text_rect(rect)
    track = QRect(bounds.x(), rect.bottom() - 4, bounds.width(), PROGRESS_HEIGHT)
    done = QRect(track.topLeft(), QSize(round(track.width() * fraction), PROGRESS_HEIGHT))
    painter.setPen(Qt.PenStyle.NoPen)
    for part, colour in ((track, colours().border), (done, colours().accent)):
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(part, 1.5, 1.5)
