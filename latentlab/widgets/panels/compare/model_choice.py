"""Choice of model B: from the library, from a file, or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QSizePolicy, QWidget

from latentlab.directories import MODEL_SUFFIXES, is_run, runs
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.library.entries import LibraryEntry

CHOOSE = "Compare with…"
FILES = "Models (*.safetensors *.json)"


class ModelBChoice(QWidget):
    """Box with the models of the library, and buttons to open a file, swap, and stop."""

    chosen = Signal(object)
    """Path of a model, or None."""
    swapped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._path: Path | None = None
        self.box = QComboBox()
        self.box.setAccessibleName("Model B")
        self.box.setToolTip("Model B, which is compared with the open model A.")
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.box.setMinimumWidth(10 * UNIT)
        self.open = IconButton(
            "folder", "Open another file as model B. You can also drop it on this panel."
        )
        self.swap = IconButton("swap", "Swap the models: open B, and compare it with A")
        self.clear = IconButton("close", "Stop comparing")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        row.addWidget(self.box, 1)
        for button in (self.open, self.swap, self.clear):
            row.addWidget(button)
        self.box.activated.connect(self._on_activated)
        self.open.clicked.connect(self._on_open)
        self.swap.clicked.connect(self.swapped)
        self.clear.clicked.connect(self._on_clear)

    def offer(self, entries: tuple[LibraryEntry, ...], path: Path | None, name: str = "") -> None:
        """List the library and select `path`; `name` is its title once it is loaded."""
        self._path = path
        self.box.clear()
        self.box.addItem(CHOOSE)
        for entry in entries:
            if entry.damage:
                continue
            self._add(entry.title, entry.path, entry.summary)
        if path and self.box.findData(str(path)) < 0:
            self._add(name or path.name, path, str(path))
        self.box.setCurrentIndex(max(0, self.box.findData(str(path) if path else None)))

    def _add(self, name: str, path: Path, tip: str) -> None:
        self.box.addItem(name, str(path))
        self.box.setItemData(self.box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        data = self.box.itemData(index)
        self.chosen.emit(Path(data) if data else None)

    @Slot()
    def _on_open(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Compare with", str(runs()), FILES)
        if file:
            self.chosen.emit(Path(file))

    @Slot()
    def _on_clear(self) -> None:
        self.chosen.emit(None)


class ClassBox(QComboBox):
    """Class given to B where neither z nor the image has a label."""

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self.setAccessibleName("Class for B")
        self.setToolTip("Class that the conditional model B decodes and encodes as.")
        self.hide()

    def offer(self, names: tuple[str, ...]) -> None:
        """List the classes of a model."""
        if names != self._names:
            self._names = names
            self.clear()
            self.addItems(names)


def dropped_model(paths: Sequence[Path]) -> Path | None:
    """Return the first run folder or checkpoint among dropped paths, or None."""
    return next((p for p in paths if is_run(p) or p.suffix.lower() in MODEL_SUFFIXES), None)
