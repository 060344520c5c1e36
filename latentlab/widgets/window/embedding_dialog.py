"""Dialog that asks which of several embeddings of a file is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QVBoxLayout

from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.session.codes import Embeddings
    from latentlab.workers.controller import Controller

MIN_WIDTH = 55 * UNIT


class EmbeddingDialog(QDialog):
    """List of embeddings with their dimensions, the most likely one first.

    Parameters
    ----------
    controller : Controller
        Receives the choice.
    found : Embeddings
        The embeddings.
    """

    def __init__(
        self, controller: Controller, found: Embeddings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._found = controller, found
        self.setWindowTitle(f"Embeddings of {found.path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(MIN_WIDTH)
        about = muted("The file holds several embeddings (obsm). Which one are the codes?")
        about.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Embeddings")
        for name, dimensions in found.names.items():
            self.list.addItem(f"{name}, {dimensions:,} dimension{'s' * (dimensions != 1)}")
        self.list.setCurrentRow(0)
        self.list.itemDoubleClicked.connect(self.accept)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(UNIT)
        for widget in (about, self.list, buttons):
            column.addWidget(widget)

    @override
    def accept(self) -> None:
        chosen = list(self._found.names)[max(0, self.list.currentRow())]
        super().accept()
        self._controller.codes.open(self._found.path, chosen)
