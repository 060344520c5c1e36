"""Start of a run, with a warning if it would take hours, and the file of its recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.session.export import RECIPES
from latentlab.session.recipes import HOUR_S, EstimateTime, SaveRecipe, approximate
from latentlab.widgets.kit.dialogs import ask_save_path, confirm

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.session.recipes import Estimate
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller


def start_training(parent: QWidget, controller: Controller) -> None:
    """Start a run of the draft; ask first if its estimated time is an hour or more."""
    estimate = current_estimate(controller.state)
    seconds = estimate.seconds if estimate else None
    if seconds is not None and seconds >= HOUR_S and controller.state.training.run is None:
        slowest = estimate.slowest if estimate else None
        text = f"This run takes {approximate(seconds, slowest)} on this machine."
        more = (
            "You can stop it at any time and keep what it has learned. Fewer epochs, fewer images "
            "or a smaller network take less time."
        )
        if not confirm(parent, text, more, "Train anyway"):
            return
    controller.training.start()


def current_estimate(state: State) -> Estimate | None:
    """Return the estimate for the draft; None if it is not known yet."""
    estimate = state.answer(EstimateTime)
    return estimate if estimate and estimate.values == state.draft.values else None


def save_recipe(parent: QWidget, controller: Controller) -> None:
    """Ask for a file and write the draft to it."""
    path = ask_save_path(parent, "recipe", RECIPES)
    if path:
        controller.files.save(SaveRecipe(controller.state.draft.values or {}, path))
