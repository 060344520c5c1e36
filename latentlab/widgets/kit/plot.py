"""pyqtgraph, dressed in the window's colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPen

from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QWidget


def outline(
    painter: QPainter,
    colour: QColor | str,
    width: float = 1.0,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> QPen:
    """Return a pen that no zoom of a plot makes wider; `width` in pixels of the layout."""
    return _pen(colour, width, style, painter.device().devicePixelRatio())


def _pen(colour: QColor | str, width: float, style: Qt.PenStyle, ratio: float) -> QPen:
    # Qt takes the width of such a pen in pixels of the screen.
    pen = QPen(QColor(colour), width * ratio, style)
    pen.setCosmetic(True)
    return pen


class Plot(pg.PlotWidget):
    """A plot that follows the colour scheme.

    Parameters
    ----------
    title : str
        Shown above it; empty for none.
    """

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        # Menus that are switched off later have been made, which takes longer than the plot.
        super().__init__(parent, enableMenu=False)
        self._title = title
        self.hideButtons()
        self.setAntialiasing(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumSize(80, 60)
        # A graphics view would take files dropped on it, and do nothing with them.
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        # Room for the half of the last tick's text that stands right of its tick.
        self.getPlotItem().setContentsMargins(0, 0, 2 * UNIT, 0)
        # What a derived plot has to dress besides is not there yet.
        Plot.dress(self)

    def dress(self) -> None:
        """Take on the colours of the present scheme."""
        c = colours()
        self.setBackground(c.base)
        item = self.getPlotItem()
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(self.pen(c.border))
            axis.setTextPen(c.muted)
            axis.setStyle(tickFont=small(self.font()), tickLength=-4, maxTickLevel=1)
        if self._title:
            item.setTitle(self._title, color=c.muted, size="8.5pt")

    def pen(
        self,
        colour: QColor | str,
        width: float = 1.0,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> QPen:
        """Return a pen for what this plot shows; `width` in pixels of the layout."""
        return _pen(colour, width, style, self.devicePixelRatioF())

    def event(self, event: QEvent) -> bool:
        """Keep lines as wide on a screen with other pixels."""
        if event.type() == QEvent.Type.DevicePixelRatioChange and self.plotItem is not None:
            self.dress()
        return bool(super().event(event))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change from light to dark."""
        # pyqtgraph changes the palette in its own constructor, before there is a plot.
        if event.type() == QEvent.Type.PaletteChange and self.plotItem is not None:
            self.dress()
        super().changeEvent(event)
