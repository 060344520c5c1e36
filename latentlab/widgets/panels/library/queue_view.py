"""The queue of pending runs, and the runs that train beside the current one."""

from __future__ import annotations

from operator import is_not
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from latentlab.errors import counted
from latentlab.session.recipes import describe_differences, recipe_title, value_of
from latentlab.widgets.kit.context_menu import add_button_actions
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import ElidedLabel, muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

ROW_HEIGHT = 26
MAX_VISIBLE_ROWS = 5
WAITING = "This run starts after those above it", "Remove this run from the queue"
IN_TRAINING = "This run trains beside the current one", "Stop and keep this run"
"""Tooltips of a row and of its button."""


class QueueView(QScrollArea):
    """One row per pending run, which can be removed, or run beside the current one.

    Hidden if there is none.

    Parameters
    ----------
    controller : Controller
        Receives the intents.
    """

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._beside: tuple[Mapping[str, Any], ...] = ()
        self._queue: tuple[Mapping[str, Any], ...] = ()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.training: list[QueueRow] = []
        self.waiting: list[QueueRow] = []
        self.setWidget(inside)
        self.hide()

    def show_queue(self, state: State) -> None:
        """Show the runs beside the current one, and the pending runs."""
        training = state.training
        beside = tuple(run.recipe for run in training.beside)
        # The progress of a run must not take away the button under the cursor.
        if _differ(beside, self._beside) or _differ(training.queue, self._queue):
            self._beside, self._queue = beside, training.queue
            self._fill((*beside, *training.queue), len(beside))
        for row, run in zip(self.training, training.beside, strict=True):
            row.number.setText(f"{run.fraction or 0:.0%}")

    def _fill(self, recipes: tuple[Mapping[str, Any], ...], training: int) -> None:
        for row in (*self.training, *self.waiting):
            self._column.removeWidget(row)
            row.deleteLater()
        differences = describe_differences(recipes)
        rows = [
            QueueRow(*(IN_TRAINING if i < training else WAITING), f"{i + 1 - training}.")
            for i in range(len(recipes))
        ]
        for row, recipe, difference in zip(rows, recipes, differences, strict=True):
            row.show_text(recipe_title(recipe), difference or epochs(recipe))
            row.remove.clicked.connect(self._on_remove)
            self._column.addWidget(row)
        self.training, self.waiting = rows[:training], rows[training:]
        self.setFixedHeight(max(1, min(len(rows), MAX_VISIBLE_ROWS)) * ROW_HEIGHT)
        self.setVisible(bool(rows))

    @Slot()
    def _on_remove(self) -> None:
        row = self.sender().parent()
        if row in self.training:
            self._controller.training.stop_beside(self.training.index(row))
        elif row in self.waiting:
            self._controller.training.unqueue(self.waiting.index(row))


class QueueRow(QWidget):
    """Row of the queue: position or progress, name and detail.

    Parameters
    ----------
    tip, action : str
        Tooltips of the row and of its button.
    place : str
        Position in the queue.
    """

    def __init__(self, tip: str, action: str, place: str) -> None:
        super().__init__()
        self.setFixedHeight(ROW_HEIGHT)
        self.setToolTip(tip)
        self.number = muted(place, stretch=False)
        self.number.setFixedWidth(3 * UNIT + 4)
        self.name = ElidedLabel()
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.detail = muted(stretch=False)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setMaximumWidth(160)
        self.remove = IconButton("close", action)
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, 4, 0)
        row.setSpacing(UNIT // 2)
        row.addWidget(self.number)
        row.addWidget(self.name, 1)
        row.addWidget(self.detail)
        row.addWidget(self.remove)

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the removal to the context menu."""
        add_button_actions(menu, [self.remove])

    def show_text(self, name: str, detail: str) -> None:
        """Set name and detail."""
        self.name.setText(name)
        self.detail.setText(detail)


def _differ(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) != len(other) or any(map(is_not, one, other))


def epochs(recipe: Mapping[str, Any]) -> str:
    """Return the number of epochs of a recipe, in words."""
    count = value_of(recipe, "training.epochs")
    return counted(count, "epoch") if count else ""
