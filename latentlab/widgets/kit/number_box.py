"""Numbers as people type them, and the one kind of box in which all of them are typed."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QToolTip, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent

MINUSES, SPACES = "\u2212\u2012\u2013\ufe63\uff0d", "\u00a0\u2007\u2009\u202f'\u2019"
PLAIN = str.maketrans({**dict.fromkeys(MINUSES, "-"), **dict.fromkeys(SPACES, " ")})
NUMBER = re.compile(r"([+-]? ?)([\d., ]*\d[.,]?)(e[+-]?\d+)?", re.IGNORECASE)
DECIMALS = 30
"""So many that no number anyone types is rounded to another."""
FIRST_STEP = 0.01
"""From 0, whose own magnitude gives no step."""


def read_number(text: str, *, whole: bool = False) -> float:
    """Return the number that a text means.

    The decimal mark is a point or a comma. Points, commas, spaces and apostrophes may stand
    between groups of three digits. A single point or comma is the decimal mark, but in a whole
    number it stands between groups: ``1,500`` is 1.5 or 1500.

    Raises
    ------
    ValueError
        In words, where it is none.
    """
    plain = text.strip().translate(PLAIN)
    if not plain:
        raise ValueError("a number is missing")
    match = NUMBER.fullmatch(plain)
    if not match:
        raise ValueError("not a number")
    sign, body, power = match.groups(default="")
    head, tail = _split(body.strip(), whole=whole)
    if tail and not tail.isdecimal():
        raise ValueError("not a number")
    number = float(f"{sign.strip()}{_ungrouped(head)}.{tail or 0}{power}")
    if whole and not number.is_integer():
        raise ValueError("not a whole number")
    return number


def _split(body: str, *, whole: bool) -> tuple[str, str]:
    """Return what stands before the decimal mark and after it."""
    marks = [mark for mark in body if mark in ".,"]
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):
        return body, ""
    head, _, tail = body.rpartition(marks[-1])
    if whole and len(marks) == 1 and len(tail) == 3 and head and not head.startswith("0"):
        return body, ""
    return head, tail


def _ungrouped(head: str) -> str:
    """Return digits without what stands between groups of them."""
    first, *others = re.split(r"[., ]", head)
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:([., ])\d{3})(?:\1\d{3})*", head)
    if others and not grouped:
        raise ValueError("not a number")
    return first + "".join(others)


class NumberBox(QDoubleSpinBox):
    """Takes a number as people type it, and says what is wrong with one that it cannot take.

    The value is that of the last number it could take. What is typed stays as it is until it is
    corrected: no number is ever replaced by another.

    Parameters
    ----------
    low, high : float
        Least and largest value.
    whole : bool
        Whether it takes whole numbers only.
    """

    refused = Signal(str)
    """What is wrong with the text; empty once it is right again."""

    def __init__(
        self,
        low: float = 0.0,
        high: float = 99.0,
        *,
        whole: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.whole = whole
        self.problem = ""
        self.tells = True
        """Whether it says itself what is wrong, for a moment."""
        self._excluded: tuple[float, ...] = ()
        self.setDecimals(0 if whole else DECIMALS)
        self.setRange(low, high)
        self.lineEdit().textChanged.connect(self._check)
        self.valueChanged.connect(self._check)

    def exclude(self, *ends: float) -> None:
        """Take these ends of the range for too small or too large."""
        self._excluded = ends

    # Between text and number

    @override
    def textFromValue(self, value: float) -> str:
        return f"{value:,.0f}" if self.whole else f"{value:.6g}".replace("e-0", "e-")

    @override
    def valueFromText(self, text: str) -> float:
        bare = text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()
        now = super().value()
        if bare == self.textFromValue(now):
            return now  # in full, not as far as it is shown
        special = self.specialValueText()
        if special and text == special:
            return self.minimum()
        number = read_number(bare, whole=self.whole)
        if problem := self._beyond(number):
            raise ValueError(problem)
        return number

    def _beyond(self, number: float) -> str:
        """Return which limit a number is beyond, in words; empty within them."""
        low, high = self.minimum(), self.maximum()
        if number < low or (number == low and low in self._excluded):
            return f"{'more than' if low in self._excluded else 'at least'} {low:,.10g}"
        if number > high or (number == high and high in self._excluded):
            return f"{'less than' if high in self._excluded else 'at most'} {high:,.10g}"
        return ""

    @override
    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Let everything be typed; see `QDoubleSpinBox.validate`."""
        right = not self._why(text)
        state = QValidator.State.Acceptable if right else QValidator.State.Intermediate
        return state, text, position

    def _why(self, text: str) -> str:
        try:
            self.valueFromText(text)
        except ValueError as error:
            return str(error).capitalize()
        return ""

    @override
    def setValue(self, value: float) -> None:
        """Show a number; one that cannot be taken stands there with what is wrong with it."""
        if self._beyond(value):
            text = self.textFromValue(value)
            self.lineEdit().setText(f"{self.prefix()}{text}{self.suffix()}")
        else:
            super().setValue(value)
            self._check()

    def show_value(self, value: float) -> None:
        """Show the number in force; what is being typed stays where that is still the same.

        Else the comma of 2,5 is gone before the 5 comes, and what is wrong before it is read.
        """
        if value != self.value():
            self.setValue(value)

    # What is wrong

    @Slot()
    def _check(self) -> None:
        problem = self._why(self.lineEdit().text())
        if problem == self.problem:
            return
        self.problem = problem
        self.setProperty("wrong", bool(problem))
        self.style().polish(self)
        self.refused.emit(problem)
        if self.tells and self.isVisible():
            QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), problem, self)

    def _kept(self, do: Callable[[], None]) -> None:
        """Do what makes Qt put back the last right number, and keep what was typed."""
        text, wrong = self.lineEdit().text(), self.problem
        do()
        if wrong and self.lineEdit().text() != text:
            self.lineEdit().setText(text)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._kept(lambda: QDoubleSpinBox.focusOutEvent(self, event))

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._kept(lambda: QDoubleSpinBox.hideEvent(self, event))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave what was typed as it is at Enter."""
        if event.text() in ("\r", "\n"):
            self._kept(lambda: QDoubleSpinBox.keyPressEvent(self, event))
        else:
            super().keyPressEvent(event)

    # Steps

    @override
    def stepBy(self, steps: int) -> None:
        """Step by the size set, or else by a tenth of the value's own magnitude."""
        if self.problem:
            return
        if not self.whole and self.stepType() is QDoubleSpinBox.StepType.AdaptiveDecimalStepType:
            self._step_by_magnitude(steps)
        else:
            super().stepBy(steps)
        self._check()

    def _step_by_magnitude(self, steps: int) -> None:
        value = super().value()
        step = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else FIRST_STEP
        ends = self.minimum(), self.maximum()
        target = min(ends[1], max(ends[0], float(f"{value + steps * step:.12g}")))
        if target not in self._excluded:
            super().setValue(target)


class WholeBox(NumberBox):
    """A `NumberBox` for whole numbers."""

    def __init__(self, low: int = 0, high: int = 99, parent: QWidget | None = None) -> None:
        super().__init__(low, high, whole=True, parent=parent)

    @override
    def value(self) -> int:
        """Return the number."""
        return round(super().value())
