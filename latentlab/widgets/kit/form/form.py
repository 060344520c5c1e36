"""Forms generated from field descriptions: nested choices, bounded numbers and paths."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from latentlab.widgets.kit.form.editors import MINIMUM_WIDTH, Editor, make_editor
from latentlab.widgets.kit.form.fold import CollapseButton
from latentlab.widgets.kit.labels import problem
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.form import Field, Kind

LABEL_WIDTH = 100
INDENT = UNIT


class FormWidget(QWidget):
    """Rows for the fields of one table; advanced fields are in a fold at the end.

    Parameters
    ----------
    fields : tuple of Field
        Fields of the table.
    depth : int
        Nesting depth of the table.
    """

    changed = Signal()

    def __init__(
        self, fields: tuple[Field, ...], depth: int = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rows: dict[str, FieldRow] = {}
        self._depth = depth
        self._layout = layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(UNIT)
        layout.setVerticalSpacing(UNIT // 2 if depth else UNIT)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        for field in fields:
            if not field.advanced:
                self._add(field)
        self.fold: CollapseButton | None = None
        advanced = [field for field in fields if field.advanced]
        if advanced:
            self.fold = CollapseButton()
            layout.addRow(self.fold)
            for field in advanced:
                self._add(field)
            self._show_folded(False)
            self.fold.toggled.connect(self._show_folded)

    def _add(self, field: Field) -> None:
        row = FieldRow(field, self._depth)
        row.changed.connect(self._on_changed)
        self._rows[field.name] = row
        if field.type == "kind":
            self._layout.addRow(row)
        else:
            label = _label(field, self._depth)
            label.setBuddy(row.editor)
            self._layout.addRow(label, row)

    @Slot()
    def _on_changed(self) -> None:
        self._count_changed()
        self.changed.emit()

    @Slot(bool)
    def _show_folded(self, shown: bool) -> None:
        for row in self._folded():
            self._layout.setRowVisible(row, shown)
        self._count_changed()

    def _count_changed(self) -> None:
        if self.fold:
            self.fold.show_count(sum(not row.is_default() for row in self._folded()))

    def _folded(self) -> list[FieldRow]:
        return [row for row in self._rows.values() if row.field.advanced]

    def unfold(self) -> None:
        """Show the advanced fields."""
        if self.fold:
            self.fold.setChecked(True)

    def reveal(self, row: FieldRow) -> None:
        """Expand the fold if `row` is, or is inside, an advanced field."""
        if any(each is row or each.isAncestorOf(row) for each in self._folded()):
            self.unfold()

    def values(self, *, left_out: bool = False) -> dict[str, Any]:
        """Return the entered values; `left_out` includes empty ones as None."""
        values = {name: row.value() for name, row in self._rows.items()}
        return {name: value for name, value in values.items() if left_out or value is not None}

    def set_values(self, values: Mapping[str, Any], *, whole: bool = False) -> None:
        """Set values; `whole` resets all other fields to their defaults."""
        for name, row in self._rows.items():
            if name in values or whole:
                row.set_value(values.get(name, row.field.default), whole=whole)

    def row(self, key: str) -> FieldRow | None:
        """Return the row of a dotted key, or of the nearest table that contains it."""
        name, _, rest = key.partition(".")
        row = self._rows.get(name)
        return row.inner_row(rest) if row and rest else row

    def wrong(self) -> str:
        """Return the error message of the first invalid field; empty if all are valid."""
        return next((text for row in self._rows.values() if (text := row.wrong())), "")

    def clear_problems(self) -> None:
        """Remove the error messages that were set by `FieldRow.show_problem`."""
        for row in self._rows.values():
            row.clear_problems()


class FieldRow(QWidget):
    """Editor of one field, with a label for an error message below it.

    Parameters
    ----------
    field : Field
        Description of the value.
    depth : int
        See `FormWidget`.
    """

    changed = Signal()

    def __init__(self, field: Field, depth: int) -> None:
        super().__init__()
        self.field = field
        self.editor = _editor(field, depth)
        self.editor.setToolTip(field.help)
        # Screen readers announce the widget with the focus, which is the focus proxy.
        (self.editor.focusProxy() or self.editor).setAccessibleName(field.title)
        self.editor.changed.connect(self._on_changed)
        self._problem = problem()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.editor)
        column.addWidget(self._problem)

    def value(self) -> Any:
        """Return the entered value; None if empty."""
        return self.editor.value()

    def set_value(self, value: Any, *, whole: bool = False) -> None:
        """Set the value; see `FormWidget.set_values`. A value of a wrong type is ignored."""
        with suppress(TypeError, ValueError, OverflowError):
            if isinstance(self.editor, KindEditor):
                self.editor.set_value(value, whole=whole)
            else:
                self.editor.set_value(value)

    def is_default(self) -> bool:
        """Return whether the value is the default."""
        return bool(self.value() == _without_none(self.field.default))

    @Slot()
    def _on_changed(self) -> None:
        """Show the error message of the new input; the previous one was about another value."""
        self._show(self.editor.problem)
        self.changed.emit()

    def wrong(self) -> str:
        """Return the error message with the field name; empty if the input is valid."""
        if isinstance(self.editor, KindEditor):
            return self.editor.form.wrong()
        problem = self.editor.problem
        return f"{self.field.title}: {problem[0].lower()}{problem[1:]}" if problem else ""

    def _show(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def inner_row(self, key: str) -> FieldRow:
        """Return the row of a dotted key inside this one, or this row if there is none."""
        inner = self.editor.form.row(key) if isinstance(self.editor, KindEditor) else None
        return inner or self

    def show_problem(self, text: str) -> None:
        """Show an error message below the field, and expand all folds around it."""
        parent = self.parentWidget()
        while parent:
            if isinstance(parent, FormWidget):
                parent.reveal(self)
            parent = parent.parentWidget()
        self._show(text)

    def clear_problems(self) -> None:
        """Remove error messages, except those about invalid input."""
        self._show(self.editor.problem)
        if isinstance(self.editor, KindEditor):
            self.editor.form.clear_problems()


class KindEditor(Editor):
    """Combo box of kinds with the form of the current kind below; hidden for a single kind."""

    def __init__(self, field: Field, depth: int) -> None:
        super().__init__()
        self._depth = depth
        self._entered: dict[str, Any] = {}
        """Values entered for any kind, kept when the kind changes."""
        self._kinds: dict[str, Kind] = {kind.name: kind for kind in field.kinds}
        self.choice = QComboBox()
        self.choice.addItems(list(self._kinds))
        for i, kind in enumerate(field.kinds):
            self.choice.setItemData(i, kind.help, Qt.ItemDataRole.ToolTipRole)
        self.choice.setAccessibleName(field.title)
        self.choice.setMinimumWidth(MINIMUM_WIDTH)
        self._column = QVBoxLayout()
        self._column.setSpacing(UNIT // 2)
        head = QHBoxLayout()
        head.setSpacing(UNIT)
        head.addWidget(_label(field, depth))
        head.addWidget(self.choice, 1)
        head.addStretch()
        if len(self._kinds) < 2:
            self.choice.hide()
        self._column.addLayout(head)
        self.layout_.addLayout(self._column, 1)
        self.form = FormWidget(())
        self._column.addWidget(self.form)
        self._show_kind()
        if isinstance(field.default, Mapping):
            self.set_value(field.default)
        self.choice.currentIndexChanged.connect(self._show_kind)

    @Slot()
    def _show_kind(self) -> None:
        self._entered |= self.form.values(left_out=True)
        old, self.form = (
            self.form,
            FormWidget(self._kinds[self.choice.currentText()].fields, self._depth + 1),
        )
        self.form.setContentsMargins(INDENT, 0, 0, 0)
        if not self._kinds[self.choice.currentText()].fields:
            self.form.hide()
        self.form.set_values(self._entered)
        if old.fold and old.fold.isChecked():
            self.form.unfold()
        self.form.changed.connect(self.changed)
        self._column.replaceWidget(old, self.form)
        old.hide()
        old.deleteLater()
        self.choice.setToolTip(self._kinds[self.choice.currentText()].help)
        self.changed.emit()

    @override
    def value(self) -> dict[str, Any]:
        """Return the name of the kind and its values."""
        name = self.choice.currentText()
        return {**({"kind": name} if name else {}), **self.form.values()}

    @override
    def set_value(self, value: Any, *, whole: bool = False) -> None:
        """Set the kind and its fields, from a name or a table; see `FormWidget.set_values`."""
        table = {"kind": value} if isinstance(value, str) else dict(value or {})
        kind = table.pop("kind", next(iter(self._kinds)) if whole else self.choice.currentText())
        if kind in self._kinds:
            self.choice.setCurrentText(kind)
        if whole:
            self._entered = {}
        self.form.set_values(table, whole=whole)


def _without_none(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _without_none(inner) for name, inner in value.items() if inner is not None}


def _label(field: Field, depth: int) -> QLabel:
    """Return a label with a width that aligns the editors of all depths."""
    label = QLabel(field.title)
    label.setToolTip(field.help)
    label.setFixedWidth(LABEL_WIDTH - depth * INDENT)
    if depth == 0:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label


def _editor(field: Field, depth: int) -> Editor:
    return KindEditor(field, depth) if field.type == "kind" else make_editor(field)
