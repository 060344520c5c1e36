"""The Sliders panel: one slider per latent dimension or principal component, and the label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from latentlab.session.abilities import DECODER, KL, NOTHING, why_not
from latentlab.session.axes import LOCAL_ORDERS, AxisOrder, MeasureLocalAxes
from latentlab.session.directions import MakeSliderStrips, MeasureDimensions
from latentlab.widgets.kit.axis.row_list import RowList
from latentlab.widgets.kit.axis.slider import SLIDER_RANGE_SIGMA, TICKS
from latentlab.widgets.kit.axis.strip_updates import StripUpdater
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.label_box import LabelBox
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.model_actions import ModelActions
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable, make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.sliders.axes import NO_AXES, local_axes, ordered_axes
from latentlab.widgets.panels.sliders.label_picker import LabelPicker
from latentlab.widgets.panels.sliders.row import AxisTitle, SliderRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.session.points import ModelCard, Point
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

MAX_SLIDERS_WITH_IMAGES = 16
"""Maximum number of sliders with images shown by default."""
MAX_IN_ORDER = 64
"""Maximum number of sliders in the order of the dimensions by default, and without a search."""


class SlidersPanel(PanelWidget):
    """Sliders that move z along each axis, in standard deviations of the codes."""

    watches = frozenset(
        {"model", "codes", "point", MeasureDimensions, MeasureLocalAxes, MakeSliderStrips}
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.label, self.conditions = LabelPicker(), LabelBox()
        self._make_tools()
        self._list = RowList(self._new_row, UNIT // 2)
        self._area, self.rows = self._list.area, self._list.rows
        self.body.addWidget(self.label)
        self.body.addWidget(self.conditions)
        self.body.addWidget(self._area, 1)
        self._axes, self._z, self._name_width = NO_AXES, np.zeros(0), 0
        self._latent_dim = 0
        self._moved_to: Point | None = None
        """Where a slider moved z: local axes stay those of the point before."""
        self._anchor: Point | None = None
        """The point before."""
        self._layers: dict[str, slice] = {}
        self._strip_updates = StripUpdater(controller, MakeSliderStrips, self.rows, self)
        self._with_pictures: bool | None = None
        self._model_actions = ModelActions()
        for button in (self.pictures, self.random):
            self._model_actions.add(button, DECODER)
        self._connect()
        StaleOverlay(self, controller)

    def _make_tools(self) -> None:
        self.order = QComboBox()
        self.order.addItems(list(AxisOrder))
        # As wide as the usual order, so that all tools fit into one line of a narrow panel.
        self.order.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.order.setMinimumContentsLength(3)
        opened = self.order.view()
        opened.setMinimumWidth(opened.sizeHintForColumn(0) + 2 * UNIT)
        self.order.setAccessibleName("Order of the sliders")
        self.order.setToolTip(
            "Which sliders are shown: dimensions in order, dimensions by KL (the largest first), "
            "principal components, the directions of the largest variance of the codes: of all, or "
            "of those nearest to z; decoder at z: the directions that change the image most; or "
            "the dimensions of one layer of a hierarchical model."
        )
        self.pictures = IconButton("pictures", "Show on each slider how it changes the image")
        self.pictures.setCheckable(True)
        self.random = QPushButton("Random")
        self.random.setToolTip("Draw a random z from the prior  (R)")
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("Set every slider to the mean of the codes  (Home)")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: 7, 30-40")
        self.search.setAccessibleName("Search sliders")
        self.search.setToolTip("Shows the sliders of these numbers, such as 7, 30-40")
        self.search.setClearButtonEnabled(True)
        self.search.hide()
        for widget in (self.order, self.pictures):
            self.tools.addWidget(widget)
        self.tools.addStretch(1)
        for button in (self.random, self.reset):
            self.tools.addWidget(button)
        # In a line of its own if the panel is narrow.
        self.tools.addWidget(self.search)
        self._limit = muted(stretch=False)
        self._limit.setToolTip("Number of sliders that are shown.")
        self._limit.hide()
        self.tools.addWidget(self._limit)

    def _connect(self) -> None:
        self.random.clicked.connect(self.controller.point.randomize)
        self.reset.clicked.connect(self.controller.point.go_home)
        self.label.chosen.connect(self.controller.point.set_label)
        self.conditions.chosen.connect(self._on_conditions)
        self.order.currentIndexChanged.connect(self._on_order)
        self.pictures.clicked.connect(self._on_pictures)
        self.search.textChanged.connect(self._on_search)
        undo = self.controller.undo
        make_undoable(undo, order_of_sliders=self.order)
        self._record_pictures = make_choice_undoable(
            undo, "images of sliders", lambda: self._with_pictures, self._set_pictures
        )
        self._list.shown.connect(self._on_row)
        self._area.scrolled.connect(self._strip_updates.look)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if "model" in changed and state.model:
            self.label.offer(state.model)
            self.conditions.offer(state.model.spec.conditions)
            self._model_actions.show_model(state.model)
            self._offer_layers(state.model)
            self._offer_dimensions(state.model)
        if state.point is None or state.codes is None or len(state.point.z) != self._latent_dim:
            return
        measures = {MeasureDimensions, MeasureLocalAxes}
        if changed & {"model", "codes", *measures} and not self._is_dragging():
            self._set_axes(state)
        self.label.show_label(state.point.label)
        self.conditions.show_label(state.point.label)
        self._show_z()
        if MakeSliderStrips in changed:
            self._strip_updates.take(state.answer(MakeSliderStrips))
        elif changed & {"codes", "point"}:
            self._strip_updates.look()

    @property
    def _chosen_order(self) -> AxisOrder:
        """The chosen order; the dimensions of a layer are in order."""
        text = self.order.currentText()
        return AxisOrder(text) if text in [*AxisOrder] else AxisOrder.DIMENSIONS

    def _is_dragging(self) -> bool:
        return any(row.slider.isSliderDown() for row in self.rows)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        # During training, measure the dimensions only if the order shows the result.
        if not state.is_training or self.order.currentText() != AxisOrder.DIMENSIONS:
            yield MeasureDimensions()
        order = self._chosen_order
        anchor = self._anchor if state.point == self._moved_to else state.point
        needs = DECODER if order is AxisOrder.JACOBIAN else NOTHING
        if order in LOCAL_ORDERS and anchor and not why_not(needs, state.model):
            yield MeasureLocalAxes(anchor, order)
        yield from self._strip_updates.wants(state)

    def _show_z(self) -> None:
        point, codes = self.controller.state.point, self.controller.state.codes
        if point is None or codes is None:
            return
        self._z = np.array(point.z)
        for row in self.rows:
            if row.slider.axis:
                row.show_z(row.slider.axis, self._z)
        ticks = (self._z - codes.center) / codes.spread / SLIDER_RANGE_SIGMA * TICKS
        self.reset.setEnabled(bool((np.abs(ticks) > 0.5).any()))

    def _set_axes(self, state: State) -> None:
        """Show the sliders of the chosen order that the search finds."""
        if state.point is None or state.codes is None:
            return
        measured = state.answer(MeasureDimensions)
        if measured and len(measured.kl) != self._latent_dim:
            measured = None
        layer = self._layers.get(self.order.currentText(), slice(None))
        order, local = self._chosen_order, state.answer(MeasureLocalAxes)
        axes = ordered_axes(state.codes, order, measured, layer)
        if local and local.order is order and len(local.found.sizes) == len(axes.places):
            axes = local_axes(local)
        total = len(range(self._latent_dim)[layer])
        self.search.setVisible(total > MAX_IN_ORDER)
        self._axes = axes.found_by("" if self.search.isHidden() else self.search.text())
        self._limit.setText(f"{len(self._axes.places)} of {total:,}")
        self._limit.setVisible(len(self._axes.places) < total)
        self._z = np.array(state.point.z)
        self._name_width = _width_of(self._axes.widest)
        self._list.show_rows(len(self._axes.places))
        self._show_pictures()

    @Slot(QWidget, int)
    def _on_row(self, row: SliderRow, index: int) -> None:
        """Let a row show the axis of its place in the list."""
        place = self._axes.places[index]
        axis, before = self._axes.axis(place), row.slider.axis
        is_local = self._chosen_order in LOCAL_ORDERS
        if before and (axis.key != before.key or (is_local and axis != before)):
            row.clear_strip()
        row.show_title(self._axes.title(place))
        row.set_name_width(self._name_width)
        row.show_z(axis, self._z)
        row.show_pictures(wanted=self.pictures.isChecked())

    def _offer_layers(self, model: ModelCard) -> None:
        """List the layers of a hierarchical model below the orders."""
        self._layers = {f"layer {name}": dimensions for name, dimensions in model.layers}
        wanted = [*AxisOrder, *self._layers]
        if [self.order.itemText(i) for i in range(self.order.count())] == wanted:
            return
        before = self.order.currentText()
        with QSignalBlocker(self.order):
            self.order.clear()
            self.order.addItems(wanted)
            self.order.setCurrentText(before)

    def _offer_dimensions(self, model: ModelCard) -> None:
        """Of many dimensions, show those first that carry most."""
        if model.latent_dim != self._latent_dim and model.latent_dim > MAX_IN_ORDER:
            has_kl = not why_not(KL, model)
            self.order.setCurrentText(AxisOrder.KL if has_kl else AxisOrder.COMPONENTS)
        self._latent_dim = model.latent_dim

    def _new_row(self) -> SliderRow:
        row = SliderRow()
        row.slider.moved.connect(self._on_moved)
        row.pictured.connect(self._strip_updates.connect_strip)
        return row

    def _show_pictures(self) -> None:
        wanted = (
            len(self._axes.places) <= MAX_SLIDERS_WITH_IMAGES
            if self._with_pictures is None
            else self._with_pictures
        )
        wanted = wanted and self.pictures.isEnabled()
        self.pictures.setChecked(wanted)
        for row in self.rows:
            row.show_pictures(wanted=wanted)
        self._strip_updates.look()

    @Slot(bool)
    def _on_pictures(self, wanted: bool) -> None:
        self._set_pictures(wanted)
        self._record_pictures()

    def _set_pictures(self, wanted: bool | None) -> None:
        self._with_pictures = wanted
        self._show_pictures()

    @Slot()
    def _on_order(self) -> None:
        state = self.controller.state
        if state.point is None or len(state.point.z) != self._latent_dim:
            return
        if self.order.currentIndex() < 0:
            # Undo chose a layer of the model before.
            self.order.setCurrentIndex(0)
            return
        self._moved_to = None
        self.controller.demand.renew()
        self._area.verticalScrollBar().setValue(0)
        self._set_axes(state)

    @Slot()
    def _on_search(self) -> None:
        self._set_axes(self.controller.state)

    @Slot(object, bool)
    def _on_conditions(self, label: tuple[float, ...], settled: bool) -> None:
        self.controller.point.set_label(label, settled=settled)

    @Slot(object, bool)
    def _on_moved(self, z: tuple[float, ...], settled: bool) -> None:
        point = self.controller.state.point
        if point:
            if point != self._moved_to:
                self._anchor = point
            self._moved_to = point.at(z)
            self.controller.point.set(self._moved_to, settled=settled)


def _width_of(title: AxisTitle | None) -> int:
    """Return the width of a title in pixels."""
    if title is None:
        return 0
    label = QLabel(title.text, textFormat=Qt.TextFormat.RichText)
    label.ensurePolished()
    return label.sizeHint().width()


PANEL = Panel(
    key="sliders",
    title="Sliders",
    places={
        "explore": Place(Area.RIGHT, 1, 5),
        "edit": Place(Area.RIGHT, 0, 3),
        "learn": Place(Area.RIGHT, 1),
    },
    help="One slider per latent dimension, with the coordinate of z beside it. The middle of a "
    "slider is the mean of the codes, and its length is a multiple of their standard deviation, so "
    "every slider covers the range of the data: <b>z = mean + Σ "
    "s<sub>i</sub>·σ<sub>i</sub>·e<sub>i</sub></b>. Move one and watch what changes: slant, "
    "thickness, a smile. The images below each slider show it in advance. <i>By KL</i> puts "
    "the dimensions that carry most nats first and greys those that the model does not use. "
    "<i>PCA</i> has a slider for each principal component, with its share of the variance; "
    "<i>local PCA</i> those of the codes nearest to z, and <i>decoder at z</i> the singular "
    "vectors of the decoder's Jacobian at z: what matters here. These stay while you move a "
    "slider. "
    "A hierarchical model offers each of its layers. "
    "A conditional model also takes the <i>class</i>, or several conditions, such as age and sex.",
    widget=SlidersPanel,
)
