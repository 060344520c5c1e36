"""One number of a run under way: Enter applies it, Escape takes it back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from latentlab.widgets.kit.form.editors import make_editor

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from latentlab.session.form import Field


class SteeringRow(QWidget):
    """The editor of one number, and whether it says what the run does.

    Parameters
    ----------
    key : str
        Such as ``objective.beta``.
    field : Field
        Its limits, unit and help.
    """

    edited = Signal()
    applied = Signal(str, float)
    """The key, and what it shall become."""

    def __init__(self, key: str, field: Field) -> None:
        super().__init__()
        self.key = key
        self._name = field.title
        self._now: float | None = None
        self._sent: float | None = None
        self.editor = make_editor(replace(field, optional=False))
        self.editor.setToolTip(f"{field.help} Enter applies it to the run, Escape takes it back.")
        (self.editor.focusProxy() or self.editor).setAccessibleName(f"{field.title} of the run")
        self.label = QLabel(field.title)
        self.label.setToolTip(field.help)
        self.label.setBuddy(self.editor)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.editor)
        self.editor.changed.connect(self.edited)

    @property
    def is_sent(self) -> bool:
        """Whether a value is on its way to the run."""
        return self._sent is not None

    @property
    def is_edited(self) -> bool:
        """Whether the editor holds a value that neither is the run's nor on its way."""
        if self._now is None:
            return False
        return not any(_same(self.editor.value(), known) for known in (self._now, self._sent))

    @property
    def problem(self) -> str:
        """What is wrong with what was typed, with the number's name; empty where nothing is."""
        return f"{self._name}: {self.editor.problem.lower()}" if self.editor.problem else ""

    def difference(self) -> str:
        """Return what would change, as ``Beta 1 → 4``."""
        return f"{self._name} {self._now:g} → {self.editor.value():g}"

    def show_value(self, now: float) -> None:
        """Show what the run's value is now, unless another is being typed."""
        if now == self._now:
            return
        follows = not self.is_edited and not self.problem
        self._now, self._sent = now, None
        if follows:
            self.editor.set_value(now)

    def apply(self) -> None:
        """Ask for the value that was typed."""
        if self.is_edited and not self.problem:
            self._sent = self.editor.value()
            self.applied.emit(self.key, self._sent)
            self.edited.emit()

    def forget_sent(self) -> None:
        """Take it that what was on its way has been refused."""
        self._sent = None

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Apply at Enter and take back at Escape; the box leaves both keys to its holder."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply()
        elif event.key() == Qt.Key.Key_Escape and (self.is_edited or self.problem):
            self.editor.set_value(self._now)
        else:
            super().keyPressEvent(event)


def _same(shown: float, known: float | None) -> bool:
    """Say whether two numbers are the same but for the digits that an editor drops."""
    return known is not None and math.isclose(shown, known, rel_tol=1e-6, abs_tol=1e-9)
