"""Exploring: what a panel can ask to do with z, the path, the plane and the samples; undo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import SystemRandom
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.belonging import belongs
from latentlab.session.bookmarks import KeepBookmarks, ReadBookmarks
from latentlab.session.history import History
from latentlab.session.model import Hover, Hovered, PickImage
from latentlab.workers.store import Store

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from latentlab.session.directions import Groups
    from latentlab.session.interpolation import Blend, Bookmark, MakeBlend
    from latentlab.session.map import View
    from latentlab.session.points import (
        GridSettings,
        LatentPath,
        Original,
        Picture,
        Point,
        SampleSettings,
    )
    from latentlab.session.selection import Selection
    from latentlab.session.state import State
    from latentlab.workers.lane import Lane

RANDOM = SystemRandom()


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
    return Place(
        state.point,
        state.ends,
        state.original,
        state.view,
        state.selection,
        state.kept,
        state.bookmarks,
        state.blend.slots if state.blend else (),
    )


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
        self._blended: MakeBlend | None = None

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

    def hover_image(self, row: int) -> None:
        """Preview an image of the map, decoded at its own code under its own label; -1 for none."""
        model, codes = self.state.model, self.state.codes
        if model is None or codes is None or not 0 <= row < len(codes):
            self.preview(None)
            return
        label = None if codes.labels is None else int(codes.labels[row])
        self.hover(model.point(codes.mu[row].tolist(), label), row)

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

    def set_ends(self, ends: LatentPath, *, settled: bool = True) -> None:
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

    def keep_bookmarks(self, marks: tuple[Bookmark, ...]) -> None:
        """Keep other points to come back to."""
        self._write_bookmarks(marks)
        self._remember()

    def undo(self) -> None:
        """Go back to the place before."""
        self._go(self._history.undo())

    def redo(self) -> None:
        """Go forward to the place after."""
        self._go(self._history.redo())

    def _remember(self) -> None:
        self._history.push(place_of(self.state))
        self._set(can_undo=self._history.can_undo, can_redo=self._history.can_redo)

    def _go(self, place: Place) -> None:
        # Fewer images may be on the map by now.
        here = self.state
        self._set(
            point=place.point,
            ends=place.ends,
            original=place.original if belongs(place.original, here) else None,
            view=place.view or self.state.view,
            selection=place.selection if belongs(place.selection, here) else None,
            kept=tuple(one for one in place.kept if belongs(one, here)),
            preview=None,
            hovered=None,
            can_undo=self._history.can_undo,
            can_redo=self._history.can_redo,
        )
        if place.bookmarks != self.state.bookmarks:
            self._write_bookmarks(place.bookmarks)
        if self._blended and place.slots:
            a, b, c = place.slots
            self.ask(replace(self._blended, slots=(a, b, c)))

    def _write_bookmarks(self, marks: tuple[Bookmark, ...]) -> None:
        """Show bookmarks, write them, and read them again: so they are what the file holds."""
        self.withdraw(ReadBookmarks)
        self._set(bookmarks=marks)
        if self.state.model:
            self.ask(KeepBookmarks(self.state.model, marks))
            self.ask(ReadBookmarks())

    def _on_bookmarks(self, marks: tuple[Bookmark, ...]) -> None:
        """Take bookmarks from their file; other pictures of the same ones are nothing to undo."""
        old = self.state.bookmarks
        if marks != old:
            self._history.amend(lambda place: replace(place, bookmarks=marks))
        elif all(np.array_equal(a.pixels, b.pixels) for a, b in zip(marks, old, strict=True)):
            return
        self._set(bookmarks=marks)

    def _on_blend(self, request: MakeBlend, blend: Blend) -> None:
        self._blended = request
        self._set(blend=blend)
        if not self._history.current.slots:
            self._history.amend(lambda place: replace(place, slots=place.slots or blend.slots))
        elif blend.slots != self._history.current.slots:
            self._remember()

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
