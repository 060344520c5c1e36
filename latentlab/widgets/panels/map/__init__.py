"""The map panel."""

from latentlab.widgets.panels.map.panel import PANEL

__all__ = ["PANEL"]
