"""The lesson panel."""

from latentlab.widgets.panels.lesson.panel import PANEL

__all__ = ["PANEL"]
