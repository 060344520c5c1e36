"""The arithmetic panel."""

from latentlab.widgets.panels.arithmetic.panel import PANEL

__all__ = ["PANEL"]
