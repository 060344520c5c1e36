"""Dialog that exports the open model for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QStandardPaths, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QVBoxLayout,
)

from latentlab.session.files.model_export import ExportModel, ModelFormat, ModelPart
from latentlab.widgets.kit.dialogs import EXPORT_FOLDER, ask_save_path
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.workers.controller import Controller


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to export a model: its title, what it is for, format and part."""

    title: str
    help: str
    format: ModelFormat
    part: ModelPart = ModelPart.DECODER


VARIANTS = (
    Variant(
        "ONNX, both parts",
        "A folder with encoder.onnx, decoder.onnx and model.toml, which latentlab can open again. "
        "Other programs run the two files without Python.",
        ModelFormat.FOLDER,
    ),
    Variant(
        "ONNX, decoder",
        "One file that makes images: input z, and y for the class; output image.",
        ModelFormat.ONNX,
    ),
    Variant(
        "ONNX, encoder",
        "One file that encodes images: input x, and y for the class; outputs mu and sigma.",
        ModelFormat.ONNX,
        ModelPart.ENCODER,
    ),
    Variant(
        "Weights (safetensors)",
        "The tensors under their names in PyTorch, for programs that build the network.",
        ModelFormat.SAFETENSORS,
    ),
)
WIDTH = 52 * UNIT


class ExportModelDialog(QDialog):
    """Choice of format and precision; asks for the path and starts the export."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setWindowTitle("Export model")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.variant = QComboBox()
        self.variant.addItems([each.title for each in VARIANTS])
        self.variant.setAccessibleName("Format")
        self._help = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._help.setObjectName("muted")
        self._help.setMinimumHeight(3 * self._help.fontMetrics().lineSpacing())
        self._help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.half = QCheckBox("Weights in half precision")
        self.half.setToolTip(
            "Half the size. Weights are rounded to three digits; ONNX still computes in single "
            "precision."
        )
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Save | kinds.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Format", self.variant)
        form.addRow("", self._help)
        form.addRow("", self.half)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.buttons)
        self.setFixedWidth(WIDTH)
        self.variant.currentIndexChanged.connect(self._on_variant)
        self._on_variant()

    @property
    def chosen(self) -> Variant:
        """The chosen variant."""
        return VARIANTS[self.variant.currentIndex()]

    @Slot()
    def _on_variant(self) -> None:
        self._help.setText(self.chosen.help)

    @override
    def accept(self) -> None:
        """Ask for the path, and start the export; stay open if no path is chosen."""
        if path := self._ask_path():
            request = ExportModel(path, self.half.isChecked(), self.chosen.part)
            self._controller.files.save(request)
            super().accept()

    def _ask_path(self) -> Path | None:
        model = self._controller.state.model
        if model is None:
            return None
        if self.chosen.format is not ModelFormat.FOLDER:
            name = self.chosen.part.value if self.chosen.format is ModelFormat.ONNX else "model"
            return ask_save_path(self, name, (self.chosen.format.value[1:],))
        documents = QStandardPaths.StandardLocation.DocumentsLocation
        start = settings().value(EXPORT_FOLDER, QStandardPaths.writableLocation(documents))
        title = "Choose where the folder is made"
        folder = QFileDialog.getExistingDirectory(self, title, str(start))
        if not folder:
            return None
        settings().setValue(EXPORT_FOLDER, folder)
        return Path(folder) / f"{file_name(model.name)}-onnx"


def file_name(name: str) -> str:
    """Return a display name as the name of a file."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    return kept.strip("-") or "model"
