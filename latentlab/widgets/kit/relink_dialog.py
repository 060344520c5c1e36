"""Dialog that asks where the images of a run are now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.workers.controller import Controller


class RelinkDialog(QDialog):
    """Asks for a folder or a file, and requests the comparison with the run's images.

    Parameters
    ----------
    controller : Controller
        Receives the request.
    folder : Path
        Run folder.
    name : str
        Name of the run.
    """

    def __init__(
        self, controller: Controller, folder: Path, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._folder = controller, folder
        self.setWindowTitle("Find the images of a run")
        self.setMinimumWidth(480)
        about = muted(
            f"Where are the images that {name} was trained on? They are compared with those of the "
            "run, and the run remembers where they are."
        )
        about.setWordWrap(True)
        self.line = QLineEdit()
        self.line.setPlaceholderText("A folder, or a ZIP, NPZ or NPY file")
        self.line.setToolTip("Where the images are now")
        self.line.setAccessibleName("Folder or file of the images")
        self.line.textChanged.connect(self._check)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.line, 1)
        for text, tip, slot in (
            ("Folder…", "Choose a folder", self._choose_folder),
            ("File…", "Choose a ZIP, NPZ or NPY file", self._choose_file),
        ):
            button = QPushButton(text, autoDefault=False)
            button.setToolTip(tip)
            button.clicked.connect(slot)
            row.addWidget(button)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = self.buttons.addButton("Use", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT)
        column.setSpacing(2 * UNIT)
        column.addWidget(about)
        column.addLayout(row)
        column.addWidget(self.buttons)
        self._check()

    @Slot()
    def _check(self) -> None:
        self.use.setEnabled(bool(self.line.text().strip()))

    @Slot()
    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Images", self.line.text()))

    @Slot()
    def _choose_file(self) -> None:
        self._take(QFileDialog.getOpenFileName(self, "Images", self.line.text())[0])

    def _take(self, path: str) -> None:
        if path:
            self.line.setText(path)

    @override
    def accept(self) -> None:
        """Request the comparison, and close."""
        path = Path(self.line.text().strip()).expanduser()
        self._controller.runs.relink(self._folder, path)
        super().accept()


def ask_images_of_run(parent: QWidget, controller: Controller, folder: Path, name: str) -> None:
    """Open the dialog for a run."""
    dialog = RelinkDialog(controller, folder, name, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
