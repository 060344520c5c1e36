"""Undo: a list and a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 200
"""Values remembered; one may hold a picture of some megabytes."""


class History[T]:
    """Remembers values one can go back and forth between.

    Parameters
    ----------
    first : T
        Where it begins.
    """

    def __init__(self, first: T) -> None:
        self._items = [first]
        self._index = 0

    @property
    def current(self) -> T:
        """The value at the present place."""
        return self._items[self._index]

    @property
    def can_undo(self) -> bool:
        """Whether there is something before."""
        return self._index > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is something after."""
        return self._index < len(self._items) - 1

    def push(self, item: T) -> None:
        """Go on to a new value, forgetting what was undone; the same value changes nothing."""
        if item != self.current:
            self._items = [*self._items[: self._index + 1], item][-LIMIT:]
            self._index = len(self._items) - 1

    def amend(self, change: Callable[[T], T]) -> None:
        """Change every value, by something that was so all along and only now is known."""
        self._items = [change(item) for item in self._items]

    def undo(self) -> T:
        """Go one back, if that can be, and return the value there."""
        self._index = max(0, self._index - 1)
        return self.current

    def redo(self) -> T:
        """Go one forward, if that can be, and return the value there."""
        self._index = min(len(self._items) - 1, self._index + 1)
        return self.current
