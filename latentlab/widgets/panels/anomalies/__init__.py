"""The anomalies panel."""

from latentlab.widgets.panels.anomalies.panel import PANEL

__all__ = ["PANEL"]
