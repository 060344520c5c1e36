"""The store: where the state changes, and where what belongs to another model is dropped."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from latentlab.session.belonging import belongs
from latentlab.session.failure import Failure
from latentlab.session.runs import Message
from latentlab.session.state import OF_CODES, OF_MODEL, State, changes_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latentlab.session.request import Request
    from latentlab.session.state import Changes


class Store(QObject):
    """Holds the state and tells of its changes. All methods run on the GUI thread."""

    changed = Signal(object, object)
    """The new ``State``, and what changed: see `session.state.changes_between`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State()
        self.follow: Callable[[State], Mapping[str, Any]] = lambda state: {}
        """Return what else changes with a new state, before `changed` is emitted."""
        self._untold: deque[tuple[State, Changes]] = deque()
        self._telling = False

    def set(self, **changes: Any) -> None:
        """Change fields of the state.

        Nothing changes where a part would belong to another model than the open one.
        """
        old, new = self.state, replace(self.state, **changes)
        if not all(belongs(value, new) for value in _about_model(old, changes)):
            return
        new = replace(new, **self.follow(new))
        changed = changes_between(old, new)
        if changed:
            self.state = new
            self._untold.append((new, changed))
            self._tell()

    def put(self, kind: type[Request[Any]], answer: object) -> None:
        """Change the answer to a kind of request; None takes it away."""
        self.set(answers={**self.state.answers, kind: answer})

    def refuse(self, title: str, advice: str = "") -> None:
        """Tell the user why something cannot be done."""
        self.set(failure=Failure(title, advice))

    def dismiss_failure(self) -> None:
        """Take an error message away."""
        self.set(failure=None)

    def say(self, text: str, undo: Callable[[], None] | None = None) -> None:
        """Tell the user what was done, and offer to take it back."""
        self.set(message=Message(text, undo))
        self.set(message=None)

    def _tell(self) -> None:
        """Emit changes one after another; a receiver of one may make the next.

        Emitted within the first, the second would reach other receivers before it, and they would
        end up with the state of the first.
        """
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                self.changed.emit(*self._untold.popleft())
        finally:
            self._telling = False


def _about_model(old: State, changes: Mapping[str, Any]) -> list[object]:
    """Return what of the changes has to belong to the open model."""
    guarded: list[object] = [changes[name] for name in (OF_MODEL | OF_CODES) & changes.keys()]
    answers = changes.get("answers", {})
    if answers is not old.answers:
        guarded += [
            value
            for kind, value in answers.items()
            if kind.is_about_model() and value is not old.answer(kind)
        ]
    return guarded
