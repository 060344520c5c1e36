"""Import dialog: sets a folder or ZIP of images as the data of the training draft."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from latentlab.session.export import DescribeForm
from latentlab.session.import_.images import CheckImageFiles, ShowContactSheet
from latentlab.session.recipes import with_value
from latentlab.widgets.kit.form.editors import FileEditor, NumberEditor
from latentlab.widgets.kit.form.form import FormWidget
from latentlab.widgets.kit.labels import literal, muted
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.window.import_images.contact_sheet import ContactSheetWidget
from latentlab.widgets.window.import_images.path_row import FilePathRow

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from latentlab.session.form import Field
    from latentlab.session.import_.images import ContactSheet
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

KIND = "folder"
REMEMBERED = "images/options"
OF_THE_FOLDER = ("root", "attributes", "classes_from")
"""Options that are reset for another folder."""
MOST_ATTRIBUTES = 5
PAUSE_MS = 200
"""Milliseconds after the last change before the images are read again."""
FORM_WIDTH = 280


class ImportDialog(QDialog):
    """Asks for images and their preprocessing, and previews the result.

    Parameters
    ----------
    controller : Controller
        Receives the requests and the draft.
    root : Path or None
        Initial path; None for the last used one.
    """

    def __init__(
        self, controller: Controller, root: Path | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Use a folder of images")
        self.resize(920, 640)
        self.setMinimumSize(600, 440)
        self._controller = controller
        self._root: Path | None = None
        self.form: FormWidget | None = None
        self.view = ContactSheetWidget()
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._request_preview)
        self._options = QScrollArea()
        self._options.setWidgetResizable(True)
        self._options.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._options.setFixedWidth(FORM_WIDTH)
        self._options.setWidget(muted("Loading the options…"))
        self.pick = self._attribute_button()
        self._lay_out()
        options: dict[str, Any] = settings().value(REMEMBERED, {})
        if root is not None:
            options = {name: value for name, value in options.items() if name not in OF_THE_FOLDER}
            options["root"] = str(root)
        self._initial = options
        self.path.line.setText(str(options.get("root", "")))
        self.path.line.textChanged.connect(self._on_path_changed)
        controller.changed.connect(self._on_changed)
        self._make_form(controller.state)

    # Construction

    def _lay_out(self) -> None:
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = QPushButton("Use these images")
        self.use.setObjectName("primary")
        self.use.setToolTip("Enter these images into the training form. This starts no training.")
        self.use.setEnabled(False)
        self.use.setDefault(True)
        self.buttons.addButton(self.use, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        middle = QHBoxLayout()
        middle.setSpacing(2 * UNIT)
        middle.addWidget(self._options)
        middle.addWidget(self.view, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT)
        column.setSpacing(2 * UNIT)
        self.path = FilePathRow()
        column.addWidget(self.path)
        column.addLayout(middle, 1)
        column.addWidget(self.buttons)

    def _attribute_button(self) -> QPushButton:
        button = QPushButton("Choose attributes", autoDefault=False)
        button.setToolTip(
            "Choose up to five attributes. Each combination of their values becomes a class of a "
            "conditional model."
        )
        button.setMenu(QMenu(button))
        button.menu().triggered.connect(self._on_picked)
        button.hide()
        return button

    def _make_form(self, state: State) -> None:
        fields = _fields(state.answer(DescribeForm) or ())
        if self.form or not fields:
            return
        self.form = FormWidget(fields, grouped=False)
        height = self.form.row("height")
        if height and isinstance(height.editor, NumberEditor):
            height.editor.box.setSpecialValueText("same as width")
        self.form.set_values(self._initial)
        self.form.changed.connect(self._on_edited)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, UNIT, 0)
        column.setSpacing(UNIT)
        column.addWidget(self.form)
        column.addWidget(self.pick, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)
        self._options.setWidget(inside)
        self._request_preview()

    # Requests and answers

    def values(self) -> dict[str, Any]:
        """Return the ``data`` table of a recipe for these images."""
        options = self.form.values() if self.form else {}
        return {"kind": KIND, "root": self.path.line.text().strip(), **options}

    @Slot()
    def _on_path_changed(self) -> None:
        if self.form:
            self.form.set_values({"attributes": None, "classes_from": []})
        self._on_edited()

    @Slot()
    def _on_edited(self) -> None:
        self.use.setEnabled(False)
        self._timer.start()

    @Slot()
    def _request_preview(self) -> None:
        """Request a contact sheet and, for a new root, a check of all files."""
        values = self.values()
        if not values["root"]:
            self.view.show_contact(None)
            self.path.line.setFocus()
            return
        self._controller.ask(ShowContactSheet(values))
        root = Path(values["root"])
        if root != self._root:
            self._root = root
            self.view.show_checked(None)
            self._controller.ask(CheckImageFiles(root))

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        if DescribeForm in changed:
            self._make_form(state)
        contact, checked = state.answer(ShowContactSheet), state.answer(CheckImageFiles)
        if ShowContactSheet in changed and contact and contact.values == self.values():
            self._show_contact(contact)
        if CheckImageFiles in changed and checked and checked.root == self._root:
            self.view.show_checked(checked)
        if "failure" in changed and state.failure:
            self.view.show_problem(state.failure.title)
        if "working" in changed:
            kinds = (ShowContactSheet, CheckImageFiles)
            self.view.show_progress(next(filter(None, map(state.working.get, kinds)), None))

    def _show_contact(self, contact: ContactSheet) -> None:
        self.view.show_contact(contact)
        wrong = self.form.wrong() if self.form else ""
        self.use.setEnabled(not contact.problem and contact.count > 1 and not wrong)
        if not contact.problem:
            self._show_attributes(contact)

    # Attributes

    def _show_attributes(self, contact: ContactSheet) -> None:
        """Fill the menu of attributes, and show the table that they come from."""
        row = self.form.row("attributes") if self.form else None
        if row and isinstance(row.editor, FileEditor):
            row.editor.line.setPlaceholderText(contact.table or "no table found")
        chosen = self.values().get("classes_from", [])
        menu = self.pick.menu()
        menu.clear()
        for name in contact.attributes:
            action = menu.addAction(literal(name))
            action.setData(name)
            action.setCheckable(True)
            action.setChecked(name in chosen)
            action.setEnabled(name in chosen or len(chosen) < MOST_ATTRIBUTES)
        self.pick.setVisible(bool(contact.attributes))

    @Slot(object)
    def _on_picked(self, action: QAction) -> None:
        chosen = [one.data() for one in self.pick.menu().actions() if one.isChecked()]
        if self.form:
            self.form.set_values({"classes_from": chosen})

    @override
    def accept(self) -> None:
        """Set the draft, save the options, and close."""
        values = self.values()
        settings().setValue(REMEMBERED, values)
        self._controller.training.set_draft(
            with_value(self._controller.state.draft.values or {}, "data", values)
        )
        super().accept()

    @override
    def done(self, result: int) -> None:
        """Cancel pending requests, and close."""
        self._timer.stop()
        for kind in (ShowContactSheet, CheckImageFiles):
            self._controller.cancel(kind)
        super().done(result)


def open_import_dialog(parent: QWidget, controller: Controller, root: Path | None) -> ImportDialog:
    """Open the import dialog, and return it."""
    dialog = ImportDialog(controller, root, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog


def _fields(form: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields of the ``folder`` kind in the training form, except ``root``."""
    data = next((field for field in form if field.name == "data"), None)
    kind = next((kind for kind in data.kinds if kind.name == KIND), None) if data else None
    return tuple(field for field in kind.fields if field.name != "root") if kind else ()
