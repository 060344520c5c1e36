"""The directions panel."""

from latentlab.widgets.panels.directions.panel import PANEL

__all__ = ["PANEL"]
