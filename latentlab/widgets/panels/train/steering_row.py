"""Editor of one value of the current run: Enter applies it, Escape restores it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from latentlab.widgets.kit.form.editors import make_editor
from latentlab.widgets.kit.labels import muted

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from latentlab.session.form import Field


PRESENT_TIP = (
    "Value of the last step. A schedule, such as the KL warm-up, multiplies the value by a factor "
    "from 0 to 1."
)


class SteeringRow(QWidget):
    """Editor of one value, which tracks whether the run has the value.

    The editor has the full value; the present one is beside it if a schedule changes it.

    Parameters
    ----------
    key : str
        Key of the recipe, such as ``objective.beta``.
    field : Field
        Limits, unit and help of the value.
    """

    edited = Signal()
    applied = Signal(str, float)
    """Key, and new value."""

    def __init__(self, key: str, field: Field) -> None:
        super().__init__()
        self.key = key
        self._name = field.title
        self._now: float | None = None
        self._sent: float | None = None
        self.editor = make_editor(replace(field, optional=False))
        self.editor.setToolTip(f"{field.help} Enter applies it to the run, Escape restores it.")
        # The form below has the same field for the next run.
        (self.editor.focusProxy() or self.editor).setAccessibleName(f"{field.title} of this run")
        self.label = QLabel(field.title)
        self.label.setToolTip(field.help)
        self.label.setBuddy(self.editor)
        self.present = muted(stretch=False)
        self.present.setToolTip(PRESENT_TIP)
        self.present.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.editor, 1)
        row.addWidget(self.present)
        self.editor.changed.connect(self.edited)

    @property
    def is_sent(self) -> bool:
        """Whether a value was sent that the run has not applied yet."""
        return self._sent is not None

    @property
    def is_edited(self) -> bool:
        """Whether the editor has a value that is neither that of the run nor the sent one."""
        if self._now is None:
            return False
        return not any(_same(self.editor.value(), known) for known in (self._now, self._sent))

    @property
    def problem(self) -> str:
        """Problem of the typed text, with the name of the value; empty for none."""
        return f"{self._name}: {self.editor.problem.lower()}" if self.editor.problem else ""

    def difference(self) -> str:
        """Return the change as text, such as ``Beta 1 → 4``."""
        return f"{self._name} {self._now:g} → {self.editor.value():g}"

    def show_value(self, now: float) -> None:
        """Set the current value of the run; show it unless the user is typing another."""
        if now == self._now:
            return
        is_unedited = not self.is_edited and not self.problem
        self._now, self._sent = now, None
        if is_unedited:
            self.editor.set_value(now)

    def show_present(self, value: float) -> None:
        """Show the value of the last step, once a schedule makes it differ from that of the run."""
        if self._now is not None and not _same(value, self._now):
            self.present.show()
        self.present.setText(f"now {value:.3g}")

    def apply(self) -> None:
        """Emit the typed value."""
        if self.is_edited and not self.problem:
            self._sent = self.editor.value()
            self.applied.emit(self.key, self._sent)
            self.edited.emit()

    def forget_sent(self) -> None:
        """Discard the sent value, which was refused."""
        self._sent = None

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Apply at Enter and restore at Escape; the number box ignores both keys."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply()
        elif event.key() == Qt.Key.Key_Escape and (self.is_edited or self.problem):
            self.editor.set_value(self._now)
        else:
            super().keyPressEvent(event)


def _same(shown: float, known: float | None) -> bool:
    """Return whether two numbers are equal up to the digits that an editor drops."""
    return known is not None and math.isclose(shown, known, rel_tol=1e-6, abs_tol=1e-9)
