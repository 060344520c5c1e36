"""The interpolate panel."""

from latentlab.widgets.panels.interpolate.panel import PANEL

__all__ = ["PANEL"]
