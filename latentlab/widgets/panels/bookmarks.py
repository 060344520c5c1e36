"""The Bookmarks panel: saved points, each with image and note."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from latentlab.session import wants
from latentlab.session.abilities import DECODER
from latentlab.session.bookmarks import ExportBookmarks, ImportBookmarks, ReadBookmarks
from latentlab.session.export import BOOKMARKS
from latentlab.session.interpolation import Bookmark
from latentlab.session.model import Decode
from latentlab.session.points import Picture
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

    from latentlab.session.points import Point
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

ICON_SIZE = 48
MAX_PIXEL_RATIO = 2
"""Largest device pixel ratio at which images stay sharp."""
USAGE = "Click to set z to it. F2 or a double click edits the note."
EMPTY = "Press Add to save the current z here, with its image and a note."


class BookmarksPanel(PanelWidget):
    """List of bookmarks: click opens one, double click or F2 edits its note, Del removes it."""

    watches = frozenset({"model", "codes", Decode, ReadBookmarks, "is_training"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.add = QPushButton("Add")
        self.add.setToolTip("Save the current z as a bookmark, with its image.")
        self.remove = IconButton(
            "clear",
            "Remove the selected bookmark (Del in the list). Undo restores it.",
        )
        self.load = IconButton("import", "Read bookmarks from a JSON file and add them")
        self.save = IconButton("export", "Save the bookmarks as a JSON file")
        self.tools.addWidget(self.add)
        self.tools.addStretch(1)
        for button in (self.remove, self.load, self.save):
            self.tools.addWidget(button)
        self.list = QListWidget()
        self.list.setAccessibleName("Bookmarks")
        self.list.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.installEventFilter(self)
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self.list, 1)
        StaleOverlay(self.list, controller)
        self._connect()

    def _connect(self) -> None:
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.load.clicked.connect(self._on_load)
        self.save.clicked.connect(self._on_save)
        self.list.itemClicked.connect(self._on_clicked)
        self.list.itemEntered.connect(self._preview)
        self.list.itemChanged.connect(self._on_note)
        self.list.currentRowChanged.connect(self._show_buttons)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        yield from wants.picture(state)
        if state.answer(ReadBookmarks) is None:
            # A failed request stays awaited: its error is shown once, not for each set of codes.
            is_wanted = ReadBookmarks not in state.awaited
        else:
            # Other weights decode other images; during training the weights change constantly.
            is_wanted = not state.is_training
        if state.model and is_wanted:
            yield ReadBookmarks()

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if ReadBookmarks in changed:
            self._show_list(state)
        # A bookmark added before the file is read would overwrite those in the file.
        is_read = state.answer(ReadBookmarks) is not None
        self.add.setEnabled(is_read and state.answer(Decode) is not None)
        self._show_buttons()

    def _show_list(self, state: State) -> None:
        row = self.list.currentRow()
        with QSignalBlocker(self.list):
            self.list.clear()
            marks = _bookmarks(state)
            for mark in marks:
                item = QListWidgetItem(_icon(mark), mark.note or _point_text(mark))
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                item.setToolTip(f"{_point_text(mark)}. {USAGE}")
                self.list.addItem(item)
            self.list.setCurrentRow(min(row, self.list.count() - 1))
        self.list.setVisible(bool(marks))
        self._empty.setVisible(not marks)

    @Slot()
    def _show_buttons(self) -> None:
        marks = _bookmarks(self.controller.state)
        self.remove.setEnabled(0 <= self.list.currentRow() < len(marks))
        self.save.setEnabled(bool(marks))

    @Slot()
    def _on_add(self) -> None:
        state = self.controller.state
        if picture := state.answer(Decode):
            original = state.original.name if state.original else ""
            mark = Bookmark(picture.point, original, picture.pixels)
            self.controller.bookmarks.keep((*_bookmarks(state), mark))

    @Slot()
    def _on_remove(self) -> None:
        marks, row = _bookmarks(self.controller.state), self.list.currentRow()
        if 0 <= row < len(marks):
            self.controller.preview.clear()
            self.controller.bookmarks.keep(marks[:row] + marks[row + 1 :])

    @Slot(QListWidgetItem)
    def _on_note(self, item: QListWidgetItem) -> None:
        marks, row = _bookmarks(self.controller.state), self.list.row(item)
        text = item.text().strip()
        if 0 <= row < len(marks) and text != (marks[row].note or _point_text(marks[row])):
            self.controller.bookmarks.keep(
                (*marks[:row], replace(marks[row], note=text), *marks[row + 1 :])
            )

    @Slot(QListWidgetItem)
    def _on_clicked(self, item: QListWidgetItem) -> None:
        marks, row = _bookmarks(self.controller.state), self.list.row(item)
        if 0 <= row < len(marks):
            self.controller.point.set(marks[row].point)

    @Slot(QListWidgetItem)
    def _preview(self, item: QListWidgetItem) -> None:
        marks, row = _bookmarks(self.controller.state), self.list.row(item)
        if 0 <= row < len(marks):
            self.controller.preview.picture(Picture(marks[row].point, marks[row].pixels))

    def point_shown_at(self, place: QPoint) -> Point | None:
        """Return the bookmark at a position; None if there is none."""
        item = self._item_at(place)
        return _bookmarks(self.controller.state)[self.list.row(item)].point if item else None

    @override
    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        if item := self._item_at(place):
            self.list.setCurrentItem(item)
            menu.addAction("Edit the note", partial(self.list.editItem, item))
        super().fill_menu(menu, place)

    def _item_at(self, place: QPoint) -> QListWidgetItem | None:
        viewport = self.list.viewport()
        return self.list.itemAt(viewport.mapFrom(self, place)) if viewport.isVisible() else None

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Open with Enter, remove with Del, end the preview when the cursor leaves."""
        if event.type() == QEvent.Type.Leave:
            self.controller.preview.clear()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key, item = Qt.Key(event.key()), self.list.currentItem()
            if item and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_clicked(item)
                return True
            if item and key is Qt.Key.Key_Delete:
                self._on_remove()
                return True
        return super().eventFilter(watched, event)

    @Slot()
    def _on_load(self) -> None:
        state = self.controller.state
        chosen, _ = QFileDialog.getOpenFileName(self, "Add bookmarks", "", "JSON (*.json)")
        if chosen and state.model:
            self.controller.ask(ImportBookmarks(state.model, _bookmarks(state), Path(chosen)))

    @Slot()
    def _on_save(self) -> None:
        state = self.controller.state
        if state.model and (path := ask_save_path(self, "bookmarks", BOOKMARKS)):
            self.controller.ask(ExportBookmarks(state.model, _bookmarks(state), path))


def _bookmarks(state: State) -> tuple[Bookmark, ...]:
    return state.answer(ReadBookmarks) or ()


def _point_text(mark: Bookmark) -> str:
    numbers = ", ".join(f"{value:+.2f}" for value in mark.point.z[:3])
    return f"z = ({numbers}{', …' if len(mark.point.z) > 3 else ''})"


def _icon(mark: Bookmark) -> QIcon:
    """Return the icon of a bookmark, with the same pixmap in the selected state."""
    image = to_qimage(mark.pixels)
    side, keep = MAX_PIXEL_RATIO * ICON_SIZE, Qt.AspectRatioMode.KeepAspectRatio
    fast = Qt.TransformationMode.FastTransformation
    pixmap = QPixmap.fromImage(image.scaled(side, side, keep, fast))
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


PANEL = Panel(
    key="bookmarks",
    title="Bookmarks",
    places={
        "edit": Place(Area.LEFT, 1, 1),
    },
    help="Saved points of the latent space. <b>Add</b> saves the current z with its image; a "
    "click sets z to it again (undo returns), a double click or F2 edits the note. "
    "Bookmarks belong to a model and are saved with its run; those of the shipped models "
    "are saved in your settings folder. A JSON file passes them to others, who need the "
    "same model.",
    scrolls=True,
    widget=BookmarksPanel,
    needs=DECODER,
)
