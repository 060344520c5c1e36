"""List of runs: thumbnail, name, details and progress of each."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, override

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from latentlab.widgets.kit.images.image_view import to_qimage
from latentlab.widgets.panels.library.run_row import (
    ENTRY,
    PATH,
    TAG,
    THUMBNAIL,
    RunDelegate,
    name_rect,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QStyleOptionViewItem

    from latentlab.session.runs import LibraryEntry
    from latentlab.session.state import State

Index = QModelIndex | QPersistentModelIndex
PHASE_TEXTS = {"stopping": "stopping…", "paused": "paused"}


class RunList(QListWidget):
    """List of runs that keeps its selection when the entries change."""

    renamed = Signal(object, str)
    """Path of a run, and its new name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.setItemDelegate(_Rows(self))
        self.setMouseTracking(True)
        self.setAccessibleName("Models and runs")
        self.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QListWidget.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def entries(self) -> list[LibraryEntry]:
        """Return the selected entries, from top to bottom."""
        return [self.item(row).data(ENTRY) for row in range(self.count()) if self._is_selected(row)]

    def _is_selected(self, row: int) -> bool:
        return self.item(row).isSelected()

    def show_entries(self, entries: Sequence[LibraryEntry]) -> None:
        """List other entries, and keep the selection."""
        selected = {entry.path for entry in self.entries()}
        with QSignalBlocker(self):
            self.clear()
            for entry in entries:
                self.addItem(_item(entry))
                self.item(self.count() - 1).setSelected(entry.path in selected)

    def show_open(self, source: Path | None) -> None:
        """Select only the open run; None clears the selection."""
        with QSignalBlocker(self):
            self.setCurrentRow(
                self.row_of(source), QItemSelectionModel.SelectionFlag.ClearAndSelect
            )

    def row_of(self, path: Path | None) -> int:
        """Return the row of a run, or -1."""
        rows = range(self.count())
        return next((row for row in rows if self.item(row).data(PATH) == str(path)), -1)

    def show_tags(self, state: State) -> None:
        """Update the progress text of each run."""
        for row in range(self.count()):
            item = self.item(row)
            item.setData(TAG, progress_text(item.data(ENTRY), state))


class _Rows(RunDelegate):
    """Delegate whose names can be edited in place."""

    @override
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        line = QLineEdit(parent)
        line.setMaxLength(80)
        line.setToolTip("Enter keeps the name; empty gives the first one back")
        line.setAccessibleName("Name of the run")
        return line

    @override
    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        editor.setText(index.data(ENTRY).name)
        editor.selectAll()

    @override
    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        entry = index.data(ENTRY)
        runs = self.parent()
        if editor.text().strip() != entry.name and isinstance(runs, RunList):
            runs.renamed.emit(entry.path, editor.text().strip())

    @override
    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        editor.setGeometry(name_rect(option.rect))


def progress_text(entry: LibraryEntry, state: State) -> str:
    """Return the progress of a run as a short text."""
    if state.opening and state.opening == entry.path.name:
        return "opening…"
    if is_training(entry, state) and state.training.run:
        return PHASE_TEXTS.get(state.training.run.phase, "training")
    if entry.damage:
        return "damaged"
    if entry.shipped or not entry.epochs:
        return ""
    if entry.failure:
        return f"failed at {entry.epoch} of {entry.epochs}"
    if entry.epoch < entry.epochs:
        return f"{entry.epoch} of {entry.epochs}"
    return "1 epoch" if entry.epoch == 1 else f"{entry.epoch} epochs"


def is_training(entry: LibraryEntry, state: State) -> bool:
    """Return whether a run is being trained."""
    return state.training.run is not None and state.training.run.folder == entry.path


def run_tooltip(entry: LibraryEntry) -> str:
    """Return the tooltip of a run."""
    if entry.damage:
        return "\n".join([entry.name, entry.damage, str(entry.path)])
    lines = [f"{entry.name}: {entry.detail}"]
    if entry.epochs and not entry.shipped:
        done = entry.epoch >= entry.epochs
        status = "Finished" if done else f"Stopped at epoch {entry.epoch} of {entry.epochs}"
        after = f" after {entry.epoch} epochs" if done else ""
        more = "; training can go on from there" if entry.resumable else ""
        lines.append(f"{status}{after}{more}.")
    lines += [entry.failure] if entry.failure else []
    return "\n".join([*lines, str(entry.path)])


def _item(entry: LibraryEntry) -> QListWidgetItem:
    item = QListWidgetItem(f"{entry.name}\n{entry.detail}")
    item.setData(PATH, str(entry.path))
    item.setData(ENTRY, entry)
    item.setToolTip(escape(run_tooltip(entry), quote=False).replace("\n", "<br>"))
    item.setIcon(QIcon())
    if not entry.shipped:
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    if entry.thumbnail is not None:
        pixmap = QPixmap.fromImage(to_qimage(entry.thumbnail))
        smooth = Qt.TransformationMode.SmoothTransformation
        kept = Qt.AspectRatioMode.KeepAspectRatio
        item.setIcon(QIcon(pixmap.scaled(2 * THUMBNAIL, 2 * THUMBNAIL, kept, smooth)))
    return item
