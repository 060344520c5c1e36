"""Line edit for a folder or ZIP of images, with browse buttons."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from latentlab.widgets.kit.form.row import GROUP_INDENT, LABEL_WIDTH
from latentlab.widgets.kit.theme import UNIT


class FilePathRow(QWidget):
    """Row whose ``line`` is aligned with the editors of a form."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setPlaceholderText("A folder or a ZIP of pictures")
        self.line.setToolTip("Where the pictures lie; two or more folders in it become classes")
        self.line.setAccessibleName("Folder or ZIP of pictures")
        label = QLabel("Pictures")
        label.setFixedWidth(LABEL_WIDTH - GROUP_INDENT)
        label.setBuddy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        row.addWidget(label)
        row.addWidget(self.line, 1)
        for text, tip, slot in (
            ("Folder…", "Choose a folder, with folders in it or without", self._choose_folder),
            ("ZIP…", "Choose a ZIP of pictures; it is read where it is", self._choose_zip),
        ):
            button = QPushButton(text, autoDefault=False)
            button.setToolTip(tip)
            button.clicked.connect(slot)
            row.addWidget(button)

    @Slot()
    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Pictures", self.line.text()))

    @Slot()
    def _choose_zip(self) -> None:
        near = self.line.text()
        self._take(QFileDialog.getOpenFileName(self, "Pictures", near, "Archives (*.zip)")[0])

    def _take(self, path: str) -> None:
        if path:
            self.line.setText(path)
