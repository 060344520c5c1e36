"""Undo history: a list of values and the current index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ENTRIES = 200
"""Maximum number of values; one may hold an image of several megabytes."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Whether there is a step to undo, and one to redo."""

    can_undo: bool = False
    can_redo: bool = False


class History[T]:
    """Undo and redo history of values.

    Parameters
    ----------
    first : T
        Initial value.
    """

    def __init__(self, first: T) -> None:
        self._items = [first]
        self._index = 0

    @property
    def current(self) -> T:
        """Current value."""
        return self._items[self._index]

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier value."""
        return self._index > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a later value."""
        return self._index < len(self._items) - 1

    @property
    def steps(self) -> Steps:
        """Whether there is something before and after."""
        return Steps(self.can_undo, self.can_redo)

    def push(self, item: T) -> None:
        """Append a value and drop undone ones; a value equal to the current one is ignored."""
        if item != self.current:
            self._items = [*self._items[: self._index + 1], item][-MAX_ENTRIES:]
            self._index = len(self._items) - 1

    def amend(self, change: Callable[[T], T]) -> None:
        """Apply a change to every value, without adding an undo step."""
        self._items = [change(item) for item in self._items]

    def undo(self) -> T:
        """Step back if possible and return the current value."""
        self._index = max(0, self._index - 1)
        return self.current

    def redo(self) -> T:
        """Step forward if possible and return the current value."""
        self._index = min(len(self._items) - 1, self._index + 1)
        return self.current
