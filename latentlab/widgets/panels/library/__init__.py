"""The library panel."""

from latentlab.widgets.panels.library.panel import PANEL

__all__ = ["PANEL"]
