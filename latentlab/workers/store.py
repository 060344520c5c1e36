"""Store of the state, which rejects changes that belong to another model."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from latentlab.log_file import ACTIONS, LOG
from latentlab.session.belonging import belongs_to_model
from latentlab.session.failure import Failure
from latentlab.session.runs import Message
from latentlab.session.state import OF_CODES, OF_MODEL, State, changes_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latentlab.session.request import Request
    from latentlab.session.state import Changes


class Store(QObject):
    """Holds the state and emits its changes. All methods run on the GUI thread."""

    changed = Signal(object, object)
    """The new ``State`` and the result of `session.state.changes_between`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State()
        self.follow: Callable[[State], Mapping[str, Any]] = lambda state: {}
        """Callback that returns further changes for a new state, before `changed` is emitted."""
        self._pending: deque[tuple[State, Changes]] = deque()
        self._emitting = False

    def set(self, **changes: Any) -> None:
        """Change fields of the state.

        Ignored if any value belongs to another model than the open one.
        """
        old, new = self.state, replace(self.state, **changes)
        if not all(belongs_to_model(value, new) for value in _about_model(old, changes)):
            return
        new = replace(new, **self.follow(new))
        changed = changes_between(old, new)
        if changed:
            self._log(new, changed)
            self.state = new
            self._pending.append((new, changed))
            self._emit()

    def _log(self, state: State, changed: Changes) -> None:
        """Log failures with their details, and what the window says."""
        if "failure" in changed and (failure := state.failure):
            ACTIONS.info("Error: %s", failure.title)
            if failure.details:
                LOG.error("%s", failure.details)
        if "message" in changed and state.message:
            ACTIONS.info("Message: %s", state.message.text)
        if "workspace" in changed:
            ACTIONS.info("Workspace: %s", state.workspace)

    def put(self, kind: type[Request[Any]], answer: object) -> None:
        """Set the answer to a kind of request; None removes it."""
        self.set(answers={**self.state.answers, kind: answer})

    def refuse(self, title: str, advice: str = "") -> None:
        """Show why an action is not possible."""
        self.set(failure=Failure(title, advice))

    def dismiss_failure(self) -> None:
        """Remove the error message."""
        self.set(failure=None)

    def say(
        self, text: str, undo: Callable[[], None] | None = None, *, replaces: bool = False
    ) -> None:
        """Show a status message, with an optional undo action; see `Message`."""
        self.set(message=Message(text, undo, replaces))
        self.set(message=None)

    def _emit(self) -> None:
        """Emit pending changes in order; receivers may cause further ones.

        If a change were emitted from within another, some receivers would get the later one first
        and end up with the earlier state.
        """
        if self._emitting:
            return
        self._emitting = True
        try:
            while self._pending:
                self.changed.emit(*self._pending.popleft())
        finally:
            self._emitting = False


def _about_model(old: State, changes: Mapping[str, Any]) -> list[object]:
    """Return the changed values that must belong to the open model."""
    values: list[object] = [changes[name] for name in (OF_MODEL | OF_CODES) & changes.keys()]
    answers = changes.get("answers", {})
    if answers is not old.answers:
        values += [
            value
            for kind, value in answers.items()
            if kind.is_about_model() and value is not old.answer(kind)
        ]
    return values
