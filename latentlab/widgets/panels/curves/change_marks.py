"""Vertical lines in a plot over epochs where a value was changed during training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from latentlab.learning.events import Change
    from latentlab.widgets.kit.plot import Plot

SHORT_NAMES = {"learning_rate": "lr"}


class ChangeMarks:
    """Vertical lines of one plot, with labels in a line above it.

    Parameters
    ----------
    plot : Plot
        Plot that contains the lines.
    labelled : bool
        Whether lines have labels with the changed value.
    """

    def __init__(self, plot: Plot, *, labelled: bool) -> None:
        self._plot = plot
        self._labelled = labelled
        self._axis = plot.getPlotItem().getAxis("top")
        self._visible: list[Change] = []
        self._shown: object = None
        self.lines: list[pg.InfiniteLine] = []
        self.labels: list[str] = []

    def dress(self) -> None:
        """Redraw all lines at the next `show_changes`, in the colours of the current theme."""
        self._shown = None

    def show_changes(self, changes: tuple[Change, ...], first: float) -> None:
        """Mark the changes from the epoch `first` on."""
        if (changes, first) == self._shown:
            return
        self._shown = (changes, first)
        for line in self.lines:
            self._plot.removeItem(line)
        self._visible = [change for change in changes if change.epochs >= first]
        self.lines = [self._line(change) for change in self._visible]
        for line in self.lines:
            self._plot.addItem(line, ignoreBounds=True)
        if self._labelled:
            font = small(self._plot.font())
            self._plot.showAxis("top", bool(self._visible))
            self._axis.setStyle(tickFont=font, tickLength=0)
            self._axis.setHeight(QFontMetrics(font).height())
            self._axis.setPen(pg.mkPen(None))
            self._axis.setTextPen(colours().muted)

    def fit_labels(self) -> None:
        """Label the changes, the latest first, as far as labels do not overlap."""
        if not self._labelled:
            return
        box, metrics = self._plot.getViewBox(), QFontMetrics(small(self._plot.font()))
        (left, right), _ = box.viewRange()
        scale, free = max(box.width(), 1.0) / (right - left), box.width()
        ticks: list[tuple[float, str]] = []
        for change in reversed(self._visible):
            text = change_label(change)
            half = metrics.horizontalAdvance(text) / 2
            # Centred at its line, except near the edges of the plot.
            centre = max(half, min((change.epochs - left) * scale, box.width() - half))
            if centre + half <= free:
                ticks.append((left + centre / scale, text))
                free = centre - half - UNIT
        self.labels = [text for _, text in reversed(ticks)]
        self._axis.setTicks([ticks, []])

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
        f"{change.key} was set to {change.value:g} at epoch {change.epochs:.2f} (step "
        f"{change.step:,})"
    )
