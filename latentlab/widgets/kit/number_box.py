"""Spin boxes that accept the usual ways to write a number."""

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
NORMALIZE_CHARACTERS = str.maketrans({**dict.fromkeys(MINUSES, "-"), **dict.fromkeys(SPACES, " ")})
NUMBER_PATTERN = re.compile(r"([+-]? ?)([\d., ]*\d[.,]?)(e[+-]?\d+)?", re.IGNORECASE)
DECIMALS = 30
"""Decimals of a float box; enough that no typed number is rounded."""
STEP_AT_ZERO = 0.01
"""Step from 0, which has no magnitude."""


def read_number(text: str, *, whole: bool = False) -> float:
    """Parse a number.

    The decimal separator is a point or a comma. Points, commas, spaces and apostrophes may
    separate groups of three digits. A single point or comma is the decimal separator, except that
    with `whole` it separates groups: ``1,500`` is 1.5, or 1500 with `whole`.

    Raises
    ------
    ValueError
        If the text is not a number; the message says why.
    """
    plain = text.strip().translate(NORMALIZE_CHARACTERS)
    if not plain:
        raise ValueError("a number is missing")
    match = NUMBER_PATTERN.fullmatch(plain)
    if not match:
        raise ValueError("not a number")
    sign, body, power = match.groups(default="")
    head, tail = _split_decimals(body.strip(), whole=whole)
    if tail and not tail.isdecimal():
        raise ValueError("not a number")
    number = float(f"{sign.strip()}{_strip_grouping(head)}.{tail or 0}{power}")
    if whole and not number.is_integer():
        raise ValueError("not a whole number")
    return number


def _split_decimals(body: str, *, whole: bool) -> tuple[str, str]:
    """Return the digits before and after the decimal separator."""
    marks = [mark for mark in body if mark in ".,"]
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):
        return body, ""
    head, _, tail = body.rpartition(marks[-1])
    if whole and len(marks) == 1 and len(tail) == 3 and head and not head.startswith("0"):
        return body, ""
    return head, tail


def _strip_grouping(head: str) -> str:
    """Return digits without group separators."""
    first, *others = re.split(r"[., ]", head)
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:([., ])\d{3})(?:\1\d{3})*", head)
    if others and not grouped:
        raise ValueError("not a number")
    return first + "".join(others)


class NumberBox(QDoubleSpinBox):
    """Spin box that accepts the usual ways to write a number and reports invalid text.

    Invalid text stays until the user corrects it: the box never replaces a number by another.
    Meanwhile `value` is the last valid number.

    Parameters
    ----------
    low, high : float
        Minimum and maximum.
    whole : bool
        Whether only integers are valid.
    """

    refused = Signal(str)
    """Error message for the text; empty when the text becomes valid."""

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
        """Whether the box shows the error message in a tooltip."""
        self._excluded: tuple[float, ...] = ()
        self.setDecimals(0 if whole else DECIMALS)
        self.setRange(low, high)
        self.lineEdit().textChanged.connect(self._check)
        self.valueChanged.connect(self._check)

    def exclude(self, *ends: float) -> None:
        """Exclude these ends of the range."""
        self._excluded = ends

    # Conversion

    @override
    def textFromValue(self, value: float) -> str:
        return f"{value:,.0f}" if self.whole else f"{value:.6g}".replace("e-0", "e-")

    @override
    def valueFromText(self, text: str) -> float:
        bare = text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()
        now = super().value()
        if bare == self.textFromValue(now):
            return now  # with all digits, not only those shown
        special = self.specialValueText()
        if special and text == special:
            return self.minimum()
        number = read_number(bare, whole=self.whole)
        if problem := self._range_problem(number):
            raise ValueError(problem)
        return number

    def _range_problem(self, number: float) -> str:
        """Return which limit a number violates, in words; empty if none."""
        low, high = self.minimum(), self.maximum()
        if number < low or (number == low and low in self._excluded):
            return f"{'more than' if low in self._excluded else 'at least'} {low:,.10g}"
        if number > high or (number == high and high in self._excluded):
            return f"{'less than' if high in self._excluded else 'at most'} {high:,.10g}"
        return ""

    @override
    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept any typing; invalid text is `Intermediate`."""
        valid = not self._find_problem(text)
        state = QValidator.State.Acceptable if valid else QValidator.State.Intermediate
        return state, text, position

    def _find_problem(self, text: str) -> str:
        try:
            self.valueFromText(text)
        except ValueError as error:
            return str(error).capitalize()
        return ""

    @override
    def setValue(self, value: float) -> None:
        """Set the number; one out of range is shown as invalid text."""
        if self._range_problem(value):
            text = self.textFromValue(value)
            self.lineEdit().setText(f"{self.prefix()}{text}{self.suffix()}")
        else:
            super().setValue(value)
            self._check()

    def show_value(self, value: float) -> None:
        """Set the number, but keep the typed text while the number is unchanged.

        Otherwise the comma of 2,5 would vanish before the 5 is typed, and invalid text too soon.
        """
        if value != self.value():
            self.setValue(value)

    # Validation

    @Slot()
    def _check(self) -> None:
        problem = self._find_problem(self.lineEdit().text())
        if problem == self.problem:
            return
        self.problem = problem
        self.setProperty("wrong", bool(problem))
        self.style().polish(self)
        self.refused.emit(problem)
        if self.tells and self.isVisible():
            QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), problem, self)

    def _keep_text(self, handler: Callable[[], None]) -> None:
        """Call a Qt handler that restores the last valid number, and keep invalid text."""
        text, wrong = self.lineEdit().text(), self.problem
        handler()
        if wrong and self.lineEdit().text() != text:
            self.lineEdit().setText(text)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._keep_text(lambda: QDoubleSpinBox.focusOutEvent(self, event))

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._keep_text(lambda: QDoubleSpinBox.hideEvent(self, event))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() in ("\r", "\n"):
            self._keep_text(lambda: QDoubleSpinBox.keyPressEvent(self, event))
        else:
            super().keyPressEvent(event)

    # Stepping

    @override
    def stepBy(self, steps: int) -> None:
        """Step by `singleStep`, or by a tenth of the magnitude of the value."""
        if self.problem:
            return
        if not self.whole and self.stepType() is QDoubleSpinBox.StepType.AdaptiveDecimalStepType:
            self._step_by_magnitude(steps)
        else:
            super().stepBy(steps)
        self._check()

    def _step_by_magnitude(self, steps: int) -> None:
        value = super().value()
        step = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else STEP_AT_ZERO
        ends = self.minimum(), self.maximum()
        target = min(ends[1], max(ends[0], float(f"{value + steps * step:.12g}")))
        if target not in self._excluded:
            super().setValue(target)


class IntegerBox(NumberBox):
    """`NumberBox` for integers."""

    def __init__(self, low: int = 0, high: int = 99, parent: QWidget | None = None) -> None:
        super().__init__(low, high, whole=True, parent=parent)

    @override
    def value(self) -> int:
        return round(super().value())
