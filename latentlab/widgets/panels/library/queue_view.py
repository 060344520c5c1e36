"""The queue of pending runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from latentlab.session.recipes import describe_differences, recipe_title, value_of
from latentlab.widgets.kit.context_menu import add_button_actions
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import ElidedLabel, counted, muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

ROW_HEIGHT = 26
MAX_VISIBLE_ROWS = 5


class QueueView(QScrollArea):
    """One row per pending run, which can be removed. Hidden if there is none.

    Parameters
    ----------
    controller : Controller
        Receives the intents.
    """

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._queue: object = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.waiting: list[QueueRow] = []
        self.setWidget(inside)
        self.hide()

    def show_queue(self, state: State) -> None:
        """Show the pending runs."""
        if state.training.queue is self._queue:
            return
        self._queue = state.training.queue
        self._fill(state.training.queue)
        count = len(state.training.queue)
        self.setFixedHeight(max(1, min(count, MAX_VISIBLE_ROWS)) * ROW_HEIGHT)
        self.setVisible(count > 0)

    def _fill(self, queue: tuple[Mapping[str, Any], ...]) -> None:
        for row in self.waiting:
            self._column.removeWidget(row)
            row.deleteLater()
        self.waiting.clear()
        for i, (recipe, difference) in enumerate(
            zip(queue, describe_differences(queue), strict=True)
        ):
            row = QueueRow(f"{i + 1}.")
            row.show_text(recipe_title(recipe), difference or epochs(recipe))
            row.remove.clicked.connect(self._on_remove)
            self._column.addWidget(row)
            self.waiting.append(row)

    @Slot()
    def _on_remove(self) -> None:
        row = self.sender().parent()
        if row in self.waiting:
            self._controller.training.unqueue(self.waiting.index(row))


class QueueRow(QWidget):
    """Row of the queue: position, name and detail."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.setFixedHeight(ROW_HEIGHT)
        self.setToolTip("This run starts when the runs above it have ended")
        number = muted(place, stretch=False)
        number.setFixedWidth(3 * UNIT + 4)
        self.name = ElidedLabel()
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.detail = muted(stretch=False)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setMaximumWidth(160)
        self.remove = IconButton("close", "Remove this run from the queue")
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, 4, 0)
        row.setSpacing(UNIT // 2)
        row.addWidget(number)
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


def epochs(recipe: Mapping[str, Any]) -> str:
    """Return the number of epochs of a recipe, in words."""
    count = value_of(recipe, "training.epochs")
    return counted(count, "epoch") if count else ""
