"""Loss plot below a header with its title and the values at the cursor."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from latentlab.config import words
from latentlab.session.curves.curves import LOSS_UNIT, RUNNING, TEST, TRAIN, VALIDATION, unit_of
from latentlab.session.runs import Compare
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, colours
from latentlab.widgets.panels.curves.loss_plot import (
    CurvesView,
    LossPlot,
    compared_colour,
    split_colour,
)
from latentlab.widgets.panels.curves.toolbar import toggle_button

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QResizeEvent

    from latentlab.session.curves.curves import Curves
    from latentlab.session.runs import ComparedRun
    from latentlab.session.state import State

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MIN_TITLE_WIDTH = 5 * UNIT
"""Pixels of a title that values never take."""


class LossCell(QWidget):
    """Loss plot with a header: title, values at an epoch, and a log axis button.

    Parameters
    ----------
    name : str
        Name of the loss.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        unit = unit_of(name)
        # The legend of the panel says the unit of the others.
        self._title = words(name) if unit == LOSS_UNIT else f"{words(name)}, {unit}"
        self._shown: list[tuple[str, str]] = []
        self.plot = LossPlot(name)
        self.plot.setAccessibleName(f"{self._title} over the epochs")
        self.head = muted(rich=True)
        self.log = toggle_button(
            "Log", f"Logarithmic axis for {self._title}: shows changes of small values"
        )
        self.log.setAccessibleName(f"Logarithmic axis for {self._title}")
        row = QHBoxLayout()
        row.setContentsMargins(UNIT // 2, 0, UNIT, 0)
        row.addWidget(self.head, 1)
        row.addWidget(self.log)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.plot, 1)

    def show_curves(self, state: State, view: CurvesView) -> None:
        """Draw the curves of this loss."""
        self.plot.show_curves(state.log.curves, other_runs(state), state.log.changes, view)

    def read_out(self, state: State, epoch: float | None) -> None:
        """Show the values at an epoch beside the title; None shows the title alone."""
        self.plot.point_at(epoch)
        self._shown = list(self._values(state, epoch)) if epoch is not None else []
        self._show_head()

    @Slot()
    def _show_head(self) -> None:
        """Show the title, and as many values as fit, those of the open run first."""
        metrics, values = self.head.fontMetrics(), self._shown
        gap = metrics.horizontalAdvance(2 * NO_BREAK_SPACE)
        widths = [metrics.horizontalAdvance(text) + gap for text, _ in values]
        count, room = 0, self.head.width() - MIN_TITLE_WIDTH
        while count < len(values) and widths[count] <= room:
            room -= widths[count]
            count += 1
        bold = QFont(self.head.font())
        bold.setBold(True)
        width = room + MIN_TITLE_WIDTH
        title = QFontMetrics(bold).elidedText(self._title, Qt.TextElideMode.ElideRight, width)
        parts = [f'<b style="color:{colours().text}">{escape(title)}</b>']
        parts += [f'<span style="color:{colour}">{text}</span>' for text, colour in values[:count]]
        if not values and self.plot.note:
            parts.append(self.plot.note)
        self.head.setText((2 * NO_BREAK_SPACE).join(parts))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The label gets its width from the layout, which comes later.
        QTimer.singleShot(0, self, self._show_head)

    def _values(self, state: State, epoch: float) -> Iterable[tuple[str, str]]:
        """Yield the values at an epoch with their colours, of the open run first."""
        name = self.plot.name
        train_split = TRAIN if (TRAIN, name) in state.log.curves else RUNNING
        curves = [
            (state.log.curves, split, split_colour(split)) for split in (train_split, VALIDATION)
        ]
        curves += [
            (run.curves, VALIDATION, compared_colour(i)) for i, run in enumerate(other_runs(state))
        ]
        for each, split, colour in curves:
            x, y = each.get((split, name), (np.empty(0), np.empty(0)))
            if len(x) and epoch <= x[-1] + 0.5:
                yield _number(y[int(np.abs(x - epoch).argmin())]), colour
        x, y = state.log.curves.get((TEST, name), (np.empty(0), np.empty(0)))
        if len(x) and np.abs(x - epoch).min() < 0.5:
            yield f"★ {_number(y[int(np.abs(x - epoch).argmin())])}", split_colour(TEST)


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def nearest_epoch(curves: Curves, epoch: float | None) -> float | None:
    """Return the recorded epoch nearest to `epoch`, or `epoch` itself before the first one."""
    if epoch is None:
        return None
    x = curves.get((TRAIN, "loss"), (np.empty(0),))[0]
    return float(x[int(np.abs(x - epoch).argmin())]) if len(x) else max(epoch, 0.0)


def other_runs(state: State) -> tuple[ComparedRun, ...]:
    """Return the compared runs without the open one, whose curves are always drawn."""
    source = state.model.source if state.model else None
    return tuple(run for run in (state.answer(Compare) or ()) if run.path != source)


def legend(state: State, said: str) -> str:
    """Return the legend of the colours, the unit and `said` as rich text."""
    names = {TRAIN: TRAIN, VALIDATION: VALIDATION}
    runs = other_runs(state)
    for run in state.answer(Compare) or ():
        if run not in runs:
            names[VALIDATION] = f"{VALIDATION},&nbsp;{_no_break(run.name)}"
    dash = '<span style="color:{}">━</span>&nbsp;{}'
    parts = [dash.format(split_colour(split), name) for split, name in names.items()]
    if (TEST, "loss") in state.log.curves:
        parts.append(f'<span style="color:{split_colour(TEST)}">★</span>&nbsp;{TEST}')
    parts += [dash.format(compared_colour(i), _no_break(run.name)) for i, run in enumerate(runs)]
    parts += [_no_break(text) for text in (LOSS_UNIT, said)]
    return "&nbsp;&nbsp; ".join(parts)


def _no_break(text: str) -> str:
    return escape(text).replace(" ", "&nbsp;")
