"""The traversals panel."""

from latentlab.widgets.panels.traversals.panel import PANEL

__all__ = ["PANEL"]
