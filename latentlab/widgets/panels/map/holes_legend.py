"""Legend of the Holes layer, in the lower left corner of the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from latentlab.widgets.kit.theme import UNIT, colours, faint, small

if TYPE_CHECKING:
    from latentlab.widgets.kit.plot import Plot

SHADES = (0.25, 0.5, 0.75)
"""Opacities of the colours in the legend; `overlays.holes_image` has at most the last."""
TEXT = "fewer codes than the prior expects, to none"


class HolesLegend(QLabel):
    """Shades of red, from few missing codes to an empty place.

    Parameters
    ----------
    plot : Plot
        The map.
    """

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, textFormat=Qt.TextFormat.RichText)
        self._plot = plot
        self.setObjectName("mapBar")
        self.setFont(small(self.font()))
        self.setContentsMargins(UNIT // 2, 0, UNIT // 2, 0)
        self.setAccessibleName(f"Holes: {TEXT}")
        self.hide()

    def show_at_corner(self, *, visible: bool) -> None:
        """Show or hide the legend, in the lower left corner of the area within the axes."""
        self.setVisible(visible)
        if not visible:
            return
        shades = (faint(colours().error, opacity) for opacity in SHADES)
        dots = "".join(
            f'<span style="color:rgba({c.red()},{c.green()},{c.blue()},{c.alphaF()})">■</span>'
            for c in shades
        )
        self.setText(f"{dots}&nbsp;{TEXT}")
        self.adjustSize()
        area = self._plot.getViewBox().sceneBoundingRect().toRect()
        self.move(area.left() + UNIT, area.bottom() - self.height() - UNIT)
