"""Directions in latent space, saved for their model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from latentlab.session.directions import (
    ImportDirections,
    LearnDirection,
    ReadDirections,
    ReplaceDirection,
    SaveDirections,
)

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.latent.directions import Method
    from latentlab.session.directions import Direction, DirectionSource
    from latentlab.session.points import ModelCard
    from latentlab.session.undo.snapshot import Snapshot
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store

    Change = LearnDirection | ReplaceDirection | ImportDirections


class DirectionIntents:
    """Actions on directions.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        demand.on(ReadDirections, self._on_read)
        for kind in (LearnDirection, ReplaceDirection, ImportDirections):
            demand.on(kind, self._on_changed)
        demand.on(SaveDirections, self._on_saved)
        undo.followed_by(self._follow)

    def learn(self, source: DirectionSource, method: Method, *, apart: bool) -> None:
        """Learn a direction and save it; `apart` makes it orthogonal to the saved ones."""
        if model := self._store.state.model:
            self._store.dismiss_failure()
            self._demand.ask(LearnDirection(model, source, method, apart))

    def rename(self, direction: Direction, name: str) -> None:
        """Rename a direction."""
        self._replace(direction, replace(direction, name=name))

    def delete(self, direction: Direction) -> None:
        """Delete a direction; the message offers to restore it."""
        model = self._store.state.model
        if model is None:
            return
        self._replace(direction, None)
        restore = partial(self._restore, direction, model)
        self._store.say(f"“{direction.name}” was deleted", restore)

    def _restore(self, direction: Direction, owner: ModelCard) -> None:
        """Restore a deleted direction, unless another model than its own is open by now."""
        model = self._store.state.model
        file = owner.source or owner.file
        if model and (
            model.number == owner.number or (file and file in (model.source, model.file))
        ):
            self._replace(None, direction)
        else:
            self._store.refuse(
                f"“{direction.name}” is a direction of {owner.name}.",
                f"Learn it again after opening {owner.name}.",
            )

    def load(self, path: Path) -> None:
        """Add the directions of a file."""
        if model := self._store.state.model:
            self._store.dismiss_failure()
            self._demand.ask(ImportDirections(model, path))

    def _replace(self, before: Direction | None, after: Direction | None) -> None:
        if model := self._store.state.model:
            self._demand.ask(ReplaceDirection(model, before, after))

    def _on_read(self, _: ReadDirections, directions: tuple[Direction, ...]) -> None:
        """Store the directions of a file, which are no undo step."""
        self._store.put(ReadDirections, directions)
        self._undo.amend(lambda place: replace(place, directions=directions))

    def _on_changed(self, _: Change, directions: tuple[Direction, ...]) -> None:
        self._store.put(ReadDirections, directions)
        self._undo.remember()

    def _on_saved(self, _: SaveDirections, saved: tuple[Direction, ...]) -> None:
        """Keep what is shown: it was set with the request, and may be another step by now."""

    def _follow(self, place: Snapshot) -> None:
        state = self._store.state
        if place.directions is None or place.directions == state.answer(ReadDirections):
            return
        self._store.put(ReadDirections, place.directions)
        if state.model:
            self._demand.ask(SaveDirections(state.model, place.directions))
