"""Actions on z, the path, the manifold and samples."""

from __future__ import annotations

from dataclasses import replace
from random import SystemRandom
from typing import TYPE_CHECKING

from latentlab.session.abilities import DECODER, STANDARD_PRIOR, why_not
from latentlab.session.model import DrawPoint, EncodeImageAgain, PickImage
from latentlab.session.tour import PlanTour

if TYPE_CHECKING:
    from latentlab.data.condition import Label
    from latentlab.session.points import GridSettings, LatentPath, Original, Point, SampleSettings
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store
    from latentlab.workers.watchers import Watchers

RANDOM = SystemRandom()


class PointIntents:
    """Actions on z.

    Parameters
    ----------
    store, demand, undo, watchers : Store, Demand, Undo, Watchers
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo, watchers: Watchers) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        self._watchers = watchers
        demand.on(DrawPoint, self._on_drawn)
        demand.on(PickImage, self._on_picked)
        demand.on(EncodeImageAgain, self._on_renewed)

    def set(self, point: Point, *, settled: bool = True) -> None:
        """Move z; `settled` is False during a drag, so that undo treats the drag as one step."""
        if not settled:
            self._watchers.move()
        self._store.set(point=point, original=None, preview=None)
        if settled:
            self._watchers.rest()
            self._undo.remember()

    def randomize(self) -> None:
        """Sample z from the prior, keeping the label; codes alone have none."""
        if why := why_not(DECODER, self._store.state.model):
            self._store.refuse(why)
            return
        point = self._store.state.point
        if point and why_not(STANDARD_PRIOR, self._store.state.model):
            self._demand.ask(DrawPoint(point, RANDOM.randrange(2**31)))
        elif point:
            self.set(point.at(tuple(RANDOM.gauss(0, 1) for _ in point.z)))

    def _on_drawn(self, request: DrawPoint, point: Point) -> None:
        self.set(point)

    def go_home(self) -> None:
        """Move z to the mean of the codes."""
        point, codes = self._store.state.point, self._store.state.codes
        if point and codes is not None:
            self.set(point.at(tuple(codes.center.tolist())))

    def set_label(self, label: Label, *, settled: bool = True) -> None:
        """Change the label of z for a conditional model; `settled` is as for `set`."""
        if point := self._store.state.point:
            self.set(replace(point, label=label), settled=settled)

    def pick(self, row: int, role: str = "z") -> None:
        """Move z, or A or B of the path, to the code of an image on the map."""
        self._demand.ask(PickImage(row, role))

    def transfer(self, row: int, to: Label) -> None:
        """Move z to the code of an image on the map, and decode it with another label."""
        self._demand.ask(PickImage(row, to=to))

    def transfer_original(self, original: Original, to: Label) -> None:
        """Move z to the code of an image, and decode it with another label: its style stays."""
        if to == original.point.label:
            self.show_original(original)
        else:
            self.set(replace(original.point, label=to))

    def follow_image(self) -> None:
        """Move z to the new code of its image after the codes changed."""
        original = self._store.state.original
        if original and original.row is not None:
            self._demand.ask(EncodeImageAgain(original.row))
        elif original and not (original.own and self._store.state.own):
            # The image is no longer known, and the point no longer its code.
            self._store.set(original=None)
            self._undo.amend_current(original=None)

    def _on_picked(self, request: PickImage, original: Original) -> None:
        ends = self._store.state.ends
        if request.to is not None:
            self.transfer_original(original, request.to)
        elif request.role == "z" or ends is None:
            self.show_original(original)
        else:
            self._store.set(ends=ends.moved(request.role, original.point))
            self._undo.remember()

    def show_original(self, original: Original) -> None:
        """Move z to the code of an image."""
        self._store.set(point=original.point, original=original, preview=None)
        self._undo.remember()

    def _on_renewed(self, _: EncodeImageAgain, original: Original) -> None:
        current = self._store.state.original
        if current and current.row == original.row:
            self._store.set(point=original.point, original=original)
            self._undo.amend_current(point=original.point, original=original)


class PathIntents:
    """Actions on the path from A to B.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        demand.on(PlanTour, self._on_planned)

    def set(self, ends: LatentPath, *, settled: bool = True, merges: bool = False) -> None:
        """Replace the path; `settled` is False during a drag, `merges` is that of `Undo`."""
        self._store.set(ends=ends)
        if settled:
            self._undo.remember(merges=merges)

    def put(self, role: str, point: Point) -> None:
        """Move end point ``"a"`` or ``"b"`` to a point."""
        if ends := self._store.state.ends:
            self.set(ends.moved(role, point))

    def tour(self, clusters: int = 0) -> None:
        """Replace the path by the shortest round tour through cluster centres or class means.

        Parameters
        ----------
        clusters : int
            Number of clusters; 0 for the means of the classes.
        """
        if point := self._store.state.point:
            self._demand.ask(PlanTour(point, clusters))

    def _on_planned(self, _: PlanTour, path: LatentPath) -> None:
        self.set(path)

    def put_a(self) -> None:
        """Move A to z."""
        if point := self._store.state.point:
            self.put("a", point)

    def put_b(self) -> None:
        """Move B to z."""
        if point := self._store.state.point:
            self.put("b", point)


class DecodingIntents:
    """Settings of the manifold and of prior samples.

    Parameters
    ----------
    store, undo : Store, Undo
        Those of the controller.
    """

    def __init__(self, store: Store, undo: Undo) -> None:
        self._store, self._undo = store, undo

    def set_grid(self, grid: GridSettings) -> None:
        """Change the layout of the manifold."""
        self._store.set(grid=grid)
        self._undo.remember(merges=True)

    def set_sampling(self, settings: SampleSettings) -> None:
        """Change the settings of the samples."""
        self._store.set(sampling=settings)
        self._undo.remember(merges=True)

    def draw_samples(self) -> None:
        """Draw samples with a new seed."""
        seed = RANDOM.randrange(10_000)
        self._store.set(sampling=replace(self._store.state.sampling, seed=seed))
        self._undo.remember()
