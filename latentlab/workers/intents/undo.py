"""Undo and redo of z, the path, the view, selections, bookmarks and arithmetic slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.session.belonging import belongs_to_model
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.history import History
from latentlab.session.interpolation import MakeBlend

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.interpolation import Bookmark
    from latentlab.session.map import MapView
    from latentlab.session.points import LatentPath, Original, Point
    from latentlab.session.selection import Selection
    from latentlab.session.state import State
    from latentlab.workers.store import Store


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """State that undo restores; ``slots`` are A, B and C of A - B + C, empty until decoded."""

    point: Point | None = None
    ends: LatentPath | None = None
    original: Original | None = None
    view: MapView | None = None
    selection: Selection | None = None
    kept: tuple[Selection, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    slots: tuple[Point, ...] = ()


def history_entry(state: State) -> HistoryEntry:
    """Return the part of a state that undo restores."""
    blend = state.answer(MakeBlend)
    return HistoryEntry(
        state.point,
        state.ends,
        state.original,
        state.view,
        state.selection,
        state.kept,
        state.answer(ReadBookmarks) or (),
        blend.slots if blend else (),
    )


class Undo:
    """Undo history of one model.

    Parameters
    ----------
    store : Store
        Store of the state to record and restore.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._history = History(HistoryEntry())
        self._followers: list[Callable[[HistoryEntry], None]] = []

    @property
    def is_untouched(self) -> bool:
        """Whether there are no changes since the model was opened."""
        return not self._history.can_undo

    @property
    def place(self) -> HistoryEntry:
        """Current entry of the history."""
        return self._history.current

    def undo(self) -> None:
        """Restore the previous entry."""
        self._go(self._history.undo())

    def redo(self) -> None:
        """Restore the next entry."""
        self._go(self._history.redo())

    def remember(self) -> None:
        """Append the current state to the history, unless it equals the current entry."""
        self._history.push(history_entry(self._store.state))
        self._tell()

    def amend(self, change: Callable[[HistoryEntry], HistoryEntry]) -> None:
        """Apply a change to every entry, without adding an undo step."""
        self._history.amend(change)

    def begin(self) -> None:
        """Restart the history with the current state."""
        self._history = History(history_entry(self._store.state))
        self._tell()

    def followed_by(self, follower: Callable[[HistoryEntry], None]) -> None:
        """Register a callback that is called with each restored entry."""
        self._followers.append(follower)

    def _tell(self) -> None:
        self._store.set(steps=self._history.steps)

    def _go(self, place: HistoryEntry) -> None:
        # The map may have fewer images now.
        current = self._store.state
        self._store.set(
            point=place.point,
            ends=place.ends,
            original=place.original if belongs_to_model(place.original, current) else None,
            view=place.view or current.view,
            selection=place.selection if belongs_to_model(place.selection, current) else None,
            kept=tuple(one for one in place.kept if belongs_to_model(one, current)),
            preview=None,
            steps=self._history.steps,
        )
        for follower in self._followers:
            follower(place)
