"""The sliders panel."""

from latentlab.widgets.panels.sliders.panel import PANEL

__all__ = ["PANEL"]
