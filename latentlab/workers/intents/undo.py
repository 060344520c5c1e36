"""Undo and redo of where one is: z, the path, the view, selections, bookmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.session.belonging import belongs
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.history import History
from latentlab.session.interpolation import MakeBlend

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.interpolation import Bookmark
    from latentlab.session.map import View
    from latentlab.session.points import LatentPath, Original, Point
    from latentlab.session.selection import Selection
    from latentlab.session.state import State
    from latentlab.workers.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """What undo goes back to; ``slots`` are A, B and C of A - B + C, none until they are known."""

    point: Point | None = None
    ends: LatentPath | None = None
    original: Original | None = None
    view: View | None = None
    selection: Selection | None = None
    kept: tuple[Selection, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    slots: tuple[Point, ...] = ()


def place_of(state: State) -> Place:
    """Return what undo has to know of a state to come back to it."""
    blend = state.answer(MakeBlend)
    return Place(
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
    """Remembers each settled place of one model.

    Parameters
    ----------
    store : Store
        Its state is remembered and restored.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._history = History(Place())
        self._followers: list[Callable[[Place], None]] = []

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was done since the model was opened."""
        return not self._history.can_undo

    @property
    def place(self) -> Place:
        """The place that was remembered last."""
        return self._history.current

    def undo(self) -> None:
        """Go back to the place before."""
        self._go(self._history.undo())

    def redo(self) -> None:
        """Go forward to the place after."""
        self._go(self._history.redo())

    def remember(self) -> None:
        """Take note of the present place, unless it is the last one."""
        self._history.push(place_of(self._store.state))
        self._tell()

    def amend(self, change: Callable[[Place], Place]) -> None:
        """Change every place by something that was so all along and is known only now."""
        self._history.amend(change)

    def begin(self) -> None:
        """Forget all places but the present one."""
        self._history = History(place_of(self._store.state))
        self._tell()

    def followed_by(self, follower: Callable[[Place], None]) -> None:
        """Call `follower` with each place that was gone to, for what the state alone cannot do."""
        self._followers.append(follower)

    def _tell(self) -> None:
        self._store.set(can_undo=self._history.can_undo, can_redo=self._history.can_redo)

    def _go(self, place: Place) -> None:
        # Fewer images may be on the map by now.
        here = self._store.state
        self._store.set(
            point=place.point,
            ends=place.ends,
            original=place.original if belongs(place.original, here) else None,
            view=place.view or here.view,
            selection=place.selection if belongs(place.selection, here) else None,
            kept=tuple(one for one in place.kept if belongs(one, here)),
            preview=None,
            can_undo=self._history.can_undo,
            can_redo=self._history.can_redo,
        )
        for follower in self._followers:
            follower(place)
