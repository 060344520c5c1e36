"""Item model of the runs: a table that can be sorted and searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon, QPixmap

from latentlab.session.library.comparable import scale_of
from latentlab.session.library.notes import Notes, parse_tags
from latentlab.session.state import State
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.labels import RIGHT, wrapped
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

    from latentlab.session.library.entries import LibraryEntry

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
Order = Qt.SortOrder
ENTRY = Role.UserRole
STATUS = Role.UserRole + 1
"""Progress of a run in words."""
REMARK = Role.UserRole + 4
"""Why the nats of a run cannot be compared with those of the open model; empty if they can."""
FRACTION = Role.UserRole + 2
"""Progress of the run that is being trained, from 0 to 1."""
THUMBNAIL = 40
# Combined once: a view asks for the flags of all rows, and to combine them takes longer.
PLAIN = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
EDITABLE = PLAIN | Qt.ItemFlag.ItemIsEditable


class RunModel(QAbstractTableModel):
    """Table of runs: one row per run that a search finds, one column per `COLUMNS`."""

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
        self._words: list[str] = []
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
        if before.model is not state.model and self._entries:
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(self._entries) - 1, len(COLUMNS) - 1), [REMARK]
            )
        if before.opening != state.opening or before.training.run is not state.training.run:
            self._repaint({before.opening, state.opening})

    def search(self, text: str) -> None:
        """Show the runs that contain all words of a text, in any order and case."""
        self._words = text.casefold().split()
        found = self._ordered()
        if found != self._entries:
            # Thousands of rows that come and go one by one would take the view a tenth of a second.
            self.beginResetModel()
            self._entries = found
            self.endResetModel()

    def _found(self) -> list[LibraryEntry]:
        """Return the runs that contain all words of the search, in the order of the library."""
        if not self._words:
            return list(self._listed)
        return [entry for entry in self._listed if self._has_words(entry)]

    def _has_words(self, entry: LibraryEntry) -> bool:
        text = self._searched(entry)
        return all(word in text for word in self._words)

    def _update_rows(self) -> None:
        found = {entry.path: entry for entry in self._found()}
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
        """Sort the rows, and keep the persistent indexes."""
        places = {entry.path: i for i, entry in enumerate(self._entries)}
        ordered = self._ordered()
        rows = {places[entry.path]: row for row, entry in enumerate(ordered)}
        if all(old == new for old, new in rows.items()):
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        self._entries = ordered
        moved = [self.index(rows[index.row()], index.column()) for index in old]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _ordered(self) -> list[LibraryEntry]:
        """Return the found runs in the chosen order; those without a key come last."""
        ordered = self._found()
        if self._column < 0:
            return ordered
        key = COLUMNS[self._column].key
        known = [entry for entry in ordered if key(entry) is not None]
        known.sort(key=key, reverse=self._order == Order.DescendingOrder)  # type: ignore[arg-type]
        return known + [entry for entry in ordered if key(entry) is None]

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
            return RIGHT
        return None

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return super().flags(index)
        column = index.column()
        is_editable = column in (TAGS, NOTES)
        if column == NAME:
            is_editable = not self._entries[index.row()].shipped
        return EDITABLE if is_editable else PLAIN

    @override
    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        match role:
            case Role.DisplayRole | Role.EditRole:
                return COLUMNS[index.column()].text(entry)
            case Role.ToolTipRole:
                text = "\n".join(filter(None, (run_tooltip(entry), self._remark(entry))))
                return wrapped(text)
            case Role.TextAlignmentRole:
                return RIGHT if COLUMNS[index.column()].is_number else None
            case Role.DecorationRole:
                return self._icon(entry) if index.column() == NAME else None
            case Role.AccessibleTextRole:
                return self._spoken(entry, index.column())
        return self._of_run(entry, role)

    def _of_run(self, entry: LibraryEntry, role: int) -> Any:
        if role == ENTRY:
            return entry
        if role == REMARK:
            return self._remark(entry)
        if role == STATUS:
            return progress_text(entry, self._state)
        return fraction_done(entry, self._state) if role == FRACTION else None

    def _remark(self, entry: LibraryEntry) -> str:
        model = self._state.model
        why = entry.scale.difference(scale_of(model.recipe)) if model else ""
        return f"Its nats cannot be compared with those of the open model: {why}." if why else ""

    def _searched(self, entry: LibraryEntry) -> str:
        """Return all text of a run in lower case, made when it is first searched."""
        known, text = self._texts.get(entry.path, (None, ""))
        if known is not entry:
            notes = entry.notes
            text = " ".join(
                (entry.name, entry.summary, date_text(entry), *notes.tags, notes.text, entry.damage)
            ).casefold()
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
