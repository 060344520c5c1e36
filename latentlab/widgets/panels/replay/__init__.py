"""The replay panel."""

from latentlab.widgets.panels.replay.panel import PANEL

__all__ = ["PANEL"]
