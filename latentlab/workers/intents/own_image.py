"""A picture of the user's own: brought in, drawn, followed while the model changes, filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.data.own_image.crop import OwnImage, Preprocessing
from latentlab.session.model import EncodeFile
from latentlab.session.own_image import (
    EncodeOwnImage,
    EstimateElbo,
    Inpaint,
    InpaintSamples,
    RenewOwnImage,
)

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.data.own_image.crop import SourceImage
    from latentlab.session.own_image import Inpaintings
    from latentlab.session.points import Original
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.point import PointIntents
    from latentlab.workers.intents.undo import Place, Undo
    from latentlab.workers.store import Store


class OwnImageIntents:
    """What panels may do with a picture of the user's own.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        The controller's.
    point : PointIntents
        Moved to the picture's code.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo, point: PointIntents) -> None:
        self._store, self._demand, self._undo, self._point = store, demand, undo, point
        self._own: OwnImage | None = None
        demand.on(EncodeFile, self._on_file)
        demand.on(EncodeOwnImage, self._on_encoded)
        demand.on(RenewOwnImage, self._on_renewed)
        demand.on(Inpaint, self._on_filled)
        undo.followed_by(self._follow)

    def open(self, path: Path) -> None:
        """Encode an image file."""
        self._demand.ask(EncodeFile(path, self._label()))

    def show(
        self, source: SourceImage, fitting: Preprocessing | None = None, *, settled: bool = True
    ) -> None:
        """Encode a picture that is at hand; `settled` False while a hand still draws or drags."""
        own = OwnImage(source, fitting or Preprocessing())
        self._demand.ask(EncodeOwnImage(own, self._label(), settled))

    def relabel(self, label: int) -> None:
        """Encode the picture as one of another class, for a conditional model."""
        if self._own:
            self._demand.ask(EncodeOwnImage(self._own, label))

    def return_to(self) -> None:
        """Make the code of the picture z again."""
        if own := self._store.state.own:
            self._point.show_original(own)

    def forget(self) -> None:
        """Take the picture away; z stays where it is."""
        for kind in (EncodeOwnImage, RenewOwnImage):
            self._demand.withdraw(kind)
        self._show(None)

    def renew(self) -> None:
        """Encode the picture by the model as it is now; z follows if it is there."""
        state = self._store.state
        if self._own:
            label = state.own.point.label if state.own else self._label()
            moves_z = bool(state.original and state.original.own)
            self._demand.ask(RenewOwnImage(self._own, label, moves_z))

    def _label(self) -> int | None:
        point = self._store.state.point
        return point.label if point else None

    def _show(self, original: Original | None) -> None:
        self._own = original.own if original else None
        state = self._store.state
        answers = {**state.answers, Inpaint: None}
        if not _is_same(original, state.own):
            # The estimate was for another picture.
            answers[EstimateElbo] = None
        self._store.set(own=original, answers=answers)
        for kind in (
            (Inpaint, InpaintSamples) if original else (Inpaint, InpaintSamples, EstimateElbo)
        ):
            self._demand.withdraw(kind)

    def _on_file(self, _: EncodeFile, original: Original) -> None:
        self._show(original)
        self._point.show_original(original)

    def _on_encoded(self, request: EncodeOwnImage, original: Original) -> None:
        self._show(original)
        self._store.set(point=original.point, original=original, preview=None)
        if request.settled:
            self._undo.remember()

    def _on_renewed(self, request: RenewOwnImage, original: Original) -> None:
        """Show the picture by the model as it is now, unless another took its place meanwhile."""
        here = self._store.state.original
        if self._own is request.own:
            self._show(original)
            if request.moves_z and here and here.own:
                self._store.set(point=original.point, original=original)

    def _on_filled(self, _: Inpaint, fills: Inpaintings) -> None:
        """Go to the most probable way to fill the picture in."""
        self._store.put(Inpaint, fills)
        self._point.set(fills.tiles.points[0])

    def _follow(self, place: Place) -> None:
        """Show the picture again whose code undo went back to."""
        here = place.original
        if here and here.own and here is not self._store.state.own:
            self._show(here)


def _is_same(one: Original | None, other: Original | None) -> bool:
    """Say whether both are one picture, brought to size alike and taken to be of one class."""
    if not (one and other and one.own and other.own):
        return False
    alike = one.own.fitting == other.own.fitting and one.point.label == other.point.label
    return alike and one.own.source is other.own.source
