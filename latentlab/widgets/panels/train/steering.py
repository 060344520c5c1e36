"""Steering card: values of the current run that can change, and buttons to end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from latentlab.session.export import DescribeForm
from latentlab.session.form import used_fields
from latentlab.session.recipes import recipe_title
from latentlab.widgets.kit.dialogs import ask_epochs, confirm_discard
from latentlab.widgets.kit.labels import ElidedLabel, muted
from latentlab.widgets.kit.theme import UNIT, small
from latentlab.widgets.panels.train.steering_row import SteeringRow
from latentlab.widgets.window.run_bar import toggle_pause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QWidget

    from latentlab.session.form import Field
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

TABLE, RATE = "objective.", "training.learning_rate"
HINT = "Enter applies a change at once."
DISCARDS = "End training now and take the run out of the library; this can be undone"
KEPT = "This run was there before. Stop it, and delete it in the library"


class SteeringCard(QFrame):
    """Editors of the values that can change during training, and buttons to end the run.

    Parameters
    ----------
    controller : Controller
        Receives the intents.
    """

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("steering")
        self._controller = controller
        self.rows: dict[str, SteeringRow] = {}
        self._title, self._epoch = ElidedLabel(), QLabel()
        font = self._title.font()
        font.setBold(True)
        head = QHBoxLayout()
        for label in (self._title, self._epoch):
            label.setFont(font)
            head.addWidget(label)
        head.addStretch(1)
        self._grid = QGridLayout()
        self._grid.setSpacing(UNIT // 2)
        self._hint = muted()
        self.apply = QPushButton("Apply")
        self.apply.setToolTip("Make the changed numbers those of the run, as Enter does")
        # Keep the height of the button while it is hidden, so that the layout does not move.
        self._hint.setMinimumHeight(self.apply.sizeHint().height())
        hint_row = QHBoxLayout()
        hint_row.addWidget(self._hint, 1)
        hint_row.addWidget(self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT, UNIT, UNIT, UNIT)
        column.setSpacing(UNIT // 2)
        column.addLayout(head)
        column.addLayout(self._grid)
        column.addLayout(hint_row)
        column.addLayout(self._buttons())
        self.apply.clicked.connect(self._apply)
        self._update_hint()

    def _buttons(self) -> QGridLayout:
        self.pause = QPushButton("Pause")
        self.pause.setToolTip("Let training rest where it is, or go on  (Ctrl+P)")
        self.more = QPushButton("Train more…")
        self.more.setToolTip("Give this run more epochs")
        self.stop = QPushButton("Stop and keep")
        self.stop.setToolTip("End training now and keep what was learned  (Ctrl+.)")
        self.cancel = QPushButton("Cancel and discard")
        self.cancel.setObjectName("danger")
        self.cancel.setToolTip(DISCARDS)
        grid = QGridLayout()
        grid.setSpacing(UNIT // 2)
        grid.setRowMinimumHeight(2, UNIT)
        # Separate the destructive button from the others.
        cells = ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 2), (3, 0, 1, 2))
        buttons = (self.pause, self.more, self.stop, self.cancel)
        for button, cell in zip(buttons, cells, strict=True):
            # The smaller font keeps the buttons from widening the column of the form.
            button.setFont(small(button.font()))
            grid.addWidget(button, *cell)
        self.pause.clicked.connect(self._on_pause)
        self.more.clicked.connect(self._on_more)
        self.stop.clicked.connect(self._controller.training.stop)
        self.cancel.clicked.connect(self._on_cancel)
        return grid

    def show_run(self, state: State, changed: Changes) -> None:
        """Show the current values and phase of the run."""
        run = state.training.run
        if run is None:
            return
        name = recipe_title(run.recipe) or "A run"
        self._title.setText(name)
        self._epoch.setText(f"· epoch {run.epoch}/{run.epochs}" if run.epochs else "")
        self._show_rows({key: (f, v) for key, f, v in steerable(state)}, run.scheduled)
        if "failure" in changed and state.failure:
            for row in self.rows.values():
                row.forget_sent()
        is_running = run.phase in ("training", "paused")
        self.pause.setText("Continue" if run.phase == "paused" else "Pause")
        for widget in (self.pause, self.more, *self.rows.values()):
            widget.setEnabled(is_running)
        self.stop.setEnabled(run.phase != "stopping")
        self.cancel.setEnabled(run.phase != "stopping" and not run.resumed)
        self.cancel.setToolTip(KEPT if run.resumed else DISCARDS)
        self._update_hint()

    def _show_rows(
        self, fields: dict[str, tuple[Field, float]], scheduled: Mapping[str, float]
    ) -> None:
        if list(fields) != list(self.rows):
            for old in self.rows.values():
                old.label.deleteLater()
                old.deleteLater()
            self.rows = {key: SteeringRow(key, field) for key, (field, _) in fields.items()}
            for i, row in enumerate(self.rows.values()):
                self._grid.addWidget(row.label, i, 0)
                self._grid.addWidget(row, i, 1)
                row.edited.connect(self._update_hint)
                row.applied.connect(self._controller.training.steer)
        for key, (_, value) in fields.items():
            self.rows[key].show_value(value)
            self.rows[key].show_present(scheduled.get(key, value))

    @Slot()
    def _update_hint(self) -> None:
        edited = [row for row in self.rows.values() if row.is_edited]
        sent = [row for row in self.rows.values() if row.is_sent]
        problems = [row.problem for row in self.rows.values() if row.problem]
        self.apply.setVisible(bool(edited) and not problems)
        self._show_hint(bool(problems))
        run = self._controller.state.training.run
        if problems:
            self._hint.setText("; ".join(problems))
        elif edited:
            self._hint.setText("; ".join(row.difference() for row in edited))
        elif sent:
            paused = run is not None and run.phase == "paused"
            self._hint.setText("Takes effect when it goes on." if paused else "Taking effect…")
        else:
            self._hint.setText(HINT if self.rows else "")
        self._hint.setToolTip(self._hint.text())

    def _show_hint(self, problems: bool) -> None:
        """Style the hint as an error or as muted text."""
        name = "problem" if problems else "muted"
        if self._hint.objectName() != name:
            self._hint.setObjectName(name)
            self._hint.style().polish(self._hint)

    @Slot()
    def _apply(self) -> None:
        for row in self.rows.values():
            row.apply()

    @Slot()
    def _on_pause(self) -> None:
        toggle_pause(self._controller)

    @Slot()
    def _on_cancel(self) -> None:
        confirm_discard(self, self._controller)

    @Slot()
    def _on_more(self) -> None:
        epochs = ask_epochs(self, "this run")
        if epochs:
            self._controller.training.train_more(epochs)


def steerable(state: State) -> list[tuple[str, Field, float]]:
    """Return the values that can change during training: objective and learning rate."""
    recipe = state.training.run.recipe if state.training.run else {}
    return [
        (key, field, value)
        for key, field, value in (
            used_fields((state.answer(DescribeForm) or ()), recipe) if recipe else ()
        )
        if field.type in ("int", "float") and value is not None and _is_steerable(key)
    ]


def _is_steerable(key: str) -> bool:
    return key == RATE or (key.startswith(TABLE) and key.count(".") == 1)
