"""The latents panel."""

from latentlab.widgets.panels.latents.panel import PANEL

__all__ = ["PANEL"]
