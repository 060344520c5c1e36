"""The user's own image: opened, drawn, encoded again while the model changes, and inpainted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from latentlab.data.own_image.crop import OwnImage, Preprocessing
from latentlab.session.abilities import why_not
from latentlab.session.model import EncodeFile
from latentlab.session.own_image import (
    EncodeOwnImage,
    EncodeOwnImageAgain,
    EstimateElbo,
    Inpaint,
    InpaintSamples,
)

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.data.condition import Label
    from latentlab.data.own_image.crop import SourceImage
    from latentlab.session.own_image import Inpaintings
    from latentlab.session.points import Original
    from latentlab.session.undo.snapshot import Snapshot
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.point import PointIntents
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.intents.workspace import WorkspaceIntents
    from latentlab.workers.store import Store


INVERTED = "Inverted the image: its background was opposite to that of the data set"


class OwnImageIntents:
    """Actions on the user's own image.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    point : PointIntents
        Moves z to the code of the image.
    workspaces : WorkspaceIntents
        Shows the workspace Edit when an image is opened.
    """

    def __init__(
        self,
        store: Store,
        demand: Demand,
        undo: Undo,
        point: PointIntents,
        workspaces: WorkspaceIntents,
    ) -> None:
        self._store, self._demand, self._undo, self._point = store, demand, undo, point
        self._workspaces = workspaces
        self._own: OwnImage | None = None
        demand.on(EncodeFile, self._on_file)
        demand.on(EncodeOwnImage, self._on_encoded)
        demand.on(EncodeOwnImageAgain, self._on_renewed)
        demand.on(Inpaint, self._on_inpainted)
        undo.followed_by(self._follow)

    def open(self, path: Path) -> None:
        """Encode an image file; the workspace Edit shows it."""
        self._demand.ask(EncodeFile(path, self._label()))

    def show(
        self, source: SourceImage, fitting: Preprocessing | None = None, *, settled: bool = True
    ) -> None:
        """Encode an image in memory; `settled` is False during a stroke or a drag."""
        own = OwnImage(source, fitting or Preprocessing(automatic=True))
        self._demand.ask(EncodeOwnImage(own, self._label(), settled))

    def relabel(self, label: Label, settled: bool = True) -> None:
        """Encode the image with another label; `settled` is False during a drag."""
        if self._own:
            self._demand.ask(EncodeOwnImage(self._own, label, settled))

    def return_to(self) -> None:
        """Move z back to the code of the image."""
        if own := self._store.state.own:
            self._point.show_original(own)

    def forget(self) -> None:
        """Remove the image; z is unchanged."""
        self._replace(None)
        self._undo.remember()

    def renew(self) -> None:
        """Encode the image with the current weights; z follows if it is its code."""
        state = self._store.state
        if self._own and not why_not(EncodeOwnImageAgain.needs, state.model):
            label = state.own.point.label if state.own else self._label()
            moves_z = bool(state.original and state.original.own)
            self._demand.ask(EncodeOwnImageAgain(self._own, label, moves_z))

    def _label(self) -> Label | None:
        point = self._store.state.point
        return point.label if point else None

    def _show(self, original: Original | None) -> None:
        self._own = original.own if original else None
        state = self._store.state
        answers = {**state.answers, Inpaint: None}
        if not _is_same(original, state.own):
            # The estimate was for another image.
            answers[EstimateElbo] = None
        self._store.set(own=original, answers=answers)
        for kind in (
            (Inpaint, InpaintSamples) if original else (Inpaint, InpaintSamples, EstimateElbo)
        ):
            self._demand.withdraw(kind)

    def _replace(self, original: Original | None) -> None:
        """Show another image, or none, instead of one that may still be encoded."""
        for kind in (EncodeOwnImage, EncodeOwnImageAgain):
            self._demand.withdraw(kind)
        self._show(original)

    def _on_file(self, _: EncodeFile, original: Original) -> None:
        self._workspaces.offer("edit")
        self._show(original)
        self._point.show_original(original)
        self._tell_inverted(original)

    def _on_encoded(self, request: EncodeOwnImage, original: Original) -> None:
        self._show(original)
        self._store.set(point=original.point, original=original, preview=None)
        if request.settled:
            self._undo.remember()
        if request.own.fitting.automatic:
            self._tell_inverted(original)

    def _tell_inverted(self, original: Original) -> None:
        """Say that an image was inverted automatically, and offer to take it back."""
        own = original.own
        if own and own.fitting.invert:
            plain = replace(own.fitting, invert=False)
            self._store.say(INVERTED, partial(self.show, own.source, plain))

    def _on_renewed(self, request: EncodeOwnImageAgain, original: Original) -> None:
        """Show the image encoded again, unless it was replaced meanwhile."""
        current = self._store.state.original
        if self._own is request.own:
            self._show(original)
            self._undo.amend_current(own=original)
            if request.moves_z and current and current.own:
                self._store.set(point=original.point, original=original)
                self._undo.amend_current(point=original.point, original=original)

    def _on_inpainted(self, _: Inpaint, inpaintings: Inpaintings) -> None:
        """Move z to the most probable inpainting, and say so."""
        self._store.put(Inpaint, inpaintings)
        self._point.set(inpaintings.tiles.points[0])
        self._store.say("Filled in: z is now the code of the filled image. Undo moves it back.")

    def _follow(self, place: Snapshot) -> None:
        """Show the image of the restored state."""
        own = self._store.state.own
        if place.own is not own and not _is_same(place.own, own):
            self._replace(place.own)


def _is_same(one: Original | None, other: Original | None) -> bool:
    """Return whether both have the same source image, preprocessing and class."""
    if not (one and other and one.own and other.own):
        return False
    is_equal = one.own.fitting == other.own.fitting and one.point.label == other.point.label
    return is_equal and one.own.source is other.own.source
