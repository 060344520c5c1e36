"""Dialog that asks what is done with codes of the open model's latent space."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QRadioButton, QVBoxLayout

from latentlab.session.codes import CodeUse
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.session.codes import CodesForModel
    from latentlab.workers.controller import Controller

MIN_WIDTH = 55 * UNIT


class CodesDialog(QDialog):
    """Offers a selection, a path, bookmarks, and to open the file without the model.

    Parameters
    ----------
    controller : Controller
        Receives the choice.
    found : CodesForModel
        The codes.
    """

    def __init__(
        self, controller: Controller, found: CodesForModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._found = controller, found
        self.setWindowTitle(f"Codes of {found.path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(MIN_WIDTH)
        column = QVBoxLayout(self)
        column.setSpacing(UNIT)
        model = controller.state.model
        name = model.name if model else "the model"
        codes = "1 code" if found.count == 1 else f"{found.count:,} codes"
        told = muted(f"{codes} in the latent space of {name}.")
        told.setWordWrap(True)
        column.addWidget(told)
        self.uses = {use: QRadioButton(use.value) for use in CodeUse}
        for use, button in self.uses.items():
            why = found.problem(use)
            button.setEnabled(not why)
            button.setToolTip(why)
            column.addWidget(button)
        if found.rows is not None and len(found.rows):
            share = f" ({len(found.rows):,} of {found.count:,} are on the map)"
            self.uses[CodeUse.SELECTION].setText(f"{CodeUse.SELECTION}{share}")
        next(button for button in self.uses.values() if button.isEnabled()).setChecked(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    @override
    def accept(self) -> None:
        chosen = next(use for use, button in self.uses.items() if button.isChecked())
        super().accept()
        self._controller.codes.use(self._found, chosen)

    @override
    def reject(self) -> None:
        super().reject()
        self._controller.codes.forget()
