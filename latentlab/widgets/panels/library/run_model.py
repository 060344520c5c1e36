"""Item models of the runs: a sorted table, and the filter of a search."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRegularExpression,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon, QPixmap

from latentlab.session.library.notes import Notes, parse_tags
from latentlab.session.state import State
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.panels.library.columns import COLUMNS, NAME, NOTES, TAGS, date_text
from latentlab.widgets.panels.library.progress import (
    fraction_done,
    is_training,
    progress_text,
    run_tooltip,
    with_run,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from latentlab.session.runs import LibraryEntry

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
Order = Qt.SortOrder
ENTRY = Role.UserRole
STATUS = Role.UserRole + 1
"""Progress of a run in words."""
FRACTION = Role.UserRole + 2
"""Progress of the run that is being trained, from 0 to 1."""
SEARCHED = Role.UserRole + 3
"""All text of a run, for the search."""
THUMBNAIL = 40
NUMBER_ALIGNMENT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunModel(QAbstractTableModel):
    """Table of runs: one row per run, one column per `COLUMNS`."""

    renamed = Signal(object, str)
    """Path of a run, and its new name."""
    annotated = Signal(object, object)
    """Path of a run, and its new ``Notes``."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = State()
        self._listed: tuple[LibraryEntry, ...] = ()
        self._entries: list[LibraryEntry] = []
        self._column, self._order = -1, Order.AscendingOrder
        self._texts: dict[Path, tuple[LibraryEntry, str]] = {}
        self._icons: dict[Path, tuple[object, QIcon]] = {}

    def show_runs(self, entries: tuple[LibraryEntry, ...], state: State) -> None:
        """Show the entries and the current run; rows that stay keep their indexes."""
        before, self._state = self._state, state
        listed = with_run(entries, state.training.run)
        if len(listed) != len(self._listed) or any(
            new is not old for new, old in zip(listed, self._listed, strict=True)
        ):
            self._listed = listed
            self._update_rows()
        if before.opening != state.opening or before.training.run is not state.training.run:
            self._repaint({before.opening, state.opening})

    def _update_rows(self) -> None:
        found = {entry.path: entry for entry in self._listed}
        for row in reversed(range(len(self._entries))):
            if self._entries[row].path not in found:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._entries[row]
                self.endRemoveRows()
        for row, old in enumerate(self._entries):
            new = found.pop(old.path)
            if new is not old:
                self._entries[row] = new
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        if found:
            first = len(self._entries)
            self.beginInsertRows(QModelIndex(), first, first + len(found) - 1)
            self._entries += found.values()
            self.endInsertRows()
        self._arrange()

    def _repaint(self, opened: Iterable[str]) -> None:
        """Repaint the rows whose progress may have changed."""
        for row, entry in enumerate(self._entries):
            if entry.path.name in opened or is_training(entry, self._state):
                self.dataChanged.emit(self.index(row, 0), self.index(row, 0), [STATUS, FRACTION])

    @override
    def sort(self, column: int, order: Order = Order.AscendingOrder) -> None:
        """Sort by a column; -1 restores the order of the library."""
        self._column, self._order = column, order
        self._arrange()

    def _arrange(self) -> None:
        """Sort the rows; sorting them here is much faster than by calls of a proxy model."""
        places = {entry.path: i for i, entry in enumerate(self._entries)}
        ordered = [self._entries[places[entry.path]] for entry in self._listed]
        if self._column >= 0:
            key = COLUMNS[self._column].key
            known = [entry for entry in ordered if key(entry) is not None]
            known.sort(key=key, reverse=self._order == Order.DescendingOrder)  # type: ignore[arg-type]
            ordered = known + [entry for entry in ordered if key(entry) is None]
        rows = {places[entry.path]: row for row, entry in enumerate(ordered)}
        if all(old == new for old, new in rows.items()):
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        self._entries = ordered
        moved = [self.index(rows[index.row()], index.column()) for index in old]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def index_of(self, path: Path | None) -> QModelIndex:
        """Return the index of a run's name; invalid if it is not listed."""
        rows = (row for row, entry in enumerate(self._entries) if entry.path == path)
        return self.index(next(rows, -1), NAME)

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == Role.DisplayRole:
            return column.title
        if role == Role.ToolTipRole:
            return f"{column.tip} Click to sort; the third click restores the first order."
        if role == Role.TextAlignmentRole and column.is_number:
            return NUMBER_ALIGNMENT
        return None

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return super().flags(index)
        flags = super().flags(index) | Qt.ItemFlag.ItemNeverHasChildren
        is_editable = index.column() in (TAGS, NOTES)
        if index.column() == NAME:
            is_editable = not self._entries[index.row()].shipped
        return flags | Qt.ItemFlag.ItemIsEditable if is_editable else flags

    @override
    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        match role:
            case Role.DisplayRole | Role.EditRole:
                return COLUMNS[index.column()].text(entry)
            case Role.ToolTipRole:
                return escape(run_tooltip(entry), quote=False).replace("\n", "<br>")
            case Role.TextAlignmentRole:
                return NUMBER_ALIGNMENT if COLUMNS[index.column()].is_number else None
            case Role.DecorationRole:
                return self._icon(entry) if index.column() == NAME else None
            case Role.AccessibleTextRole:
                return self._spoken(entry, index.column())
        return self._of_run(entry, role)

    def _of_run(self, entry: LibraryEntry, role: int) -> Any:
        if role == ENTRY:
            return entry
        if role == STATUS:
            return progress_text(entry, self._state)
        if role == FRACTION:
            return fraction_done(entry, self._state)
        return self._searched(entry) if role == SEARCHED else None

    def _searched(self, entry: LibraryEntry) -> str:
        """Return all text of a run, made when it is first searched."""
        known, text = self._texts.get(entry.path, (None, ""))
        if known is not entry:
            notes = entry.notes
            text = " ".join(
                (entry.name, entry.summary, date_text(entry), *notes.tags, notes.text, entry.damage)
            )
            self._texts[entry.path] = (entry, text)
        return text

    def _spoken(self, entry: LibraryEntry, column: int) -> str:
        """Return the text that a screen reader says."""
        if column != NAME:
            return f"{COLUMNS[column].title}: {COLUMNS[column].text(entry)}"
        texts = (entry.name, entry.summary, progress_text(entry, self._state))
        return ", ".join(text for text in texts if text)

    def _icon(self, entry: LibraryEntry) -> QIcon:
        """Return the thumbnail of a run, scaled when it is first painted."""
        known, icon = self._icons.get(entry.path, (None, QIcon()))
        if entry.thumbnail is not None and known is not entry.thumbnail:
            side = 2 * THUMBNAIL
            smooth = Qt.TransformationMode.SmoothTransformation
            kept = Qt.AspectRatioMode.KeepAspectRatio
            pixmap = QPixmap.fromImage(to_qimage(entry.thumbnail))
            icon = QIcon(pixmap.scaled(side, side, kept, smooth))
            self._icons[entry.path] = (entry.thumbnail, icon)
        return icon

    @override
    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        """Report an edited name, tags or notes, which the library then lists."""
        if role != Role.EditRole or value.strip() == self.data(index):
            return False
        entry = self._entries[index.row()]
        if index.column() == NAME:
            self.renamed.emit(entry.path, value.strip())
        elif index.column() == TAGS:
            self.annotated.emit(entry.path, Notes(entry.notes.text, parse_tags(value)))
        else:
            self.annotated.emit(entry.path, Notes(value.strip(), entry.notes.tags))
        return True


class RunFilter(QSortFilterProxyModel):
    """The rows of a `RunModel` that contain all words of a search; the source sorts them."""

    def __init__(self, source: RunModel) -> None:
        super().__init__(source.parent())
        self.setFilterRole(SEARCHED)
        self.setDynamicSortFilter(True)
        self.setSourceModel(source)

    def set_words(self, text: str) -> None:
        """Show the runs that contain all words of a text, in any order and case."""
        pattern = "^" + "".join(f"(?=.*{re.escape(word)})" for word in text.split())
        options = QRegularExpression.PatternOption
        every = options.CaseInsensitiveOption | options.DotMatchesEverythingOption
        self.setFilterRegularExpression(QRegularExpression(pattern, every))

    @override
    def sort(self, column: int, order: Order = Order.AscendingOrder) -> None:
        self.sourceModel().sort(column, order)
