"""Page of the Compare panel with the maps of both models, in which the same images are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout

from latentlab.session.abilities import STANDARD_PRIOR, why_not
from latentlab.session.comparison import CodesMap, CompareMaps
from latentlab.session.selection import mask_of
from latentlab.widgets.kit.labels import ElidedLabel, muted
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.scatter.markers import Cross, PriorRings
from latentlab.widgets.kit.scatter.point_colours import by_class
from latentlab.widgets.kit.scatter.scatter import ScatterItem
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.compare.pages import ComparePage, SeveralPage, model_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.session.comparison import Comparison
    from latentlab.session.request import Request
    from latentlab.session.selection import Selection
    from latentlab.session.state import State

HOVER_DISTANCE = 12
"""Maximum distance in pixels of an image under the cursor."""
OUTERMOST = 0.995
"""Quantile of the coordinates up to which the codes are shown."""
PRIOR_EXTENT = 3.1
"""Distance from the centre that shows the outermost ring of the prior."""
HINT = (
    "Each dot is the same image in both maps. Point at one to mark it in the other map; click it "
    "to set z to its code. A selection on the panel Map is marked in both."
)


class MapsPage(ComparePage):
    """Map of A beside the map of B."""

    title = "Maps"
    tip = "Show where both models place the same images."
    hovered = Signal(int)
    """Row of the image under the cursor; -1 for none."""
    chosen = Signal(int)
    """Row of the image that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: tuple[ModelMap, ...] = ()
        self._names = (ElidedLabel(), ElidedLabel())
        self._axes = (muted(elided=True), muted(elided=True))
        hint = muted(HINT, stretch=False)
        hint.setWordWrap(True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(UNIT // 2)
        for column, labels in enumerate(zip(self._names, self._axes, strict=True)):
            for row, label in enumerate(labels):
                label.setAlignment(Qt.AlignmentFlag.AlignCenter)
                self._grid.addWidget(label, row, column)
            self._grid.setColumnStretch(column, 1)
        self._grid.addWidget(hint, 3, 0, 1, 2)
        self._grid.setRowStretch(2, 1)

    def _make_maps(self) -> None:
        """Make the plots when the page is first shown."""
        self.maps = (ModelMap(), ModelMap())
        for column, plot in enumerate(self.maps):
            self._grid.addWidget(plot, 2, column)
            plot.hovered.connect(self.hovered)
            plot.chosen.connect(self.chosen)

    why_not = SeveralPage.why_not

    @override
    def wanted(self, state: State, known: Comparison, label: Label | None) -> Request[Any] | None:
        if state.codes is None or (known.map and len(known.map.xy) == len(state.codes)):
            return None
        return CompareMaps(len(state.codes))

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        codes, view = state.codes, state.view
        if codes is None or not view.suits(codes):
            return
        if not self.maps:
            self._make_maps()
        a = CodesMap(
            view.places(codes),
            view.frame.names,
            is_plane=view.is_plane,
            has_prior=not why_not(STANDARD_PRIOR, state.model),
        )
        shown = state.preview.original if state.preview else state.original
        names = model_names(state, known)
        for plot, label, axes, name, one in zip(
            self.maps, self._names, self._axes, names, (a, known.map), strict=True
        ):
            label.setText(name)
            axes.setText(one.axes if one else "encoding images…")
            plot.setAccessibleName(f"Map of {name}")
            plot.show_codes(one, codes.labels)
            plot.show_selection(state.selection)
            plot.mark(shown.row if shown else None)


class ModelMap(Plot):
    """Map of the codes of one model, coloured by class, without axes."""

    hovered = Signal(int)
    """Row of the image under the cursor; -1 for none."""
    chosen = Signal(int)
    """Row of the image that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.setAspectLocked(True)
        for side in ("left", "bottom"):
            self.getPlotItem().hideAxis(side)
        self.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.cloud, self._rings, self.cross = ScatterItem(largest=4), PriorRings(), Cross()
        for item in (self._rings, self.cloud, self.cross):
            self.addItem(item, ignoreBounds=True)
        self._shown: tuple[object, object] = (None, None)
        self._xy: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def show_codes(self, one: CodesMap | None, labels: NDArray[np.int64] | None) -> None:
        """Show the codes of a map, coloured by class; None for none."""
        xy = one.xy if one else self._xy[:0]
        same = xy.shape == self._xy.shape and bool(np.array_equal(xy, self._xy))
        if same and self._shown[1] is labels:
            return
        self._shown, self._xy = (one, labels), xy
        fitting = labels if labels is not None and len(labels) == len(xy) else None
        self.cloud.set_points(xy, by_class(fitting, len(xy)))
        self._rings.setVisible(one is not None and one.is_plane and one.has_prior)
        if one and len(xy):
            self._show_all(one)

    def _show_all(self, one: CodesMap) -> None:
        low, high = np.quantile(one.xy, (1 - OUTERMOST, OUTERMOST), axis=0).tolist()
        if one.is_plane:
            reach = max(PRIOR_EXTENT, *map(abs, (*low, *high)))
            low, high = [-reach] * 2, [reach] * 2
        self.setRange(xRange=(low[0], high[0]), yRange=(low[1], high[1]), padding=0.04)

    def show_selection(self, selection: Selection | None) -> None:
        """Dim all images outside a selection; None for no selection."""
        fits = selection is not None and selection.rows.max(initial=-1) < len(self._xy)
        self.cloud.set_selected(mask_of(selection, len(self._xy)) if selection and fits else None)

    def mark(self, row: int | None) -> None:
        """Mark an image with a cross; None for none."""
        is_shown = row is not None and row < len(self._xy)
        self.cross.setVisible(is_shown)
        if is_shown:
            self.cross.setPos(*self._xy[row].tolist())

    def _row_at(self, scene: QPointF) -> int:
        box = self.getViewBox()
        if not box.sceneBoundingRect().contains(scene):
            return -1
        place = box.mapSceneToView(scene)
        nearest = self.cloud.nearest(place.x(), place.y())
        reach = HOVER_DISTANCE * box.viewPixelSize()[0]
        return nearest[0] if nearest and nearest[1] <= reach else -1

    @Slot(object)
    def _on_moved(self, scene: QPointF) -> None:
        self.hovered.emit(self._row_at(scene))

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        row = self._row_at(event.scenePos())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self.chosen.emit(row)

    def leaveEvent(self, event: QEvent) -> None:
        """Unmark the image under the cursor."""
        self.hovered.emit(-1)
        super().leaveEvent(event)
