"""Vector arithmetic (A - B)·t + C, including undo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.analogy import MAX_MEANS, best_analogy
from latentlab.session.belonging import belongs_to_model
from latentlab.session.interpolation import MakeBlend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latentlab.session.interpolation import Blend
    from latentlab.session.points import Point
    from latentlab.session.state import State
    from latentlab.session.undo.snapshot import Snapshot
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store

SLOTS = 3
"""A, B and C."""
MAX_CODES = 10_000
"""Codes of which the initial means are computed, within a millisecond on the GUI thread."""


class ArithmeticIntents:
    """Actions on the slots A, B and C.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        self._slots: tuple[Point | Path | int, ...] = ()
        self._strength = 1.0
        demand.on(MakeBlend, self._on_blend, failed=self._on_failed)
        undo.followed_by(self._follow)

    def fill(self, index: int, content: Point | Path) -> None:
        """Put a point or an image file into a slot."""
        slots: list[Point | Path | int] = [*self._current_slots(self._store.state)]
        if len(slots) == SLOTS:
            slots[index] = content
            self._slots = tuple(slots)
            self._demand.renew()

    def set_strength(self, strength: float) -> None:
        """Set the factor of A - B."""
        self._strength = strength
        self._demand.renew()

    def wants(self, state: State) -> Iterator[MakeBlend]:
        """Yield the request for the current blend."""
        slots = self._current_slots(state)
        if len(slots) == SLOTS:
            a, b, c = slots
            label = state.point.label if state.point else None
            yield MakeBlend((a, b, c), self._strength, label)

    def _current_slots(self, state: State) -> tuple[Point | Path | int, ...]:
        """Return the slots, or the initial ones if another model has been opened."""
        fits = bool(self._slots) and belongs_to_model(self._slots, state)
        return self._slots if fits else initial_slots(state)

    def _on_blend(self, request: MakeBlend, blend: Blend) -> None:
        if request.slots != self._current_slots(self._store.state):
            # Outdated: another blend is pending; storing this one would request its slots again.
            return
        self._slots = blend.slots
        self._store.put(MakeBlend, blend)
        before = self._undo.current.slots
        if not before:
            self._undo.amend(lambda place: replace(place, slots=place.slots or blend.slots))
        elif blend.slots != before:
            self._undo.remember()

    def _on_failed(self, request: MakeBlend) -> None:
        """Restore the slots: the file is not an image."""
        if request.slots == self._slots:
            blend = self._store.state.answer(MakeBlend)
            self._slots = blend.slots if blend else ()
            self._demand.renew()

    def _follow(self, place: Snapshot) -> None:
        if place.slots:
            self._slots = place.slots
            # Also if no panel shows it, because undo must remember these slots.
            for request in self.wants(self._store.state):
                self._demand.ask(request)


def initial_slots(state: State) -> tuple[Point, ...]:
    """Return the mean codes of three classes that show an analogy, or z if there are fewer.

    A conditional model has no analogies of classes: its codes are the same for all of them.
    """
    if state.codes is None or state.model is None or state.point is None:
        return ()
    if state.model.spec.classes < SLOTS or not len(state.codes):
        return (state.point,) * SLOTS
    count, codes = min(state.model.spec.classes, MAX_MEANS), state.codes.first(MAX_CODES)
    means = [codes.mean_of(label) for label in range(count)]
    chosen = range(SLOTS) if state.model.conditional else best_analogy(np.array(means))
    return tuple(state.model.mean_of(codes, label) for label in chosen)
