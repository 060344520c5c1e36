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
        self.line.setPlaceholderText("A folder or a ZIP archive of images")
        self.line.setToolTip(
            "Where the images are. If it has two or more folders inside, each is a class."
        )
        self.line.setAccessibleName("Folder or ZIP archive of images")
        label = QLabel("Images")
        label.setFixedWidth(LABEL_WIDTH - GROUP_INDENT)
        label.setBuddy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        row.addWidget(label)
        row.addWidget(self.line, 1)
        for text, tip, slot in (
            (
                "Folder…",
                "Choose a folder of images, with or without folders inside",
                self._choose_folder,
            ),
            (
                "ZIP…",
                "Choose a ZIP archive of images; it is read without unpacking",
                self._choose_zip,
            ),
        ):
            button = QPushButton(text, autoDefault=False)
            button.setToolTip(tip)
            button.clicked.connect(slot)
            row.addWidget(button)

    @Slot()
    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Images", self.line.text()))

    @Slot()
    def _choose_zip(self) -> None:
        near = self.line.text()
        self._take(QFileDialog.getOpenFileName(self, "Images", near, "Archives (*.zip)")[0])

    def _take(self, path: str) -> None:
        if path:
            self.line.setText(path)
