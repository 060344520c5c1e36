"""Actions and buttons that are greyed for a model that lacks what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.session.abilities import why_not

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from latentlab.session.abilities import Abilities
    from latentlab.session.points import ModelCard


class ModelActions:
    """Enables actions and buttons for the open model; tips of greyed ones say what is missing."""

    def __init__(self) -> None:
        self._needs: list[tuple[QAction | QWidget, Abilities, str, str]] = []

    def add(self, action: QAction | QWidget, needs: Abilities) -> None:
        """Add an action or a button that has its tips."""
        if needs:
            self._needs.append((action, needs, action.toolTip(), action.statusTip()))

    def show_model(self, model: ModelCard | None) -> None:
        """Enable the actions that the model can serve."""
        for action, needs, tool_tip, status_tip in self._needs:
            why = why_not(needs, model)
            action.setEnabled(not why)
            action.setToolTip(why or tool_tip)
            action.setStatusTip(why or status_tip)
