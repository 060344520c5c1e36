"""pyqtgraph, dressed in the window's colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QEvent

from latentlab.widgets.theme import UNIT, colours, small

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class Plot(pg.PlotWidget):
    """A plot that follows the colour scheme.

    Parameters
    ----------
    title : str
        Shown above it; empty for none.
    """

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setAntialiasing(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumSize(80, 60)
        # A graphics view would take files dropped on it, and do nothing with them.
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        # Room for the half of the last tick's text that stands right of its tick.
        self.getPlotItem().setContentsMargins(0, 0, 2 * UNIT, 0)
        self.dress()

    def dress(self) -> None:
        """Take on the colours of the present scheme."""
        c = colours()
        self.setBackground(c.base)
        item = self.getPlotItem()
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(c.border)
            axis.setTextPen(c.muted)
            axis.setStyle(tickFont=small(self.font()), tickLength=-4, maxTickLevel=1)
        if self._title:
            item.setTitle(self._title, color=c.muted, size="8.5pt")

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change from light to dark."""
        # pyqtgraph changes the palette in its own constructor, before there is a plot.
        if event.type() == QEvent.Type.PaletteChange and self.plotItem is not None:
            self.dress()
        super().changeEvent(event)
