"""Thin lines in a plot over epochs where a value was changed under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt

from latentlab.widgets.kit.theme import colours, faint, small

if TYPE_CHECKING:
    from latentlab.learning.events import Change
    from latentlab.widgets.kit.plot import Plot

LABEL_ROWS = 4
SHORT = {"learning_rate": "lr"}


class ChangeMarks:
    """The lines of one plot.

    Parameters
    ----------
    plot : Plot
        Where they stand.
    labelled : bool
        Whether to write beside each line what was changed to what.
    """

    def __init__(self, plot: Plot, *, labelled: bool) -> None:
        self._plot = plot
        self._labelled = labelled
        self._shown: object = None
        self.items: list[pg.InfiniteLine | pg.TextItem] = []

    def dress(self) -> None:
        """Draw all anew when next asked to, in the colours of then."""
        self._shown = None

    def show_changes(
        self, changes: tuple[Change, ...], epochs: tuple[float, float], top: float
    ) -> None:
        """Mark the changes within these epochs; labels hang from `top`, in the plot's units."""
        if (changes, epochs, top) == self._shown:
            return
        self._shown = (changes, epochs, top)
        for item in self.items:
            self._plot.removeItem(item)
        self.items.clear()
        visible = [change for change in changes if change.epochs >= epochs[0]]
        for i, change in enumerate(visible):
            self.items.append(self._line(change))
            if self._labelled:
                leftward = change.epochs > sum(epochs) / 2
                anchor = (int(leftward), -(i % LABEL_ROWS))
                ground = faint(colours().base, 0.6)
                label = pg.TextItem(short(change), colours().muted, anchor=anchor, fill=ground)
                label.setFont(small(self._plot.font()))
                label.setPos(change.epochs, top)
                label.setZValue(1)
                label.setToolTip(description(change))
                self.items.append(label)
        for item in self.items:
            self._plot.addItem(item, ignoreBounds=True)

    def _line(self, change: Change) -> pg.InfiniteLine:
        line = pg.InfiniteLine(change.epochs, angle=90)
        line.setPen(self._plot.pen(colours().muted, 1, Qt.PenStyle.DashLine))
        line.setToolTip(description(change))
        return line


def short(change: Change) -> str:
    """Return a change in two words, as ``beta 4``."""
    name = change.key.rpartition(".")[2]
    return f"{SHORT.get(name, name.replace('_', ' '))} {change.value:g}"


def description(change: Change) -> str:
    """Return a change with its time."""
    return (
        f"{change.key} became {change.value:g} at epoch {change.epochs:.2f} (step {change.step:,})"
    )
