"""Layout of the map: planes, PCA, t-SNE and UMAP, and the number of images."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from latentlab.latent.planes import plane_along, plane_through
from latentlab.session.map import COMPUTED_LAYOUTS, Layout, MakeView, MapView, axes_view
from latentlab.session.model import ShowAll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.undo.snapshot import Snapshot
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store


class MapIntents:
    """Actions on the map.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        demand.on(MakeView, self._on_view, failed=self._on_failed)
        undo.followed_by(self._follow)

    def set_view(self, view: MapView) -> None:
        """Set the view of the map."""
        self._store.set(view=view, preview=None, **self._demand.withdrawn(MakeView))
        self._undo.remember()

    def lay_out(self, layout: Layout) -> None:
        """Request a layout that must be computed."""
        self._demand.cancel(MakeView)
        self._demand.ask(MakeView(layout, self._store.state.view))

    def set_plane(self, plane: tuple[int, int]) -> None:
        """Show the plane of two latent dimensions."""
        if model := self._store.state.model:
            self.set_view(axes_view(*plane, model.latent_dim))

    def look_through_points(self) -> None:
        """Show the plane through A, B and z."""
        ends, point = self._store.state.ends, self._store.state.point
        if not ends or not point:
            return
        try:
            frame = plane_through(ends.a.z, ends.b.z, point.z)
        except ValueError:
            self._store.refuse(
                "A, B and z are on one line and span no plane.",
                "Move one of them, then choose the view again.",
            )
            return
        self.set_view(MapView(Layout.PLANE, frame))

    def look_along(
        self, first: Sequence[float], second: Sequence[float], names: tuple[str, str]
    ) -> None:
        """Show the plane of two directions, the first along the horizontal axis."""
        try:
            frame = plane_along(first, second, names)
        except ValueError:
            self._store.refuse(
                "The two directions are the same and span no plane.", "Choose another direction."
            )
            return
        self.set_view(MapView(Layout.DIRECTIONS, frame))

    def look_towards(self, vector: Sequence[float], name: str, *, up: bool) -> None:
        """Show the plane of a direction, vertical if `up`, and of the other axis of the view."""
        frame = self._store.state.view.frame
        if len(vector) != frame.size:
            self._store.refuse(
                f"{name} belongs to a model with {len(vector)} dimensions.",
                "Learn it again in this model.",
            )
        elif up:
            self.look_along(frame.across, vector, (frame.names[0], name))
        else:
            self.look_along(vector, frame.up, (name, frame.names[1]))

    def show_all(self) -> None:
        """Show all images of the data set on the map."""
        self._demand.ask(ShowAll())

    def _on_view(self, request: MakeView, view: MapView) -> None:
        is_update = request.like.layout is request.layout and request.layout in COMPUTED_LAYOUTS
        if is_update and self._store.state.view.layout is not request.layout:
            # Another layout was chosen meanwhile.
            return
        self._store.set(view=view, preview=None)
        if not is_update:
            self._undo.remember()
            return
        if request.like.is_pending:
            # Undo leads back to the computed plane, not to a map that waits for it.
            self._undo.amend(partial(_with_view, before=request.like, view=view))
        self._undo.amend_current(view=view)

    def _on_failed(self, _: MakeView) -> None:
        """Cancel the layout; it is requested again when the codes change."""
        self._demand.cancel(MakeView)

    def _follow(self, _: Snapshot) -> None:
        """Allow a new request, in case undo restored a layout of older codes."""
        self._demand.withdraw(MakeView)


def _with_view(entry: Snapshot, *, before: MapView, view: MapView) -> Snapshot:
    return replace(entry, view=view) if entry.view is before else entry


def initial_view(before: MapView, size: int, codes: int) -> MapView:
    """Return the first view of a model: two dimensions as they are, of more the PCA plane.

    Two of many dimensions usually show little, because codes vary in all of them. Two dimensions
    that the user chose out of many, and PCA of two dimensions, are kept for the next model.

    Parameters
    ----------
    before : MapView
        View of the last model.
    size, codes : int
        Number of dimensions and of codes of the model.
    """
    chosen = before.frame.dimensions
    axes = (0, min(1, size - 1))
    if before.layout is Layout.AXES and before.frame.size > 2 and chosen and max(chosen) < size:
        return axes_view(*chosen, size)
    is_pca = size > 2 or (before.layout is Layout.PCA and before.frame.size == size)
    view = axes_view(*axes, size)
    # The plane is computed from the codes; without two of them there is none.
    return replace(view, layout=Layout.PCA) if is_pca and codes > 1 else view
