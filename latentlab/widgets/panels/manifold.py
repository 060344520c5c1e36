"""The Manifold panel: a grid of decoded points over a plane of the latent space."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import QPointF, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QWidget

from latentlab.latent.grid import Spacing
from latentlab.session import wants
from latentlab.session.abilities import DECODER
from latentlab.session.classifier.requests import ClassifyManifold, OpenClassifier
from latentlab.session.files.figure import PlotAxis
from latentlab.session.files.script import manifold_script
from latentlab.session.model import MakeManifold
from latentlab.session.palette import MAX_CLASS_COLOURS, class_colours
from latentlab.session.points import GRID_SIDES, GRID_SPANS
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.number_box import IntegerBox, NumberBox
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from latentlab.session.classifier.records import Decisions
    from latentlab.session.points import Manifold
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

MAX_TINT = 0.6
"""Opacity of the colour of a certain decision."""
MAX_TICKS = 10
"""Maximum number of labels along a side of a saved manifold."""
SPACING_TIP = (
    "Even steps, or steps with equal shares of the prior, which give more room to the centre, "
    "where most codes are."
)
SPACINGS = {"even steps": Spacing.UNIFORM, "prior quantiles": Spacing.QUANTILE}


class ManifoldPanel(PanelWidget):
    """Tiles of the decoded grid, and the settings of the grid."""

    watches = frozenset({"model", MakeManifold, OpenClassifier, ClassifyManifold, "point", "grid"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.count = IntegerBox(*GRID_SIDES)
        self.count.setPrefix("n = ")
        self.count.setKeyboardTracking(False)
        self.count.setToolTip("Tiles along each side. More tiles show finer changes.")
        self.span = NumberBox(*GRID_SPANS)
        self.span.setSingleStep(0.5)
        self.span.setPrefix("± ")
        self.span.setSuffix(" σ")
        self.span.setKeyboardTracking(False)
        self.span.setToolTip(
            "Extent of the grid, in standard deviations of the prior. Beyond 3 the model has seen "
            "hardly any codes."
        )
        self.spacing = QComboBox()
        self.spacing.addItems(list(SPACINGS))
        # Otherwise it is as wide as its longest entry, and the tools need a second line.
        self.spacing.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.spacing.setMinimumContentsLength(7)
        self.spacing.setMaximumWidth(18 * UNIT)
        self.spacing.setAccessibleName("Spacing of the grid")
        self.spacing.setToolTip(SPACING_TIP)
        tip = "Tint each tile by the decision of the classifier; strong colours are certain"
        self.decisions = IconButton("decisions", tip)
        self.decisions.setCheckable(True)
        self.decisions.hide()
        export = IconButton("export", "Save the manifold")
        for widget, stretch in ((self.count, 0), (self.span, 0), (self.spacing, 1)):
            self.tools.addWidget(widget, stretch)
        self.tools.addStretch(1)
        self.tools.addWidget(self.decisions)
        self.tools.addWidget(export)
        self.view = ImageGrid(
            "The decoded grid appears here when a model is open.", fixed_columns=True
        )
        self.view.setAccessibleName("Decoded grid")
        self.body.addWidget(self.view, 1)
        self.count.valueChanged.connect(self._on_settings)
        self.span.valueChanged.connect(self._on_settings)
        self.spacing.currentIndexChanged.connect(self._on_settings)
        self.decisions.toggled.connect(self._on_decisions)
        self.view.hovered.connect(self._on_hovered)
        self.view.chosen.connect(self._on_chosen)
        self.view.exporting.describe("manifold", self._info, self._content, self._script)
        self.view.exporting.serve(export)
        StaleOverlay(self.view, controller, MakeManifold)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        yield from wants.manifold(state)
        yield from wants.view(state)
        if self.decisions.isChecked():
            yield from wants.manifold_decisions(state)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if "grid" in changed:
            self._show_settings(state)
        if MakeManifold in changed:
            manifold = state.answer(MakeManifold)
            self.view.set_tiles(manifold.tiles if manifold else None)
        if changed & {MakeManifold, OpenClassifier, ClassifyManifold}:
            self._show_decisions(state)
        self.view.set_marker(_marker(state))

    def _show_decisions(self, state: State) -> None:
        """Tint the tiles by the decisions on them."""
        card, found = state.answer(OpenClassifier), state.answer(ClassifyManifold)
        self.decisions.setVisible(card is not None)
        wanted = self.decisions.isChecked() and card and found and len(found) == self.view.count
        self.view.set_tints(_tints(found) if wanted and found else ())

    @Slot()
    def _on_decisions(self) -> None:
        self.controller.demand.renew()
        self._show_decisions(self.controller.state)

    def _show_settings(self, state: State) -> None:
        for widget in (self.count, self.span, self.spacing):
            widget.blockSignals(True)
        self.count.show_value(state.grid.n)
        self.span.show_value(state.grid.span)
        self.spacing.setCurrentIndex(list(SPACINGS.values()).index(state.grid.spacing))
        for widget in (self.count, self.span, self.spacing):
            widget.blockSignals(False)

    @Slot()
    def _on_settings(self) -> None:
        grid = replace(
            self.controller.state.grid,
            n=self.count.value(),
            span=self.span.value(),
            spacing=SPACINGS[self.spacing.currentText()],
        )
        self.controller.decoding.set_grid(grid)

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        manifold = self.controller.state.answer(MakeManifold)
        self.controller.preview.tile(manifold.tiles if manifold else None, row)

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        manifold = self.controller.state.answer(MakeManifold)
        if manifold:
            self.controller.point.set(manifold.tiles.points[row])

    def _content(self) -> Content | None:
        manifold = self.controller.state.answer(MakeManifold)
        return Content(manifold.tiles, axes=axes_of(manifold)) if manifold else None

    def _script(self, state: State) -> str:
        manifold = state.answer(MakeManifold)
        if manifold is None or state.model is None:
            return ""
        return manifold_script(state.model, manifold, state.grid)

    def _info(self) -> dict[str, Any]:
        manifold, grid = self.controller.state.answer(MakeManifold), self.controller.state.grid
        if manifold is None:
            return {}
        frame = manifold.frame
        plane = frame.dimensions or (frame.across, frame.up)
        return {"plane": plane, "n": grid.n, "span": grid.span, "spacing": grid.spacing.value}


def _tints(found: Decisions) -> list[QColor]:
    """Return the class colour of each tile, with the confidence as opacity."""
    names = class_colours(min(MAX_CLASS_COLOURS, int(found.labels.max(initial=0)) + 1))
    tints = [QColor(names[label % len(names)]) for label in found.labels.tolist()]
    for tint, confidence in zip(tints, found.confidence.tolist(), strict=True):
        tint.setAlphaF(MAX_TINT * confidence**2)
    return tints


def axes_of(manifold: Manifold) -> tuple[PlotAxis, PlotAxis]:
    """Return the axes of a manifold: tiles are equally wide, and labelled with their values."""
    x, y = (
        _plot_axis(name, values.tolist())
        for name, values in zip(manifold.frame.names, manifold.axes, strict=True)
    )
    return x, y


def _plot_axis(name: str, values: list[float]) -> PlotAxis:
    step = -(-len(values) // MAX_TICKS)
    ticks = tuple((i + 0.5, f"{values[i]:.2g}") for i in range(0, len(values), step))
    return PlotAxis(name, (0.0, float(len(values))), ticks)


def _marker(state: State) -> QPointF | None:
    """Return the position of z on the grid, in tiles, or None if it is outside."""
    manifold = state.answer(MakeManifold)
    if not manifold or not state.point:
        return None
    frame = manifold.frame
    if frame.size != len(state.point.z):
        return None
    spot = frame.spot(state.point.z)
    x, y = (_tile(value, axis) for value, axis in zip(spot, manifold.axes, strict=True))
    return None if x is None or y is None else QPointF(x, manifold.axes.shape[1] - y)


def _tile(value: float, axis: NDArray[np.float64]) -> float | None:
    """Return the position of a coordinate along an axis, in tiles, or None if it is outside."""
    n, half = len(axis), (axis[1] - axis[0]) / 2
    edges = np.array([axis[0] - half, *axis, axis[-1] + half])
    if not edges[0] <= value <= edges[-1]:
        return None
    return float(np.interp(value, edges, [0.0, *(np.arange(n) + 0.5), n]))


PANEL = Panel(
    key="manifold",
    title="Manifold",
    places={
        "explore": Place(Area.CENTRE, 1, 5),
    },
    help="A grid of points on a plane of the latent space, each decoded. Neighbouring tiles look "
    "alike because the KL term pulls all codes towards the prior N(0, 1) and leaves few "
    "gaps. Hover to preview, click to set z. With <i>prior quantiles</i> each tile stands "
    "for an equal share of the prior, <b>z = Φ<sup>−1</sup>(u)</b>. With more than two "
    "dimensions the others keep the value of z.",
    widget=ManifoldPanel,
    needs=DECODER,
)
