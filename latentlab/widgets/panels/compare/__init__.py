"""The compare panel."""

from latentlab.widgets.panels.compare.panel import PANEL

__all__ = ["PANEL"]
