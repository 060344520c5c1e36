"""Group of rows in a form, which can be folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFormLayout, QToolButton, QVBoxLayout, QWidget

from latentlab.widgets.kit.form.row import GROUP_INDENT
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.widgets.kit.form.row import FieldRow


class Section(QWidget):
    """Rows below a button with the title of the group, which folds them.

    Parameters
    ----------
    title : str
        Title; the rows of a section without one are always visible.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._rows: list[FieldRow] = []
        self._found: set[FieldRow] | None = None
        self.fold = FoldButton(title)
        if not title:
            self.fold.hide()
        self._body = QWidget()
        self._form = layout = QFormLayout(self._body)
        layout.setContentsMargins(GROUP_INDENT if title else 0, 0, 0, UNIT)
        layout.setHorizontalSpacing(UNIT)
        layout.setVerticalSpacing(UNIT // 2 if title else UNIT)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        column.addWidget(self.fold)
        column.addWidget(self._body)
        self._show_rows()
        self.fold.toggled.connect(self._show_rows)

    def insert(self, index: int, row: FieldRow) -> None:
        """Insert a row."""
        self._rows.insert(index, row)
        self._form.insertRow(index, row.label, row)
        self._show_rows()

    def remove(self, row: FieldRow) -> None:
        """Remove a row and delete it."""
        self._rows.remove(row)
        self._form.takeRow(row)
        for widget in (row.label, row):
            widget.hide()
            widget.deleteLater()
        self._show_rows()

    def show_only(self, found: set[FieldRow] | None) -> None:
        """Show the rows that a search has found, unfolded; None ends the search."""
        self._found = found
        self._show_rows()

    def show_count(self) -> None:
        """Show how many values differ from their defaults."""
        self.fold.show_count(sum(not row.is_default() for row in self._rows))

    @Slot()
    def _show_rows(self) -> None:
        found = self._found
        shown = [row for row in self._rows if found is None or row in found]
        for row in self._rows:
            self._form.setRowVisible(row, row in shown)
        is_open = not self._title or self.fold.isChecked() or found is not None
        self._body.setVisible(is_open and bool(shown))
        self.setVisible(bool(shown))
        self.fold.show_open(is_open)


class FoldButton(QToolButton):
    """Flat button that folds and unfolds the rows below it.

    Parameters
    ----------
    title : str
        Title of the rows.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.setObjectName("fold")
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(f"Show or hide the settings of {title}")
        self.show_count(0)
        self.show_open(False)

    def show_open(self, is_open: bool) -> None:
        """Show whether the rows are visible."""
        self.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)

    def show_count(self, changed: int) -> None:
        """Show how many values differ from their defaults."""
        self.setText(f"{self._title} · {changed} changed" if changed else self._title)
