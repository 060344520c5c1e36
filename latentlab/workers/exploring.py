"""Exploring: what a panel can ask to do with z, the path, the plane and the samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import SystemRandom
from typing import TYPE_CHECKING

from latentlab.session.history import History
from latentlab.session.requests.exploring import Hover, Hovered, PickImage
from latentlab.workers.store import Store

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from latentlab.session.directions import Groups
    from latentlab.session.scene import Ends, GridSettings, Original, Picture, Point, SampleSettings
    from latentlab.session.selections import Selection
    from latentlab.session.views import View
    from latentlab.workers.lane import Lane

RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True)
class Place:
    """What undo goes back to."""

    point: Point | None = None
    ends: Ends | None = None
    original: Original | None = None
    view: View | None = None
    selection: Selection | None = None


class Exploring(Store):
    """Takes the intents of exploring, and remembers each settled place for undo.

    Parameters
    ----------
    lane : Lane
        Answers requests.
    """

    def __init__(self, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(lane, parent)
        self._history = History(Place())
        self._hovering = False

    def set_point(self, point: Point, *, settled: bool = True) -> None:
        """Move z; `settled` False while a drag goes on, so that undo takes it as one step."""
        self._set(point=point, original=None, preview=None, hovered=None)
        if settled:
            self._remember()

    def randomize(self) -> None:
        """Draw z anew from the standard normal prior, keeping the label."""
        if self.state.point:
            z = tuple(RANDOM.gauss(0, 1) for _ in self.state.point.z)
            self.set_point(replace(self.state.point, z=z))

    def go_home(self) -> None:
        """Move z to the mean of the data's codes."""
        if self.state.point and self.state.codes is not None:
            center = self.state.codes.center.tolist()
            self.set_point(replace(self.state.point, z=tuple(center)))

    def put_a(self) -> None:
        """Begin the path at z."""
        if self.state.ends and self.state.point:
            self.set_ends(replace(self.state.ends, a=self.state.point))

    def put_b(self) -> None:
        """End the path at z."""
        if self.state.ends and self.state.point:
            self.set_ends(replace(self.state.ends, b=self.state.point))

    def set_label(self, label: int) -> None:
        """Change the class that a conditional model is asked for, keeping z."""
        if self.state.point:
            self.set_point(replace(self.state.point, label=label))

    def hover(self, point: Point, row: int | None = None) -> None:
        """Preview the point under the cursor, and the image nearest to it."""
        self._hovering = True
        self.ask(Hover(point, row))

    def preview(self, picture: Picture | None) -> None:
        """Preview a picture that is at hand, or none: what is committed shows again."""
        self._hovering = False
        self._set(preview=picture, hovered=None)

    def pick(self, row: int, role: str = "z") -> None:
        """Take the code of an image on the map as z, or as the path's A or B."""
        self.ask(PickImage(row, role))

    def set_groups(self, groups: Groups) -> None:
        """Change the two groups of images that a direction may be learned from."""
        self._set(groups=groups)

    def set_grid(self, grid: GridSettings) -> None:
        """Change how the manifold is laid out."""
        self._set(grid=grid)

    def set_ends(self, ends: Ends, *, settled: bool = True) -> None:
        """Move the path's ends or change its steps."""
        self._set(ends=ends)
        if settled:
            self._remember()

    def set_sampling(self, settings: SampleSettings) -> None:
        """Change which samples are drawn."""
        self._set(sampling=settings)

    def new_samples(self) -> None:
        """Draw other samples."""
        seed = RANDOM.randrange(10_000)
        self._set(sampling=replace(self.state.sampling, seed=seed))

    def undo(self) -> None:
        """Go back to the place before."""
        self._go(self._history.undo())

    def redo(self) -> None:
        """Go forward to the place after."""
        self._go(self._history.redo())

    def _remember(self) -> None:
        state = self.state
        place = Place(state.point, state.ends, state.original, state.view, state.selection)
        self._history.push(place)
        self._set(can_undo=self._history.can_undo, can_redo=self._history.can_redo)

    def _go(self, place: Place) -> None:
        self._set(
            point=place.point,
            ends=place.ends,
            original=place.original,
            view=place.view or self.state.view,
            selection=place.selection,
            preview=None,
            hovered=None,
            can_undo=self._history.can_undo,
            can_redo=self._history.can_redo,
        )

    def _on_hovered(self, hovered: Hovered) -> None:
        if self._hovering:
            self._set(preview=hovered.picture, hovered=hovered.original)

    def _follow_image(self, original: Original) -> None:
        """Keep z on its image now that the image's code has moved."""
        if original.row is not None:
            self.ask(PickImage(original.row, "follow"))
        elif original.own is None:
            self._set(original=None)

    def _on_original(self, original: Original, role: str) -> None:
        ends = self.state.ends
        if role == "follow":
            here = self.state.original
            if here and here.row == original.row:
                self._set(point=original.point, original=original)
            return
        if role == "z" or ends is None:
            self._set(point=original.point, original=original, preview=None, hovered=None)
        else:
            self._set(ends=ends.moved(role, original.point))
        self._remember()
