"""The metrics panel."""

from latentlab.widgets.panels.metrics.panel import PANEL

__all__ = ["PANEL"]
