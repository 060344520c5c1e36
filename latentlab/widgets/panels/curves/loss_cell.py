"""A loss plot under a line that names it and reads out its values."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from latentlab.session.curves import RUNNING, TRAIN, VALIDATION
from latentlab.session.runs import Compare
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, colours
from latentlab.widgets.panels.curves.loss_plot import SPLIT_COLOURS, LossPlot, View, compared_colour
from latentlab.widgets.panels.curves.toolbar import text_button

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.session.curves import Curves
    from latentlab.session.runs import Compared
    from latentlab.session.state import State

TITLES = {"kl": "KL"}


class LossCell(QWidget):
    """See the module's text.

    Parameters
    ----------
    name : str
        Which loss.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._title = TITLES.get(name, name.replace("_", " ").capitalize())
        self.plot = LossPlot(name)
        self.plot.setAccessibleName(f"{self._title} over the epochs")
        self.head = muted()
        self.log = text_button("log", f"Logarithmic axis for {self._title}: small values open up")
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

    def show_curves(self, state: State, view: View) -> None:
        """Draw the state's curves of this loss."""
        self.plot.show_curves(state.log.curves, others(state), state.log.changes, view)

    def read_out(self, state: State, epoch: float | None) -> None:
        """Write the values at an epoch beside the title, or the title alone."""
        self.plot.point_at(epoch)
        parts = [f'<b style="color:{colours().text}">{self._title}</b>']
        if epoch is not None:
            parts += self._values(state, epoch)
        elif self.plot.note:
            parts.append(self.plot.note)
        self.head.setText("&nbsp;&nbsp;".join(parts))

    def _values(self, state: State, epoch: float) -> Iterable[str]:
        name = self.plot.name
        inner = TRAIN if (TRAIN, name) in state.log.curves else RUNNING
        for split, colour in zip((inner, VALIDATION), SPLIT_COLOURS.values(), strict=True):
            yield _coloured(state.log.curves, split, name, epoch, colour)
        for i, run in enumerate(others(state)):
            yield _coloured(run.curves, VALIDATION, name, epoch, compared_colour(i))


def _coloured(curves: Curves, split: str, name: str, epoch: float, colour: str) -> str:
    x, y = curves.get((split, name), (np.empty(0), np.empty(0)))
    if not len(x) or epoch > x[-1] + 0.5:
        return ""
    value = y[int(np.abs(x - epoch).argmin())]
    return f'<span style="color:{colour}">{_number(value)}</span>'


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def nearest(curves: Curves, epoch: float | None) -> float | None:
    """Return the whole epoch nearest to a place on the axis, or the place before any is over."""
    if epoch is None:
        return None
    x = curves.get((TRAIN, "loss"), (np.empty(0),))[0]
    return float(x[int(np.abs(x - epoch).argmin())]) if len(x) else max(epoch, 0.0)


def others(state: State) -> tuple[Compared, ...]:
    """Return the compared runs but the open one, whose curves are drawn anyway."""
    source = state.model.source if state.model else None
    return tuple(run for run in (state.answer(Compare) or ()) if run.path != source)


def legend(state: State, said: str) -> str:
    """Return which colour is what, and what else there is to say, as rich text."""
    names = {TRAIN: TRAIN, VALIDATION: VALIDATION}
    rest = others(state)
    for run in state.answer(Compare) or ():
        if run not in rest:
            names[VALIDATION] = f"{VALIDATION},&nbsp;{_unbroken(run.name)}"
    dash = '<span style="color:{}">━</span>&nbsp;{}'
    parts = [dash.format(SPLIT_COLOURS[split], name) for split, name in names.items()]
    parts += [dash.format(compared_colour(i), _unbroken(run.name)) for i, run in enumerate(rest)]
    parts += [_unbroken(text) for text in ("nats per image", said)]
    return "&nbsp;&nbsp; ".join(parts)


def _unbroken(text: str) -> str:
    return escape(text).replace(" ", "&nbsp;")
