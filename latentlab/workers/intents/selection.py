"""Actions on the selection of images on the map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.session.map import SaveSelection
from latentlab.session.selection import Selection, SetOperation, combine, inverted, select

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.directions import Groups
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.point import PathIntents, PointIntents
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store


class SelectionIntents:
    """Actions on the selected images.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    point, path : PointIntents, PathIntents
        Move z, A or B to the mean of the selected codes.
    """

    def __init__(
        self, store: Store, demand: Demand, undo: Undo, point: PointIntents, path: PathIntents
    ) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        self._point, self._path = point, path

    def select(self, rows: NDArray[Any], how: SetOperation = SetOperation.NEW) -> None:
        """Combine the selection with images."""
        self._set(combine(self._store.state.selection, rows, how))

    def clear(self) -> None:
        """Clear the selection."""
        self._set(None)

    def invert(self) -> None:
        """Invert the selection."""
        state = self._store.state
        if state.codes is not None:
            self._set(inverted(state.selection, len(state.codes)))

    def keep(self, name: str) -> None:
        """Save the selection under a name, replacing one of the same name."""
        state = self._store.state
        if state.selection and name.strip():
            kept = Selection(state.selection.rows, name.strip())
            others = (old for old in state.kept if old.name != kept.name)
            self._store.set(kept=(*others, kept), selection=kept)
            self._undo.remember()

    def forget(self, name: str) -> None:
        """Delete a saved selection."""
        kept = tuple(old for old in self._store.state.kept if old.name != name)
        self._store.set(kept=kept)
        self._undo.remember()

    def go_to_mean(self, role: str = "z") -> None:
        """Move z, or A or B of the path, to the mean of the selected codes."""
        state = self._store.state
        if not state.selection or state.codes is None or state.point is None:
            return
        mean = replace(state.point, z=tuple(state.codes.mu[state.selection.rows].mean(0).tolist()))
        if role == "z":
            self._point.set(mean)
        else:
            self._path.put(role, mean)

    def gather(self, side: str) -> None:
        """Add the selected images to one of the two groups that a direction is learned from."""
        state = self._store.state
        if state.selection:
            self.set_groups(state.groups.added(side, *state.selection.rows.tolist()))

    def set_groups(self, groups: Groups) -> None:
        """Set the two groups of images that a direction is learned from."""
        self._store.set(groups=groups)
        self._undo.remember()

    def save(self, path: Path) -> None:
        """Write the selected images as CSV."""
        state = self._store.state
        if state.selection and state.codes is not None and state.model:
            names = state.model.spec.class_names
            self._demand.ask(SaveSelection(state.selection, state.codes, names, path))

    def save_all(self, path: Path) -> None:
        """Save what is known of all images on the map as a table."""
        state = self._store.state
        if (
            state.codes is not None
            and state.model
            and (rows := select(np.arange(len(state.codes))))
        ):
            self._store.dismiss_failure()
            names = state.model.spec.class_names
            self._demand.ask(SaveSelection(rows, state.codes, names, path))

    def _set(self, selection: Selection | None) -> None:
        if selection is None and self._store.state.selection is None:
            return
        self._store.set(selection=selection)
        self._undo.remember()
