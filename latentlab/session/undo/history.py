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
    """Whether there is a step to undo, and one to redo, and their names."""

    can_undo: bool = False
    can_redo: bool = False
    undo_title: str = ""
    redo_title: str = ""


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
    def items(self) -> tuple[T, ...]:
        """All values, the first one first."""
        return tuple(self._items)

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier value."""
        return self._index > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a later value."""
        return self._index < len(self._items) - 1

    @property
    def before(self) -> T | None:
        """Value before the current one, if any."""
        return self._items[self._index - 1] if self.can_undo else None

    @property
    def after(self) -> T | None:
        """Value after the current one, if any."""
        return self._items[self._index + 1] if self.can_redo else None

    def push(self, item: T) -> None:
        """Append a value and drop undone ones; a value equal to the current one is ignored."""
        if item != self.current:
            self._items = [*self._items[: self._index + 1], item][-MAX_ENTRIES:]
            self._index = len(self._items) - 1

    def amend(self, change: Callable[[T], T]) -> None:
        """Apply a change to every value; a value that then equals the one before it is removed."""
        items: list[T] = []
        for position, item in enumerate(map(change, self._items)):
            if not items or item != items[-1]:
                items.append(item)
            if position == self._index:
                index = len(items) - 1
        self._items, self._index = items, index

    def replace(self, item: T) -> None:
        """Replace the current value without adding an undo step."""
        self._items[self._index] = item
        self.amend(lambda each: each)

    def undo(self) -> T:
        """Step back if possible and return the current value."""
        self._index = max(0, self._index - 1)
        return self.current

    def redo(self) -> T:
        """Step forward if possible and return the current value."""
        self._index = min(len(self._items) - 1, self._index + 1)
        return self.current
