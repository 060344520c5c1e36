"""pyqtgraph plots in the colours of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPen

from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.export.exporting import Exporting
from latentlab.widgets.kit.export.plot_layers import figure_of
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QWidget

    from latentlab.session.files.figure import Colour


def cosmetic_pen(
    painter: QPainter,
    colour: QColor | str,
    width: float = 1.0,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> QPen:
    """Return a cosmetic pen; `width` is in device-independent pixels."""
    return _pen(colour, width, style, painter.device().devicePixelRatio())


def _pen(colour: QColor | str, width: float, style: Qt.PenStyle, ratio: float) -> QPen:
    # Qt takes the width of a cosmetic pen in device pixels.
    pen = QPen(QColor(colour), width * ratio, style)
    pen.setCosmetic(True)
    return pen


class Plot(pg.PlotWidget):
    """Plot that follows the colour scheme.

    Parameters
    ----------
    title : str
        Title above the plot; empty for none.
    """

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        # To disable the menu later would still build it, which takes longer than the plot.
        super().__init__(parent, enableMenu=False)
        self._title = title
        self.caption = ""
        """Title of a saved figure of a plot without a title."""
        self.hideButtons()
        self.setAntialiasing(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumSize(80, 60)
        # A graphics view would accept dropped files and ignore them.
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.exporting = Exporting(self, self._content, surface=self.viewport())
        self.exporting.name = "plot"
        # Margins for the upper half of the highest tick label, and the right half of the last.
        self.getPlotItem().setContentsMargins(0, UNIT // 2, 2 * UNIT, 0)
        # Not the override: attributes of the subclass do not exist yet.
        Plot.dress(self)

    def _content(self) -> Content | None:
        return Content(figure=figure_of(self, self.legend(), self.caption))

    def legend(self) -> tuple[tuple[str, Colour], ...]:
        """Return names and colours for the legend of a saved figure."""
        return ()

    def dress(self) -> None:
        """Apply the colours of the current scheme."""
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
        """Return a cosmetic pen for this plot; `width` is in device-independent pixels."""
        return _pen(colour, width, style, self.devicePixelRatioF())

    def event(self, event: QEvent) -> bool:
        """Keep line widths when the device pixel ratio changes."""
        if event.type() == QEvent.Type.DevicePixelRatioChange and self.plotItem is not None:
            self.dress()
        return bool(super().event(event))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the palette."""
        # pyqtgraph changes the palette in its own constructor, before the plot item exists.
        if event.type() == QEvent.Type.PaletteChange and self.plotItem is not None:
            self.dress()
        super().changeEvent(event)
