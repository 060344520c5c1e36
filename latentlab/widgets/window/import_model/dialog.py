"""Import dialog: how a model of another program is understood, with images to check."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from latentlab.session.import_.model import InspectForeign
from latentlab.session.points import Point, Tiles
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.labels import muted, problem
from latentlab.widgets.kit.theme import UNIT, heading, small
from latentlab.widgets.window.import_model.choices import ChoiceRows

if TYPE_CHECKING:
    from latentlab.session.import_.model import ForeignModel
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

SIZE = (960, 640)
CHOICES_WIDTH = 38 * UNIT
NO_IMAGES = (
    "No images on this machine fit this model, so nothing shows whether it is understood. Open its "
    "data set first, or check the values on the left."
)


class ImportModelDialog(QDialog):
    """Shows a model of another program, and lets a person correct how it is understood.

    Parameters
    ----------
    controller : Controller
        Receives the intents.
    found : ForeignModel
        How the file is understood.
    """

    def __init__(
        self, controller: Controller, found: ForeignModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.resize(*SIZE)
        self.setMinimumSize(640, 440)
        self._controller, self._found = controller, found
        self._given: dict[str, str] = {}
        self.summary = muted(stretch=False)
        self.title = QLabel()
        self.choices = ChoiceRows()
        self.caption = muted(stretch=False)
        self.images = ImageGrid(NO_IMAGES, fixed_columns=True, gap=2)
        self.images.exporting.is_of_model = False
        self.problem = problem()
        self.details = QPlainTextEdit(readOnly=True)
        self.progress = QProgressBar(textVisible=False)
        self._lay_out()
        self.choices.changed.connect(self._on_choice)
        controller.changed.connect(self._on_changed)
        self.show_found(found)

    def _lay_out(self) -> None:
        self.title.setFont(heading(self.title.font()))
        for label in (self.title, self.summary, self.caption):
            # Names of files must not be parsed as markup.
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.images.setAccessibleName("Images, and below them their reconstructions")
        self.details.setAccessibleName("How the file is understood")
        self.details.setFont(small(self.details.font()))
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(policy)
        self.progress.setRange(0, 0)
        self.progress.hide()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(CHOICES_WIDTH)
        scroll.setWidget(self.choices)
        middle = QHBoxLayout()
        middle.setSpacing(2 * UNIT)
        middle.addWidget(scroll)
        middle.addLayout(self._right(), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT)
        column.setSpacing(UNIT)
        column.addWidget(self.title)
        column.addWidget(self.summary)
        column.addLayout(middle, 1)
        column.addWidget(self.progress)
        column.addWidget(self._buttons())

    def _right(self) -> QVBoxLayout:
        sheet = QFrame()
        sheet.setObjectName("sheet")
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(UNIT, UNIT, UNIT, UNIT)
        inside.addWidget(self.images)
        right = QVBoxLayout()
        right.setSpacing(UNIT)
        right.addWidget(sheet, 3)
        right.addWidget(self.caption)
        right.addWidget(self.problem)
        right.addWidget(self.details, 2)
        return right

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.open_button = QPushButton("Open")
        self.open_button.setObjectName("primary")
        self.open_button.setToolTip("Convert the model into a run of latentlab, and open it")
        self.open_button.setDefault(True)
        buttons.addButton(self.open_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def show_found(self, found: ForeignModel) -> None:
        """Show how a file is understood; another file than before resets the chosen values."""
        if found.path != self._found.path:
            self._given = {}
        self._found = found
        self.setWindowTitle(f"Open {found.path.name}")
        self.title.setText(found.path.name)
        self.summary.setText(f"{found.format}: {found.summary}")
        self.choices.show_choices(found.choices)
        self.images.set_tiles(_tiles(found))
        self.caption.setText(_caption(found))
        self.details.setPlainText(_details(found))
        self._set_busy(busy=False)

    @Slot(str, str)
    def _on_choice(self, key: str, value: str) -> None:
        self._given[key] = value
        self._set_busy(busy=True)
        self._controller.imports.inspect(self._found.path, self._given)

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        if "failure" in changed and state.failure:
            self._set_busy(busy=False)
            self.problem.setText(f"{state.failure.title} {state.failure.advice}".strip())
            self.problem.show()
        if "working" in changed and (progress := state.working.get(InspectForeign)):
            self.progress.setToolTip(progress.message)

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        self.progress.setVisible(busy)
        self.open_button.setEnabled(not busy)

    @override
    def accept(self) -> None:
        """Import the model with the shown values, and close."""
        self._controller.imports.accept(self._found.path, self._given)
        super().accept()

    @override
    def reject(self) -> None:
        """Forget the file, and close."""
        self._controller.imports.forget()
        super().reject()


def show_import(parent: QWidget, controller: Controller, found: ForeignModel) -> None:
    """Show how a file is understood, in the open dialog or a new one."""
    opened = [each for each in parent.findChildren(ImportModelDialog) if each.isVisible()]
    if opened:
        opened[0].show_found(found)
        return
    dialog = ImportModelDialog(controller, found, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _tiles(found: ForeignModel) -> Tiles | None:
    if found.reconstructions is None:
        return None
    if found.originals is None:
        count = len(found.reconstructions)
        return Tiles((Point(()),) * count, found.reconstructions, count // 2)
    pictures = np.concatenate([found.originals, found.reconstructions])
    return Tiles((Point(()),) * len(pictures), pictures, len(found.originals))


def _caption(found: ForeignModel) -> str:
    if found.reconstructions is None:
        return ""
    if found.originals is None:
        return "Decoded from random points: do they look like images of the model?"
    return f"Above: {found.data}. Below: the same, encoded and decoded."


def _details(found: ForeignModel) -> str:
    lines = [*found.remarks, ""]
    lines += [f"{name}: {', '.join(layers) or 'none'}" for name, layers in found.parts]
    if found.unused:
        lines += ["", f"Tensors that are not used: {', '.join(found.unused)}"]
    return "\n".join(lines)
