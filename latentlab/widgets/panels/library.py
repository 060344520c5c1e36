"""The Library panel: the models that came along and the user's own runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from latentlab.widgets.image_view import to_image
from latentlab.widgets.panel import Area, Panel, PanelWidget

if TYPE_CHECKING:
    from latentlab.session.state import Entry, State
    from latentlab.workers.controller import Controller

THUMBNAIL = 40
PATH = Qt.ItemDataRole.UserRole


class LibraryPanel(PanelWidget):
    """A list; one click opens."""

    watches = frozenset({"library", "model", "opening"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.list = QListWidget()
        self.list.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.list.setAccessibleName("Models")
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self.list)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)

    def render(self, state: State, changed: frozenset[str]) -> None:
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


def _item(entry: Entry) -> QListWidgetItem:
    item = QListWidgetItem(f"{entry.name}\n{entry.detail}")
    item.setData(PATH, str(entry.path))
    item.setToolTip(f"{entry.name}: {entry.detail}\n{entry.path}")
    if entry.thumbnail is not None:
        pixmap = QPixmap.fromImage(to_image(entry.thumbnail))
        item.setIcon(QIcon(pixmap.scaled(2 * THUMBNAIL, 2 * THUMBNAIL)))
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
