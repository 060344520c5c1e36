"""The train panel."""

from latentlab.widgets.panels.train.panel import PANEL

__all__ = ["PANEL"]
