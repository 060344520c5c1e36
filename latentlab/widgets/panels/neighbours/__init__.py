"""The Neighbours panel."""

from latentlab.widgets.panels.neighbours.panel import PANEL

__all__ = ["PANEL"]
