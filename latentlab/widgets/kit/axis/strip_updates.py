"""Debounced updates of the image strips below sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer, Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from latentlab.latent.codes import Codes
    from latentlab.session.axes import Strips
    from latentlab.session.directions import MakeStrips
    from latentlab.session.points import Tiles
    from latentlab.session.state import State
    from latentlab.widgets.kit.axis.slider import AxisSlider
    from latentlab.widgets.kit.axis.strip import ImageStrip
    from latentlab.workers.controller import Controller

DEBOUNCE_MS = 200
"""Milliseconds without a change of z before images are requested."""


class SliderRow(Protocol):
    """Row with a slider and an optional strip."""

    slider: AxisSlider

    @property
    def strip(self) -> ImageStrip | None:
        """Strip below the slider; None if images are switched off."""


class StripUpdater(QObject):
    """Requests the visible images that are outdated, once z stops changing.

    Parameters
    ----------
    controller : Controller
        Receives the requests.
    kind : type
        Request type.
    rows : list of Row
        List of the panel, which may change.
    """

    def __init__(
        self,
        controller: Controller,
        kind: type[MakeStrips],
        rows: Sequence[SliderRow],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._kind = kind
        self._rows = rows
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._request_images)
        self._wanted: tuple[MakeStrips, Codes] | None = None

    @Slot()
    def look(self) -> None:
        """Dim outdated images, and restart the timer that requests new ones."""
        state = self._controller.state
        if state.point is not None and state.codes is not None:
            for row in self._rows:
                if row.strip is not None:
                    row.strip.look_again(state.point, state.codes)
        self._timer.start()

    def take(self, strips: Strips | None) -> None:
        """Show the images of an answer."""
        for row in self._rows:
            axis = row.slider.axis
            if row.strip is None or axis is None:
                continue
            if strips is None or not row.strip.shares_model(strips.point):
                row.strip.clear()
            if strips is not None and axis.key in strips.along:
                row.strip.set_tiles(strips.along[axis.key], strips.point, strips.codes)
        self.look()

    def wants(self, state: State) -> Iterable[MakeStrips]:
        """Yield the request for missing images, if z has stopped changing."""
        if self._wanted is not None:
            request, codes = self._wanted
            if request.point == state.point and codes is state.codes:
                yield request

    @Slot()
    def _request_images(self) -> None:
        """Request the visible images that are outdated."""
        state = self._controller.state
        if state.point is None or state.codes is None:
            return
        if any(row.slider.isSliderDown() for row in self._rows):
            self.look()
            return
        wanted = []
        for row in self._rows:
            axis = row.slider.axis
            if axis is None or row.strip is None or row.strip.visibleRegion().isEmpty():
                continue
            if row.strip.look_again(state.point, state.codes):
                wanted.append(axis)
        if wanted:
            self._wanted = self._kind(state.point, tuple(wanted)), state.codes
            if self._kind in state.awaited:
                self._controller.demand.renew()
            else:
                # Cleared strips may need a request again that was already sent.
                self._controller.demand.withdraw(self._kind)

    def connect_strip(self, strip: ImageStrip) -> None:
        """Connect a strip to the preview and the point."""
        strip.hovered.connect(self._on_hovered)
        strip.chosen.connect(self._on_chosen)

    @Slot(int)
    def _on_hovered(self, index: int) -> None:
        self._controller.preview.tile(self._tiles(), index)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        tiles = self._tiles()
        if tiles is not None:
            self._controller.point.set(tiles.points[index])

    def _tiles(self) -> Tiles | None:
        strip = self.sender()
        rows = [row.strip for row in self._rows if row.strip is not None]
        return next((each.tiles for each in rows if each is strip), None)
