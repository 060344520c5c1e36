"""The own image panel."""

from latentlab.widgets.panels.own_image.panel import PANEL

__all__ = ["PANEL"]
