"""The Neighbours panel: the data set images nearest to z, by code and by pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtWidgets import QLabel, QWidget

from latentlab.session.abilities import DECODER, why_not
from latentlab.session.neighbours import FindNeighbours
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.neighbours.neighbour_grid import NeighbourGrid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.session.neighbours import NearestImages
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

EMPTY = "There are no images on the map, so z has no neighbours."
SOME, MOST = 12, 48


class NeighboursPanel(PanelWidget):
    """Two grids of images, the nearest first."""

    watches = frozenset({"model", "codes", "point", FindNeighbours})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.count = IntegerBox(1, MOST)
        self.count.setValue(SOME)
        self.count.setSuffix(" nearest")
        self.count.setKeyboardTracking(False)
        self.count.setAccessibleName("Neighbours")
        self.count.setToolTip("Number of images in each row.")
        self.tools.addWidget(self.count)
        self.tools.addStretch(1)
        self.by_code, self.by_pixels = NeighbourGrid(), NeighbourGrid()
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("muted")
        self._empty.setWordWrap(True)
        self._parts: list[QWidget] = []
        for view, name, caption, tip in (
            (
                self.by_code,
                "By code",
                "by code · |z − mu|",
                "Nearest in latent space: images whose posterior mean mu is closest to z.",
            ),
            (
                self.by_pixels,
                "By pixels",
                "by pixels · RMS difference",
                "Nearest in pixel space: images that differ least from the decoded z.",
            ),
        ):
            label = muted(caption)
            view.setAccessibleName(f"Neighbours of z: {name}")
            view.setToolTip(tip)
            self.body.addWidget(label)
            self.body.addWidget(view, 1)
            self._parts += [label, view]
            view.hovered.connect(controller.preview.row)
            view.chosen.connect(controller.point.pick)
            StaleOverlay(view, controller, FindNeighbours)
        self.body.addWidget(self._empty)
        self.count.valueChanged.connect(controller.demand.renew)
        make_undoable(controller.undo, number_of_neighbours=self.count)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        has_codes = state.codes is not None and len(state.codes) > 0
        self._empty.setVisible(state.model is not None and not has_codes)
        decodes = not why_not(DECODER, state.model)
        for widget in self._parts:
            widget.setVisible(has_codes and (decodes or widget not in self._parts[2:]))
        if FindNeighbours in changed:
            neighbours = state.answer(FindNeighbours)
            by_code = neighbours.by_code if neighbours else None
            self.by_code.set_near(by_code, "{:.3f}", _names(state, by_code))
            self.by_pixels.set_near(neighbours.by_pixels if neighbours else None, "{:.0%}")

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if state.point and state.codes is not None and len(state.codes):
            yield FindNeighbours(state.point, self.count.value())


def _names(state: State, near: NearestImages | None) -> list[str]:
    """Return the names of codes without images."""
    if near is None or near.pictures is not None or not state.model or state.codes is None:
        return []
    return [state.model.name_of(state.codes, row) for row in near.rows.tolist()]


PANEL = Panel(
    key="neighbours",
    title="Neighbours",
    places={
        "analyse": Place(Area.BOTTOM, 1, 4),
    },
    help="The real images nearest to z. The upper row has those whose <b>code</b> is nearest, by "
    "|z − mu|. The lower row has those whose <b>pixels</b> differ least from the decoded z, "
    "by the root of the mean squared difference. Where both rows agree, distance in latent "
    "space means visible difference. Where even the nearest code is far away, z is in a "
    "hole. Hover to preview, click to go to an image.",
    scrolls=True,
    widget=NeighboursPanel,
)
