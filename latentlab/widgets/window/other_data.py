"""Dialog for the images of another data set, shown with the open model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QVBoxLayout

from latentlab.session.export import DescribeForm
from latentlab.widgets.kit.form.form import FormWidget
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.session.form import Field
    from latentlab.workers.controller import Controller

SET_BY_MODEL = frozenset({"width", "height", "size", "colour", "split", "held_out", "leave_out"})
"""Fields of a data set that the model decides, or that have no meaning without training."""
REMEMBERED = "other_data/form"


class OtherDataDialog(QDialog):
    """Asks for a data set, and whether the images of the run stay on the map.

    Parameters
    ----------
    controller : Controller
        Receives the request.
    data : Field
        Description of the data set in the form of a recipe.
    """

    def __init__(self, controller: Controller, data: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setWindowTitle("Show other images with this model")
        self.setMinimumWidth(460)
        self.form = FormWidget((_without_format(data),), grouped=False)
        self.form.set_values(settings().value(REMEMBERED, {}))
        self.together = QCheckBox("Keep the images of the run on the map")
        self.together.setToolTip(
            "Show both sets at once, coloured by the set, to see where the other images differ"
        )
        self.together.setChecked(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.show_button = self.buttons.addButton("Show", QDialogButtonBox.ButtonRole.AcceptRole)
        self._lay_out()
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.form.changed.connect(self._check)
        self._check()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(2 * UNIT)
        column.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT)
        about = muted(
            "A new batch, or images that the model has never seen. They are scaled to the size of "
            "the model. Map, neighbours and anomaly scores are then of these images."
        )
        about.setWordWrap(True)
        for widget in (about, self.form, self.together, self.buttons):
            column.addWidget(widget)

    @Slot()
    def _check(self) -> None:
        self.show_button.setEnabled(not self.form.wrong())

    @override
    def accept(self) -> None:
        """Request the images, and close."""
        values = self.form.values()
        settings().setValue(REMEMBERED, values)
        self._controller.model.show_data(values["data"], together=self.together.isChecked())
        super().accept()


def _without_format(data: Field) -> Field:
    kinds = tuple(
        replace(kind, fields=tuple(each for each in kind.fields if each.name not in SET_BY_MODEL))
        for kind in data.kinds
    )
    return replace(data, kinds=kinds)


def ask_other_data(parent: QWidget, controller: Controller) -> None:
    """Open the dialog if a model is open."""
    fields = controller.state.answer(DescribeForm) or ()
    data = next((field for field in fields if field.name == "data"), None)
    if data is None or controller.state.model is None:
        return
    dialog = OtherDataDialog(controller, data, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
