"""Train menu: start, steer and stop runs from the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence

from latentlab.session.export import DescribeForm
from latentlab.session.library.entries import ListLibrary
from latentlab.widgets.kit.dialogs import ask_epochs, confirm_discard
from latentlab.widgets.kit.start_training import save_recipe, start_training
from latentlab.widgets.kit.sweep_dialog import ask_sweep
from latentlab.widgets.window.run_bar import toggle_pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMainWindow, QMenu

    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

REFRESH_SECONDS = (0.5, 1.0, 2.0, 5.0)


class TrainMenu(QObject):
    """Fills the menu, and pauses training with the space bar if no widget handles it.

    Parameters
    ----------
    window : QMainWindow
        Window whose key presses are filtered.
    menu : QMenu
        Menu to fill.
    controller : Controller
        Receives the intents.
    """

    def __init__(self, window: QMainWindow, menu: QMenu, controller: Controller) -> None:
        super().__init__(window)
        self._window = window
        self._menu = menu
        self._controller = controller
        self.actions: list[QAction] = []
        self.train = self._add("Train", "Ctrl+T", self._start)
        self.queue = self._add("Add to queue", "Ctrl+Shift+T", self._enqueue)
        self.sweep = self._add("Sweep…", "", self._sweep)
        self.save = self._add("Save recipe…", "", self._save)
        menu.addSeparator()
        self.pause = self._add("Pause", "Ctrl+P", self._pause)
        self.more = self._add("Train more epochs…", "Ctrl+Shift+M", self._train_more)
        self.stop = self._add("Stop and keep", "Ctrl+.", controller.training.stop)
        self.cancel = self._add("Cancel and discard", "", self._cancel)
        menu.addSeparator()
        self._rhythms = self._add_rhythms()
        for action in self.actions:
            action.setEnabled(False)
        window.installEventFilter(self)

    def _add(self, text: str, shortcut: str, slot: Callable[[], object]) -> QAction:
        action = self._menu.addAction(text)
        action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(slot)
        self.actions.append(action)
        return action

    def _add_rhythms(self) -> QActionGroup:
        menu = self._menu.addMenu("Refresh images every")
        group = QActionGroup(self)
        for seconds in REFRESH_SECONDS:
            action = group.addAction(f"{seconds:g} s")
            action.setCheckable(True)
            action.setData(seconds)
            action.setChecked(seconds == self._controller.state.training.rhythm)
            menu.addAction(action)
        group.triggered.connect(self._set_rhythm)
        return group

    def show_state(self, state: State, changed: Changes) -> None:
        """Enable the actions that apply to the state."""
        if changed & {"rhythm"}:
            for action in self._rhythms.actions():
                action.setChecked(action.data() == state.training.rhythm)
        if changed & {"run", DescribeForm, "model", ListLibrary, "draft"}:
            run, ready = (
                state.training.run,
                bool(state.answer(DescribeForm) or ()) and not state.draft.problem,
            )
            self.train.setEnabled(run is None and ready)
            self.queue.setEnabled(run is not None and ready)
            self.sweep.setEnabled(ready)
            self.save.setEnabled(ready)
            active = run is not None and run.phase in ("training", "paused")
            self.pause.setEnabled(active)
            self.pause.setText("Continue" if run and run.phase == "paused" else "Pause")
            self.more.setEnabled(active or (run is None and _is_resumable(state)))
            ending = run is None or run.phase == "stopping"
            self.stop.setEnabled(not ending)
            self.cancel.setEnabled(run is not None and not ending and not run.resumed)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pause or continue at a space that the focused widget ignored."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            space = event.key() == Qt.Key.Key_Space and plain and not event.isAutoRepeat()
            if space and self.pause.isEnabled():
                self._pause()
                return True
        return super().eventFilter(watched, event)

    @Slot()
    def _start(self) -> None:
        start_training(self._window, self._controller)

    @Slot()
    def _save(self) -> None:
        save_recipe(self._window, self._controller)

    @Slot()
    def _enqueue(self) -> None:
        self._controller.training.enqueue()

    @Slot()
    def _sweep(self) -> None:
        ask_sweep(self._window, self._controller)

    @Slot()
    def _pause(self) -> None:
        toggle_pause(self._controller)

    @Slot()
    def _cancel(self) -> None:
        confirm_discard(self._window, self._controller)

    @Slot()
    def _train_more(self) -> None:
        model = self._controller.state.model
        name = "this run" if self._controller.state.training.run or not model else model.name
        epochs = ask_epochs(self._window, name)
        if epochs:
            self._controller.training.train_more(epochs)

    @Slot(QAction)
    def _set_rhythm(self, action: QAction) -> None:
        self._controller.training.set_rhythm(action.data())


def _is_resumable(state: State) -> bool:
    source = state.model.source if state.model else None
    return any(
        entry.path == source and entry.resumable for entry in (state.answer(ListLibrary) or ())
    )
