"""The image panel."""

from latentlab.widgets.panels.image.panel import PANEL

__all__ = ["PANEL"]
