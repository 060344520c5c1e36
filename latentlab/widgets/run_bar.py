"""The run bar: how far training is, and its way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from latentlab.widgets.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.state import Run, State
    from latentlab.workers.controller import Controller


class RunBar(QWidget):
    """Progress, speed and time left of the run under way.

    Parameters
    ----------
    controller : Controller
        Takes the buttons' intents.
    """

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setFixedWidth(180)
        self.text = QLabel()
        self.watch = QPushButton("Watch it")
        self.watch.setToolTip("Show the model under training again")
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, UNIT, 0)
        row.setSpacing(UNIT)
        # A long line is cut off rather than widening the window.
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.text, 1)
        row.addWidget(self.progress)
        row.addWidget(self.watch)
        self.watch.clicked.connect(controller.watch_run)
        self.hide()

    def show_run(self, state: State) -> None:
        """Show how far the run is, or hide."""
        run = state.run
        self.setVisible(run is not None)
        if run is None:
            return
        self.watch.setVisible(not state.following)
        self.text.setText(describe(run))
        known = run.fraction is not None
        self.progress.setRange(0, 1000 if known else 0)
        self.progress.setValue(round(1000 * (run.fraction or 0)))


def describe(run: Run) -> str:
    """Return the state of a run in one line."""
    if run.phase == "stopping":
        return "Stopping…"
    if run.phase == "loading":
        return f"{run.message}…"
    parts = [f"{run.device} · epoch {run.epoch}/{run.epochs}"]
    if run.seconds_per_epoch:
        parts.append(f"{run.seconds_per_epoch:.1f} s/epoch")
    elif run.images_per_second:
        parts.append(f"{run.images_per_second:,.0f} images/s")
    if run.seconds_left is not None:
        parts.append(f"{duration(run.seconds_left)} left")
    if run.validation_loss is not None and run.best_loss is not None:
        parts.append(
            f"validation {run.validation_loss:.1f} (best {run.best_loss:.1f} at {run.best_epoch})"
        )
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Return a time as people say it: ``29 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
