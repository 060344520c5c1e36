"""Vertical lines in a plot over epochs where a value was changed during training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt

from latentlab.widgets.kit.theme import colours, faint, small

if TYPE_CHECKING:
    from latentlab.learning.events import Change
    from latentlab.widgets.kit.plot import Plot

LABEL_ROWS = 4
SHORT_NAMES = {"learning_rate": "lr"}


class ChangeMarks:
    """Vertical lines of one plot.

    Parameters
    ----------
    plot : Plot
        Plot that contains the lines.
    labelled : bool
        Whether each line has a label with the changed value.
    """

    def __init__(self, plot: Plot, *, labelled: bool) -> None:
        self._plot = plot
        self._labelled = labelled
        self._shown: object = None
        self.items: list[pg.InfiniteLine | pg.TextItem] = []

    def dress(self) -> None:
        """Redraw all items at the next `show_changes`, in the colours of the current theme."""
        self._shown = None

    def show_changes(
        self, changes: tuple[Change, ...], epochs: tuple[float, float], top: float
    ) -> None:
        """Mark the changes from `epochs[0]` on; labels start at `top`, in data coordinates."""
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
                on_left = change.epochs > sum(epochs) / 2
                anchor = (int(on_left), -(i % LABEL_ROWS))
                fill = faint(colours().base, 0.6)
                label = pg.TextItem(change_label(change), colours().muted, anchor=anchor, fill=fill)
                label.setFont(small(self._plot.font()))
                label.setPos(change.epochs, top)
                label.setZValue(1)
                label.setToolTip(change_tooltip(change))
                self.items.append(label)
        for item in self.items:
            self._plot.addItem(item, ignoreBounds=True)

    def _line(self, change: Change) -> pg.InfiniteLine:
        line = pg.InfiniteLine(change.epochs, angle=90)
        line.setPen(self._plot.pen(colours().muted, 1, Qt.PenStyle.DashLine))
        line.setToolTip(change_tooltip(change))
        return line


def change_label(change: Change) -> str:
    """Return the label of a change, such as ``beta 4``."""
    name = change.key.rpartition(".")[2]
    return f"{SHORT_NAMES.get(name, name.replace('_', ' '))} {change.value:g}"


def change_tooltip(change: Change) -> str:
    """Return the tooltip of a change: key, value, epoch and step."""
    return (
        f"{change.key} became {change.value:g} at epoch {change.epochs:.2f} (step {change.step:,})"
    )
