"""Form generated from field descriptions: a few rows, and folded groups with all others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from latentlab.session.form import default_kind, group_names
from latentlab.widgets.kit.form.row import FieldRow
from latentlab.widgets.kit.form.section import Section
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latentlab.session.form import Field, Kind


class FormWidget(QWidget):
    """Rows for the fields of nested tables, by dotted key.

    A choice has a row itself and shows the rows of the chosen kind. Values that were set for
    another kind are kept, and used by every kind that has the same field.

    Parameters
    ----------
    fields : tuple of Field
        Fields of the outer table.
    grouped : bool
        Whether the groups of the fields are folded sections; else all rows are visible.
    """

    changed = Signal()

    def __init__(
        self, fields: tuple[Field, ...], *, grouped: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._fields = fields
        self._rows: dict[str, FieldRow] = {}
        self._entered: dict[str, Any] = {}
        """Values of rows that were removed, if they differ from their defaults."""
        self._words: list[str] = []
        groups = group_names(fields) if grouped else []
        self.sections = {group: Section(group) for group in ("", *groups)}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(UNIT // 2)
        self._nothing = muted("No setting has these words.")
        self._nothing.hide()
        for widget in (self._nothing, *self.sections.values()):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        self._update_rows()

    # Rows

    def _section(self, group: str) -> Section:
        return self.sections.get(group, self.sections[""])

    def _kind(self, key: str, field: Field) -> Kind:
        """Return the chosen kind of a table."""
        row = self._rows.get(key)
        name = row.value() if row and row.field == field else self._entered.get(key)
        by_name = {kind.name: kind for kind in field.kinds}
        return by_name.get(str(name)) or by_name.get(default_kind(field)) or field.kinds[0]

    def _wanted(self, fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, Field]]:
        """Iterate over the keys and fields that have a row for the chosen kinds."""
        for field in fields:
            key = f"{prefix}{field.name}"
            if field.type != "kind" or len(field.kinds) > 1:
                yield key, field
            if field.type == "kind":
                yield from self._wanted(self._kind(key, field).fields, f"{key}.")

    def _update_rows(self) -> None:
        """Add and remove rows after the choice of another kind."""
        wanted = dict(self._wanted(self._fields))
        for key, row in list(self._rows.items()):
            if wanted.get(key) != row.field:
                self._remember(row)
                del self._rows[key]
                self._section(row.field.group).remove(row)
        places: Counter[Section] = Counter()
        for key, field in wanted.items():
            section = self._section(field.group)
            if key not in self._rows:
                section.insert(places[section], self._make_row(key, field))
            places[section] += 1
        for section in self.sections.values():
            section.show_count()
        if self._words:
            self._show_found()

    def _make_row(self, key: str, field: Field) -> FieldRow:
        row = self._rows[key] = FieldRow(key, field)
        if key in self._entered:
            row.set_value(self._entered[key])
        row.changed.connect(self._on_changed)
        return row

    def _remember(self, row: FieldRow) -> None:
        self._entered.pop(row.key, None)
        if not row.is_default():
            self._entered[row.key] = row.value()

    @Slot(str)
    def _on_changed(self, key: str) -> None:
        row = self._rows[key]
        section = self._section(row.field.group)
        if row.field.type == "kind":
            self._update_rows()
        if row.wrong():
            section.fold.setChecked(True)
        section.show_count()
        self.changed.emit()

    def row(self, key: str) -> FieldRow | None:
        """Return the row of a dotted key, or of the nearest table that contains it."""
        while key and key not in self._rows:
            key = key.rpartition(".")[0]
        return self._rows.get(key)

    # Values

    def values(self) -> dict[str, Any]:
        """Return the entered values without the empty ones."""
        return self._values(self._fields, "")

    def _values(self, fields: tuple[Field, ...], prefix: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in fields:
            key = f"{prefix}{field.name}"
            if field.type == "kind":
                kind = self._kind(key, field)
                table = {"kind": kind.name} if kind.name else {}
                found[field.name] = {**table, **self._values(kind.fields, f"{key}.")}
            elif (value := self._rows[key].value()) is not None:
                found[field.name] = value
        return found

    def set_values(self, values: Mapping[str, Any], *, whole: bool = False) -> None:
        """Set values; `whole` resets all other fields to their defaults."""
        with QSignalBlocker(self):
            self._set_values(self._fields, values, "", whole)
            if whole:
                self._entered = {}
        self.changed.emit()

    def _set_values(
        self, fields: tuple[Field, ...], values: Mapping[str, Any], prefix: str, whole: bool
    ) -> None:
        for field in fields:
            key, is_set = f"{prefix}{field.name}", field.name in values
            row, value = self._rows.get(key), values.get(field.name)
            if field.type == "kind":
                table = {"kind": value} if isinstance(value, str) else dict(value or {})
                if row and (whole or "kind" in table):
                    row.set_value(table.get("kind", row.default()))
                self._set_values(self._kind(key, field).fields, table, f"{key}.", whole)
            elif row and (is_set or whole):
                row.set_value(value if is_set else row.default())

    # Search and problems

    def search(self, text: str) -> None:
        """Show only the rows that contain all words of a text, unfolded; empty shows all."""
        self._words = text.lower().split()
        self._show_found()

    def _show_found(self) -> None:
        found = {key: row for key, row in self._rows.items() if row.matches(self._words)}
        # A choice is found for the fields of its other kinds, if none of its rows is.
        for key, row in reversed(self._rows.items()):
            inside = f"{key}."
            if row.contains(self._words) and not any(each.startswith(inside) for each in found):
                found[key] = row
        for section in self.sections.values():
            section.show_only({*found.values()} if self._words else None)
        self._nothing.setVisible(not found)

    def wrong(self) -> str:
        """Return the error message of the first invalid field; empty if all are valid."""
        return next((text for row in self._rows.values() if (text := row.wrong())), "")

    def show_problem(self, row: FieldRow, text: str) -> None:
        """Show an error message below a row, and unfold its group."""
        self._section(row.field.group).fold.setChecked(True)
        row.show_problem(text)

    def clear_problems(self) -> None:
        """Remove the error messages that were set by `show_problem`."""
        for row in self._rows.values():
            row.clear_problem()
