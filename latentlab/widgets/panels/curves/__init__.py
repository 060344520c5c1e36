"""The curves panel."""

from latentlab.widgets.panels.curves.panel import PANEL

__all__ = ["PANEL"]
