"""A person's own picture: brought in, drawn, followed while the model changes, filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.data.own_image.crop import OwnImage, Preprocessing
from latentlab.session.model import EncodeFile
from latentlab.session.own_image import EncodePicture, FillIn, JudgePicture, OtherFills
from latentlab.workers.intents.point import Exploring

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QObject

    from latentlab.data.own_image.crop import SourceImage
    from latentlab.session.own_image import Inpaintings
    from latentlab.session.points import Original
    from latentlab.workers.intents.point import Place
    from latentlab.workers.lane import Lane


class Pictures(Exploring):
    """Takes the intents around one's own picture.

    Parameters
    ----------
    lane : Lane
        Answers requests.
    """

    def __init__(self, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(lane, parent)
        self._own: OwnImage | None = None

    def open_picture(self, path: Path) -> None:
        """Encode an image file."""
        self.ask(EncodeFile(path, self._label()))

    def show_picture(
        self, source: SourceImage, fitting: Preprocessing | None = None, *, settled: bool = True
    ) -> None:
        """Encode a picture that is at hand; `settled` False while a hand still draws or drags."""
        own = OwnImage(source, fitting or Preprocessing())
        self.ask(EncodePicture(own, self._label(), settled=settled))

    def relabel_picture(self, label: int) -> None:
        """Encode one's own picture as one of another class, for a conditional model."""
        if self._own:
            self.ask(EncodePicture(self._own, label))

    def return_to_picture(self) -> None:
        """Make the code of one's own picture z again."""
        if own := self.state.own:
            self._set(point=own.point, original=own, preview=None, hovered=None)
            self._remember()

    def forget_picture(self) -> None:
        """Take one's own picture away; z stays where it is."""
        for kind in (EncodePicture, JudgePicture):
            self.withdraw(kind)
        self._own = None
        self._show_own(None)

    def _label(self) -> int | None:
        return self.state.point.label if self.state.point else None

    def _show_own(self, original: Original | None) -> None:
        for kind in (FillIn, OtherFills):
            self.cancel(kind)
        # What was said of another picture goes at once.
        judged = self.state.judged if _is_same(original, self.state.own) else None
        self._set(own=original, judged=judged, fills=None)

    def _on_file(self, original: Original, request: EncodeFile) -> None:
        """Show a picture that was opened."""
        self._own = original.own
        self._show_own(original)
        self._on_original(original, request.role)

    def _on_own(self, original: Original, request: EncodePicture) -> None:
        """Show a picture that has been encoded, unless another took its place meanwhile."""
        here = self.state.original
        renewed = request.role != "z"
        if renewed and self._own is not request.own:
            return
        self._own = original.own
        self._show_own(original)
        if not renewed:
            self._set(point=original.point, original=original, preview=None, hovered=None)
            if request.settled:
                self._remember()
        elif request.role == "follow" and here and here.own:
            self._set(point=original.point, original=original)

    def _renew_own(self) -> None:
        """Encode one's own picture by the model as it is now; z follows if it is there."""
        here = self.state.original
        if self._own:
            role = "follow" if here and here.own else "keep"
            label = self.state.own.point.label if self.state.own else self._label()
            self.ask(EncodePicture(self._own, label, role))

    def _on_filled(self, fills: Inpaintings) -> None:
        """Go to the most probable way to fill the picture in."""
        self._set(fills=fills)
        self.set_point(fills.tiles.points[0])

    def _go(self, place: Place) -> None:
        """See `Exploring`; back on a picture of one's own, that is the one shown again."""
        here = place.original
        if here and here.own and here is not self.state.own:
            self._own = here.own
            self._show_own(here)
        super()._go(place)


def _is_same(one: Original | None, other: Original | None) -> bool:
    """Say whether both are one picture, brought to size alike and taken to be of one class."""
    if not (one and other and one.own and other.own):
        return False
    alike = one.own.fitting == other.own.fitting and one.point.label == other.point.label
    return alike and one.own.source is other.own.source
