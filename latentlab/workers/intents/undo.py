"""Undo and redo of everything that the user set: one list of snapshots."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from latentlab.session.belonging import belongs_to_model
from latentlab.session.export import DescribeForm
from latentlab.session.runs import Draft
from latentlab.session.undo.history import History, Steps
from latentlab.session.undo.snapshot import (
    Snapshot,
    differences,
    for_new_model,
    snapshot,
    step_title,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.directions import Groups
    from latentlab.session.state import State
    from latentlab.workers.store import Store

MERGE_SECONDS = 1.0
"""Seconds within which further changes of the same setting belong to one step."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """Setting that a panel holds itself."""

    read: Callable[[], Any]
    restore: Callable[[Any], None]
    is_about_model: bool


class Undo:
    """Undo history.

    Steps that concern the model end when another model is opened; the others remain.

    Parameters
    ----------
    store : Store
        Store of the state to record and restore.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._history = History(Snapshot())
        self._followers: list[Callable[[Snapshot], None]] = []
        self._choices: dict[str, _Choice] = {}
        self._restoring = False
        self._noted: dict[str, Any] = {}
        """Settings that changed with the next step, by name."""
        self._merged: tuple[tuple[str, ...], float] = ((), 0.0)
        """What the last step that can be merged changed, and its time."""

    @property
    def is_untouched(self) -> bool:
        """Whether z and the path are as they were when the model was opened."""
        found = {(item.point, item.ends, item.original) for item in self._history.items}
        return len(found) == 1

    @property
    def current(self) -> Snapshot:
        """Current snapshot of the history."""
        return self._history.current

    def undo(self) -> None:
        """Restore the previous snapshot."""
        self._go(self._history.undo)

    def redo(self) -> None:
        """Restore the next snapshot."""
        self._go(self._history.redo)

    def remember(self, *, merges: bool = False) -> None:
        """Append the current state to the history, unless it equals the current snapshot.

        Parameters
        ----------
        merges : bool
            Whether this change continues the step before if that changed the same settings less
            than a second ago, as while typing.
        """
        choices = {**self.current.choices, **self._noted}
        self._push(snapshot(self._store.state, choices), merges=merges)

    def amend(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """Apply a change to every snapshot, without adding an undo step."""
        self._history.amend(change)
        self._tell()

    def amend_current(self, **changes: Any) -> None:
        """Change the current snapshot, without adding an undo step."""
        self._history.replace(replace(self.current, **changes))
        self._tell()

    def begin(self) -> None:
        """Remove the steps that concern another model, and record the current state."""
        first = snapshot(self._store.state, self.current.choices)
        self._noted = {}
        self.amend(lambda old: for_new_model(old, first))
        for name, choice in self._choices.items():
            if choice.is_about_model:
                self.refresh(name)

    def followed_by(self, follower: Callable[[Snapshot], None]) -> None:
        """Register a callback that is called with each restored snapshot."""
        self._followers.append(follower)

    # Settings that panels hold themselves

    def register(
        self,
        name: str,
        read: Callable[[], Any],
        restore: Callable[[Any], None],
        *,
        is_about_model: bool = False,
    ) -> None:
        """Register a setting that a panel holds itself.

        Parameters
        ----------
        name : str
            Unique name, as it is called in the title of a step.
        read : callable
            Returns the current value.
        restore : callable
            Sets the value.
        is_about_model : bool
            Whether its steps end when another model is opened.
        """
        self._choices[name] = _Choice(read, restore, is_about_model)
        self.refresh(name)

    def refresh(self, name: str) -> None:
        """Record the current value of a setting in every snapshot, as if it had always been so."""
        value = self._choices[name].read()
        self.amend(lambda old: replace(old, choices={**old.choices, name: value}))

    def note_choice(self, name: str) -> None:
        """Include a setting in the next step, if its effect on the state comes later."""
        self._noted[name] = self._choices[name].read()

    def remember_choice(self, name: str, *, merges: bool = True) -> None:
        """Append the value of a registered setting to the history; `merges` as in `remember`."""
        choices = {**self.current.choices, name: self._choices[name].read()}
        self._push(snapshot(self._store.state, choices), merges=merges)

    def _push(self, item: Snapshot, *, merges: bool) -> None:
        if self._restoring:
            return
        self._noted = {}
        changed, now = differences(self.current, item), time.monotonic()
        if not changed:
            return
        last, when = self._merged
        if merges and changed == last and now - when < MERGE_SECONDS:
            self._history.replace(item)
        else:
            self._history.push(item)
        self._merged = (changed if merges else (), now)
        self._tell()

    def _tell(self) -> None:
        """Put the possible steps and their names into the state."""
        history, form = self._history, self._store.state.answer(DescribeForm) or ()

        def title(before: Snapshot | None, after: Snapshot | None) -> str:
            return step_title(differences(before, after), form) if before and after else ""

        current = history.current
        steps = Steps(
            history.can_undo,
            history.can_redo,
            title(history.before, current),
            title(current, history.after),
        )
        if steps != self._store.state.steps:
            self._store.set(steps=steps)

    def _go(self, move: Callable[[], Snapshot]) -> None:
        before, place = self.current, move()
        self._merged, self._noted = ((), 0.0), {}
        # Restoring changes the state and the panels, which is no further step.
        self._restoring = True
        try:
            self._restore(place)
            for follower in self._followers:
                follower(place)
            for name, value in place.choices.items():
                if value != before.choices.get(name) and name in self._choices:
                    self._choices[name].restore(value)
        finally:
            self._restoring = False
        self._tell()

    def _restore(self, place: Snapshot) -> None:
        # The map may have fewer images now.
        current = self._store.state
        draft = current.draft
        if place.draft != draft.values:
            draft = Draft(place.draft)
        self._store.set(
            point=place.point,
            ends=place.ends,
            original=place.original if belongs_to_model(place.original, current) else None,
            view=place.view or current.view,
            selection=place.selection if belongs_to_model(place.selection, current) else None,
            kept=tuple(one for one in place.kept if belongs_to_model(one, current)),
            groups=place.groups if _are_on_map(place.groups, current) else current.groups,
            grid=place.grid,
            sampling=place.sampling,
            draft=draft,
            preview=None,
        )


def _are_on_map(groups: Groups, state: State) -> bool:
    count = 0 if state.codes is None else len(state.codes)
    return max((*groups.a, *groups.b), default=-1) < count
