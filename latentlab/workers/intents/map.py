"""Viewing: what a panel can ask to do with how the map is laid out, and what is chosen on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from latentlab.latent.planes import plane_along, plane_through
from latentlab.session.map import MADE, Layout, MakeView, SaveSelection, View, axes_view
from latentlab.session.model import ShowAll
from latentlab.session.selection import How, Selection, combine, inverted
from latentlab.workers.intents.own_image import Pictures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.points import Point


class Viewing(Pictures):
    """Takes the intents of looking."""

    def set_view(self, view: View) -> None:
        """Look at the codes in a view that is at hand."""
        self.cancel(MakeView)
        self._set(view=view, preview=None, hovered=None)
        self._remember()

    def lay_out(self, layout: Layout) -> None:
        """Look at the codes in a layout that has to be made."""
        self.cancel(MakeView)
        self.ask(MakeView(layout, self.state.view))

    def set_plane(self, plane: tuple[int, int]) -> None:
        """Look at two latent dimensions."""
        if self.state.model:
            self.set_view(axes_view(*plane, self.state.model.latent_dim))

    def look_through_points(self) -> None:
        """Look at the plane through A, B and z."""
        ends, point = self.state.ends, self.state.point
        if not ends or not point:
            return
        try:
            frame = plane_through(ends.a.z, ends.b.z, point.z)
        except ValueError:
            self.refuse(
                "A, B and z lie on one line, and span no plane.",
                "Move one of them, then try again.",
            )
            return
        self.set_view(View(Layout.PLANE, frame))

    def look_along(
        self, first: Sequence[float], second: Sequence[float], names: tuple[str, str]
    ) -> None:
        """Look at the plane of two directions, the first drawn to the right."""
        try:
            frame = plane_along(first, second, names)
        except ValueError:
            self.refuse("The two directions are one, and span no plane.", "Choose another.")
            return
        self.set_view(View(Layout.DIRECTIONS, frame))

    def look_towards(self, vector: Sequence[float], name: str, *, up: bool) -> None:
        """Look at the plane of a direction and of the axis that the view has across it."""
        frame = self.state.view.frame
        if len(vector) != frame.size:
            self.refuse(
                f"{name} belongs to a model with {len(vector)} dimensions.", "Learn it anew."
            )
        elif up:
            self.look_along(frame.across, vector, (frame.names[0], name))
        else:
            self.look_along(vector, frame.up, (name, frame.names[1]))

    def under(self, x: float, y: float, point: Point) -> Point:
        """Return the point under a place of the map; off a plane it agrees with `point`."""
        codes, view = self.state.codes, self.state.view
        if codes is None or not view.suits(codes):
            return point
        return replace(point, z=view.lift(x, y, point.z, codes))

    def spot(self, z: Sequence[float]) -> tuple[float, float]:
        """Return where a point stands on the map."""
        codes, view = self.state.codes, self.state.view
        if codes is None or not view.suits(codes):
            return view.frame.spot(z)
        return view.place(z, codes)

    def show_all(self) -> None:
        """Have all images of the data set on the map."""
        self.ask(ShowAll())

    # The selection

    def select(self, rows: NDArray[Any], how: How = How.NEW) -> None:
        """Choose images, or change what is chosen by them."""
        self._choose(combine(self.state.selection, rows, how))

    def clear_selection(self) -> None:
        """Choose nothing."""
        self._choose(None)

    def invert_selection(self) -> None:
        """Choose what was not chosen."""
        if self.state.codes is not None:
            self._choose(inverted(self.state.selection, len(self.state.codes)))

    def keep_selection(self, name: str) -> None:
        """Remember the selection by a name, in place of another of that name."""
        if self.state.selection and name.strip():
            kept = Selection(self.state.selection.rows, name.strip())
            others = (old for old in self.state.kept if old.name != kept.name)
            self._set(kept=(*others, kept), selection=kept)
            self._remember()

    def forget_selection(self, name: str) -> None:
        """Forget a selection that was kept."""
        self._set(kept=tuple(old for old in self.state.kept if old.name != name))
        self._remember()

    def go_to_mean(self, role: str = "z") -> None:
        """Put z, or the path's A or B, on the mean of the selected codes."""
        chosen, codes, point, ends = (
            self.state.selection,
            self.state.codes,
            self.state.point,
            self.state.ends,
        )
        if not chosen or codes is None or point is None:
            return
        mean = replace(point, z=tuple(codes.mu[chosen.rows].mean(0).tolist()))
        if role == "z":
            self.set_point(mean)
        elif ends:
            self.set_ends(ends.moved(role, mean))

    def gather_selection(self, side: str) -> None:
        """Put the selected images into one of the two groups that a direction is learned from."""
        if chosen := self.state.selection:
            self.set_groups(self.state.groups.added(side, *chosen.rows.tolist()))

    def save_selection(self, path: Path) -> None:
        """Write the selected images as a table."""
        state = self.state
        if state.selection and state.codes is not None and state.model:
            names = state.model.spec.class_names
            self.ask(SaveSelection(state.selection, state.codes, names, path))

    def _choose(self, selection: Selection | None) -> None:
        if selection is None and self.state.selection is None:
            return
        self._set(selection=selection)
        self._remember()

    # What follows from answers

    def _fresh_look(self, size: int) -> dict[str, Any]:
        """Return how a new model is looked at: as the last one, where that can be."""
        old = self.state.view
        chosen = old.frame.dimensions
        second = min(1, size - 1)
        axes = chosen if chosen and max(chosen) < size and second else (0, second)
        view = axes_view(*axes, size)
        if old.layout is Layout.PCA:
            # Until the components of the new codes are known.
            view = replace(view, layout=Layout.PCA)
        return {"view": view, "selection": None}

    def _on_view(self, request: MakeView, view: View) -> None:
        again = request.like.layout is request.layout and request.layout in MADE
        self._set(view=view, preview=None, hovered=None)
        if not again:
            self._remember()
