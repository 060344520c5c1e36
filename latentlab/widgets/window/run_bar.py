"""Run bar: progress and speed of training, with a Pause button."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from latentlab.session.recipes import recipe_title
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import FastLabel
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PySide6.QtGui import QMouseEvent, QResizeEvent

    from latentlab.learning.events import Change
    from latentlab.session.runs import Run
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

SEPARATOR = " · "


class RunBar(QWidget):
    """Progress, speed and time left of the current run.

    Parameters
    ----------
    controller : Controller
        Receives the intents of the buttons.
    """

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._parts: list[tuple[int, str]] = []
        self.progress = QProgressBar(textVisible=False)
        self.progress.setFixedWidth(180)
        self.text = FastLabel()
        self.pause = IconButton("pause", "Pause training  (Ctrl+P)")
        self.watch = QPushButton("Show training")
        self.watch.setToolTip("Show the model in training in the workspace Train")
        for part in (self.text, self.progress):
            part.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, UNIT, 0)
        row.setSpacing(UNIT)
        row.addWidget(self.text, 1)
        row.addWidget(self.progress)
        row.addWidget(self.pause)
        row.addWidget(self.watch)
        self.watch.clicked.connect(self._watch)
        self.pause.clicked.connect(self._on_pause)
        self.hide()

    def show_run(self, state: State) -> None:
        """Show the progress of the run, or hide."""
        run = state.training.run
        self.setVisible(run is not None)
        if run is None:
            return
        self.watch.setVisible(not state.training.following or state.workspace != "train")
        self._parts = parts(run)
        lines = [describe(run), *notes(run, state.log.changes), "Click to show this run."]
        self.setToolTip("\n".join(lines))
        self._fit()
        paused = run.phase == "paused"
        self.pause.set_icon("play" if paused else "pause")
        tip = "Continue training" if paused else "Pause training"
        self.pause.setToolTip(f"{tip}  (Ctrl+P)")
        self.pause.setAccessibleName(tip)
        self.pause.setEnabled(run.phase in ("training", "paused"))
        is_known = run.fraction is not None
        self.progress.setRange(0, 1000 if is_known else 0)
        self.progress.setValue(round(1000 * (run.fraction or 0)))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = list(self._parts)
        while len(shown) > 1 and self._is_too_long(shown):
            shown.remove(max(shown))
        self.text.setText(_line(shown))

    def _is_too_long(self, shown: list[tuple[int, str]]) -> bool:
        return self.text.fontMetrics().horizontalAdvance(_line(shown)) > self.text.width()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_inside = self.rect().contains(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and is_inside:
            self._watch()

    @Slot()
    def _watch(self) -> None:
        """Show the model under training, in the workspace Train."""
        if not self._controller.state.training.following:
            self._controller.training.watch()
        self._controller.workspaces.go("train")

    @Slot()
    def _on_pause(self) -> None:
        toggle_pause(self._controller)


def toggle_pause(controller: Controller) -> None:
    """Pause or continue the current run."""
    run = controller.state.training.run
    if run and run.phase == "paused":
        controller.training.go_on()
    elif run:
        controller.training.pause()


def parts(run: Run) -> list[tuple[int, str]]:
    """Return the parts of the status text; a part with a larger number is dropped first."""
    if run.phase == "stopping":
        return [(0, "Stopping…")]
    if run.phase == "loading":
        return [(0, f"{run.message}…")]
    ranked: list[tuple[int, str | None]] = [
        (0, "Paused" if run.phase == "paused" else None),
        (5, recipe_title(run.recipe) or None),
        (7, f"{run.device} {run.precision}" if run.precision else run.device),
        (8, f"{size(run.memory)} in use" if run.memory else None),
        (1, f"epoch {run.epoch}/{run.epochs}"),
        (4, f"{run.images_per_second:,.0f} images/s" if run.images_per_second else None),
        (3, f"{run.seconds_per_epoch:.1f} s/epoch" if run.seconds_per_epoch else None),
        (2, None if run.seconds_left is None else f"{duration(run.seconds_left)} left"),
        (2, _validation(run)),
        (6, _plateau(run)),
    ]
    return [(rank, text) for rank, text in ranked if text]


def describe(run: Run) -> str:
    """Return the full status text of a run."""
    return _line(parts(run))


def notes(run: Run, changes: Iterable[Change]) -> Iterator[str]:
    """Yield what the losses of a run mean: sign, best epoch, and weights that are kept."""
    if run.validation_loss is None or run.best_loss is None:
        return
    last = [change for change in changes if _is_new_objective(change)][-1:]
    since = [f" since the change of {change.key} at epoch {change.epochs:.1f}" for change in last]
    yield f"The run keeps the weights of its last epoch and of its best one{''.join(since)}."
    if run.validation_loss < 0:
        yield (
            "A loss below 0 is possible with a Gaussian likelihood, because a density can exceed "
            "1. Lower is still better."
        )


def _is_new_objective(change: Change) -> bool:
    return change.key.startswith("objective.") and not change.problem


def _line(shown: list[tuple[int, str]]) -> str:
    return SEPARATOR.join(text for _, text in shown)


def _validation(run: Run) -> str | None:
    if run.validation_loss is None or run.best_loss is None:
        return None
    return f"validation {run.validation_loss:.1f} (best {run.best_loss:.1f} at {run.best_epoch})"


def _plateau(run: Run) -> str | None:
    if not run.plateau:
        return None
    until = f"/{run.patience}" if run.patience else ""
    return f"plateau {run.plateau}{until}"


def duration(seconds: float) -> str:
    """Format a duration: ``29 s``, ``3 min 20 s``, ``2 h 5 min``."""
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"


def size(count: int) -> str:
    """Format a number of bytes: ``640 MB``, ``1.5 GB``."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"
