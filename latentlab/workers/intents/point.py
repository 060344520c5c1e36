"""Moving z and the path, and what is decoded around them."""

from __future__ import annotations

from dataclasses import replace
from random import SystemRandom
from typing import TYPE_CHECKING

from latentlab.session.model import PickImage, RenewImage

if TYPE_CHECKING:
    from latentlab.session.points import GridSettings, LatentPath, Original, Point, SampleSettings
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store

RANDOM = SystemRandom()


class PointIntents:
    """What panels may do with z.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        The controller's.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        demand.on(PickImage, self._on_picked)
        demand.on(RenewImage, self._on_renewed)

    def set(self, point: Point, *, settled: bool = True) -> None:
        """Move z; `settled` False while a drag goes on, so that undo takes it as one step."""
        self._store.set(point=point, original=None, preview=None)
        if settled:
            self._undo.remember()

    def randomize(self) -> None:
        """Draw z anew from the standard normal prior, keeping the label."""
        if point := self._store.state.point:
            self.set(point.at(tuple(RANDOM.gauss(0, 1) for _ in point.z)))

    def go_home(self) -> None:
        """Move z to the mean of the data's codes."""
        point, codes = self._store.state.point, self._store.state.codes
        if point and codes is not None:
            self.set(point.at(tuple(codes.center.tolist())))

    def set_label(self, label: int) -> None:
        """Change the class that a conditional model is asked for, keeping z."""
        if point := self._store.state.point:
            self.set(replace(point, label=label))

    def pick(self, row: int, role: str = "z") -> None:
        """Take the code of an image on the map as z, or as the path's A or B."""
        self._demand.ask(PickImage(row, role))

    def follow_image(self) -> None:
        """Keep z on its image now that the image's code has moved."""
        original = self._store.state.original
        if original and original.row is not None:
            self._demand.ask(RenewImage(original.row))
        elif original and original.own is None:
            self._store.set(original=None)

    def _on_picked(self, request: PickImage, original: Original) -> None:
        ends = self._store.state.ends
        if request.role == "z" or ends is None:
            self.show_original(original)
        else:
            self._store.set(ends=ends.moved(request.role, original.point))
            self._undo.remember()

    def show_original(self, original: Original) -> None:
        """Make the code of a real image z."""
        self._store.set(point=original.point, original=original, preview=None)
        self._undo.remember()

    def _on_renewed(self, _: RenewImage, original: Original) -> None:
        here = self._store.state.original
        if here and here.row == original.row:
            self._store.set(point=original.point, original=original)


class PathIntents:
    """What panels may do with the path from A to B.

    Parameters
    ----------
    store, undo : Store, Undo
        The controller's.
    """

    def __init__(self, store: Store, undo: Undo) -> None:
        self._store, self._undo = store, undo

    def set(self, ends: LatentPath, *, settled: bool = True) -> None:
        """Move the path's ends or change its steps."""
        self._store.set(ends=ends)
        if settled:
            self._undo.remember()

    def put(self, role: str, point: Point) -> None:
        """Put ``"a"`` or ``"b"`` on a point."""
        if ends := self._store.state.ends:
            self.set(ends.moved(role, point))

    def put_a(self) -> None:
        """Begin the path at z."""
        if point := self._store.state.point:
            self.put("a", point)

    def put_b(self) -> None:
        """End the path at z."""
        if point := self._store.state.point:
            self.put("b", point)


class DecodingIntents:
    """What panels may change of how the manifold and samples are decoded.

    Parameters
    ----------
    store : Store
        The controller's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def set_grid(self, grid: GridSettings) -> None:
        """Change how the manifold is laid out."""
        self._store.set(grid=grid)

    def set_sampling(self, settings: SampleSettings) -> None:
        """Change which samples are drawn."""
        self._store.set(sampling=settings)

    def draw_samples(self) -> None:
        """Draw other samples."""
        seed = RANDOM.randrange(10_000)
        self._store.set(sampling=replace(self._store.state.sampling, seed=seed))
