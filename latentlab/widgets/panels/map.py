"""The Map panel: the codes of the data set, and every way to point at latent space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from latentlab.session.colourings import values_of
from latentlab.session.requests.colourings import MakeMeasured
from latentlab.session.requests.views import MakeView
from latentlab.session.selections import mask_of
from latentlab.widgets.colour_choice import ColourChoice, legend_names
from latentlab.widgets.labels import muted
from latentlab.widgets.layers import SPREAD, Layers
from latentlab.widgets.legend import Legend
from latentlab.widgets.map_menu import fill_map_menu
from latentlab.widgets.map_plot import MapPlot, Spot
from latentlab.widgets.map_tools import MapTools
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.select_menu import fill_select_menu
from latentlab.widgets.select_tools import SelectTools
from latentlab.widgets.selection_bar import SelectionBar
from latentlab.widgets.shades import by_class, by_value
from latentlab.widgets.theme import UNIT
from latentlab.widgets.thumbnail import Thumbnail
from latentlab.widgets.value_bar import ValueBar
from latentlab.widgets.view_bar import ViewBar
from latentlab.widgets.work_bar import WorkBar

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QResizeEvent

    from latentlab.latent.codes import Codes
    from latentlab.session.scene import Ends, ModelCard, Point
    from latentlab.session.selections import How
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

AGAIN = frozenset({"codes", "view"})
WORK = (MakeView, MakeMeasured)
INVERSE = (
    "What a place of the map decodes to: on a plane exactly what lies there, elsewhere the "
    "codes of the nearest images, the nearer the more."
)
WATCHED = (
    "model codes point ends view preview hovered working selection measured map_pictures manifold "
    "original own scores"
)


class MapPanel(PanelWidget):
    """A scatter of codes over two dimensions."""

    watches = frozenset(WATCHED.split())

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.views, self.colours = ViewBar(controller), ColourChoice(controller)
        self.across, self.up = self.views.across, self.views.up
        self.buttons = MapTools()
        self._note = muted()
        self.tools.addWidget(self.views)
        self.tools.addWidget(self._note, 1)
        self.tools.addWidget(self.buttons)
        self.plot = MapPlot()
        self.plot.setAccessibleName("Map of the latent space")
        self.hand = SelectTools(self.plot)
        self.legend, self.bar = Legend(), ValueBar()
        self.body.addWidget(self.plot, 1)
        self.body.addLayout(self._foot())
        self.layers = Layers(self.plot, controller)
        self.thumbnail = Thumbnail(self.plot)
        self.work = WorkBar(controller, WORK, "Give this up; what is shown stays.", self.plot)
        self.work.setObjectName("mapBar")
        self.work.move(5 * UNIT, UNIT)
        self.selected = SelectionBar(controller, self.plot)
        self._drawn: tuple[object, ...] = (None,) * 4
        self._spot: Spot | None = None
        self._put: dict[tuple[float, ...], tuple[float, float]] = {}
        self._connect()

    def _foot(self) -> QHBoxLayout:
        """Return what stands below the map: the colours and what they mean."""
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.colours, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.legend, 1)
        row.addWidget(self.bar, 1)
        return row

    def _connect(self) -> None:
        self.buttons.home.clicked.connect(self.plot.show_all)
        self.buttons.select.clicked.connect(self._on_select_menu)
        self.buttons.chosen.connect(self.hand.set_tool)
        self.buttons.layers.clicked.connect(self._on_layer_menu)
        self.layers.changed.connect(self._show_again)
        self.colours.changed.connect(self._show_again)
        self.hand.chosen.connect(self._on_selected)
        self.hand.cleared.connect(self.controller.clear_selection)
        self.legend.changed.connect(self._show_codes)
        self.plot.hovered.connect(self._on_hovered)
        self.plot.clicked.connect(self._on_clicked)
        self.plot.asked.connect(self._on_asked)
        self.plot.dragged.connect(self._on_dragged)
        self.plot.nudged.connect(self._on_nudged)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Show codes, z and path in the present plane."""
        if state.model is None or state.point is None or state.codes is None:
            return
        self.work.show_state(state)
        if not state.view.suits(state.codes):
            return
        if changed & {"model", "view"}:
            self._put.clear()
            self.views.show_view(state)
            self.plot.set_view(state.view)
        if changed & {"model", "codes", "view"}:
            self._show_note(state, state.model)
        if changed & {"model", "codes", "view", "scores"}:
            self.colours.offer(state)
        if changed & {"model", "codes", "view", "measured", "scores"}:
            self._show_codes()
        if changed & {"model", "codes", "selection"}:
            self._show_selection(state, state.codes)
        if changed & {"model", "codes", "view", "point", "ends"}:
            self._show_places(state.point, state.ends)
        self.layers.show_layers(state, changed, self.plot.cloud.paint_now)
        self._show_thumbnail(state)

    def _show_note(self, state: State, model: ModelCard) -> None:
        count = len(state.codes) if state.codes is not None else 0
        self._note.setText(model.note or f"{state.view.inverse} · {count:,} {model.data}")
        self._note.setToolTip(model.note or INVERSE)

    def _show_places(self, point: Point, ends: Ends | None) -> None:
        self.plot.set_point(*self._spot_of(point))
        if ends:
            stops = [self._spot_of(stop.point) for stop in ends.stops()]
            self.plot.set_path(stops[0], self._spot_of(ends.b), stops)

    def _spot_of(self, point: Point) -> tuple[float, float]:
        """Return where a point stands: where a hand put it, even if no formula leads back."""
        return self._put.get(point.z) or self.controller.spot(point.z)

    @Slot()
    def _show_codes(self) -> None:
        """Show codes where the view puts them, in the colours chosen, less what is hidden."""
        state = self.controller.state
        if state.codes is None or state.model is None or not state.view.suits(state.codes):
            return
        chosen, count = self.colours.chosen, len(state.codes)
        values = values_of(chosen.key, state) if chosen else None
        groups = values if values is not None and values.dtype.kind == "i" else None
        self.legend.offer(legend_names(chosen, groups, state.model.spec.class_names))
        self.bar.setVisible(chosen is not None and values is not None and groups is None)
        if chosen and values is not None and groups is None:
            paint, ends = by_value(values)
            self.bar.show_range(chosen.title, chosen.unit, ends)
        else:
            paint = by_class(groups, count)
        shown = None if groups is None else self.legend.shown()
        mask = None if shown is None or groups is None else np.isin(groups, list(shown))
        now = (state.codes, state.view, self.layers.draws, mask)
        if mask is None and all(a is b for a, b in zip(now, self._drawn, strict=True)):
            # The same points: sorting a million of them anew would take its time.
            self.plot.cloud.set_paint(paint)
        else:
            self.plot.set_cloud(self.layers.places(state, state.codes), paint, mask)
        self._drawn = now

    @Slot()
    def _show_again(self) -> None:
        """Show points and layers anew: what is wanted of them has changed."""
        self._show_codes()
        self.layers.show_layers(self.controller.state, AGAIN, self.plot.cloud.paint_now)

    def _show_selection(self, state: State, codes: Codes) -> None:
        chosen = state.selection
        self.plot.cloud.set_selected(mask_of(chosen, len(codes)) if chosen else None)
        self.selected.show_selection(state)

    def _show_thumbnail(self, state: State) -> None:
        if self._spot is None or state.preview is None:
            self.thumbnail.hide()
            return
        near = state.hovered.picture if state.hovered else None
        self.thumbnail.set_pictures(state.preview.pixels, near)
        self.thumbnail.stand_beside(self._spot.pixel.toPoint())

    @Slot(object)
    def _on_hovered(self, spot: Spot | None) -> None:
        left, self._spot = self._spot is not None and spot is None, spot
        point = self.controller.state.point
        if spot and point:
            self.controller.hover(self.controller.under(spot.x, spot.y, point), spot.row)
        elif left:
            self.thumbnail.hide()
            self.controller.preview(None)

    @Slot(object, object)
    def _on_clicked(self, spot: Spot, modifiers: Qt.KeyboardModifier) -> None:
        row = self.plot.nearest(spot)
        if modifiers & Qt.KeyboardModifier.ShiftModifier and row is not None:
            self.controller.pick(row)
        else:
            self._go(spot.x, spot.y)

    @Slot(float, float)
    def _on_nudged(self, dx: float, dy: float) -> None:
        if self.controller.state.point:
            x, y = self._spot_of(self.controller.state.point)
            self._go(x + dx, y + dy)

    def _go(self, x: float, y: float) -> None:
        if self.controller.state.point:
            self.controller.set_point(self._under(x, y, self.controller.state.point))

    @Slot(str, float, float, bool)
    def _on_dragged(self, name: str, x: float, y: float, dropped: bool) -> None:
        ends = self.controller.state.ends
        if ends:
            point = self._under(x, y, ends.a if name == "a" else ends.b)
            self.controller.set_ends(ends.moved(name, point), settled=dropped)

    def _under(self, x: float, y: float, point: Point) -> Point:
        """Return the point under a place, and keep in mind that a hand put it there."""
        found = self.controller.under(x, y, point)
        state = self.controller.state
        if not state.view.is_plane:
            ends = (state.ends.a, state.ends.b) if state.ends else ()
            stand = {kept.z for kept in (state.point, *ends) if kept}
            self._put = {z: place for z, place in self._put.items() if z in stand}
            self._put[found.z] = (x, y)
        return found

    @Slot(object)
    def _on_asked(self, spot: Spot) -> None:
        menu = QMenu(self)
        self.fill_menu(menu, spot)
        menu.exec(QCursor.pos())
        menu.deleteLater()

    def fill_menu(self, menu: QMenu, spot: Spot) -> None:
        """Offer what can be done at a spot."""
        row = self.plot.nearest(spot)
        fill_map_menu(menu, self.controller, spot, row, self._go, self._on_dragged)
        menu.addAction(self.layers.actions[SPREAD])
        menu.addAction("Show all codes", self.plot.show_all)

    @Slot()
    def _on_select_menu(self) -> None:
        menu = QMenu(self)
        fill_select_menu(menu, self.controller, self.colours.chosen, self)
        self.buttons.drop(menu, self.buttons.select)

    @Slot()
    def _on_layer_menu(self) -> None:
        menu = QMenu(self)
        self.layers.fill_menu(menu)
        self.buttons.drop(menu, self.buttons.layers)

    @Slot(object, object)
    def _on_selected(self, rows: NDArray[np.int64], how: How) -> None:
        self.controller.select(rows, how)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the bar in its corner."""
        super().resizeEvent(event)
        self.selected.stand()

    def changeEvent(self, event: QEvent) -> None:
        """Colour numbers anew for light and dark."""
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plot"):
            self._show_codes()
        super().changeEvent(event)


PANEL = Panel(
    key="map",
    title="Map",
    area=Area.CENTRE,
    order=0,
    shortcut="Alt+3",
    help="Each dot is the code of one real image: the mean of q(z|x), coloured by class. Dashed "
    "rings are one, two and three standard deviations of the prior N(0, 1). Hover to see what "
    "any place decodes to, click to go there (the cross), Shift+click to take the nearest real "
    "image. The two ellipses around an image's code are one and two standard deviations of its "
    "posterior q(z|x). Drag A and B to choose a path; right-click for more; wheel and drag to "
    "zoom and pan. On a <b>plane</b> (dimensions, PCA, A, B and z, directions) what lies under the "
    "cursor decodes exactly; <b>t-SNE</b> and <b>UMAP</b> keep neighbours together and decode a "
    "blend of them. Box and lasso select images for all panels; marbles show how sure the encoder "
    "is of each.",
    widget=MapPanel,
)
