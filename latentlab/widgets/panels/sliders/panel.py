"""The Sliders panel: one slider per latent dimension or principal component, and the label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QPushButton, QWidget

from latentlab.session.abilities import DECODER, NOTHING, why_not
from latentlab.session.axes import LOCAL_ORDERS, MAX_AXES, Axis, AxisOrder, MeasureLocalAxes
from latentlab.session.directions import MakeSliderStrips, MeasureDimensions
from latentlab.widgets.kit.axis.row_scroll_area import RowScrollArea
from latentlab.widgets.kit.axis.strip_updates import StripUpdater
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.label_box import LabelBox
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.model_actions import ModelActions
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable, make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.sliders.axes import local_axes, ordered_axes
from latentlab.widgets.panels.sliders.label_picker import LabelPicker
from latentlab.widgets.panels.sliders.row import LINES_PER_ROW, SliderRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QResizeEvent

    from latentlab.session.points import ModelCard, Point
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

MAX_SLIDERS_WITH_IMAGES = 16
"""Maximum number of sliders with images shown by default."""


class SlidersPanel(PanelWidget):
    """Sliders that move z along each axis, in standard deviations of the codes."""

    watches = frozenset(
        {"model", "codes", "point", MeasureDimensions, MeasureLocalAxes, MakeSliderStrips}
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.label, self.conditions = LabelPicker(), LabelBox()
        self._make_tools()
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, UNIT, 0)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(UNIT // 2)
        self._area = RowScrollArea(self._grid, LINES_PER_ROW)
        self.body.addWidget(self.label)
        self.body.addWidget(self.conditions)
        self.body.addWidget(self._area, 1)
        self.rows: list[SliderRow] = []
        self._hidden: list[SliderRow] = []
        """Rows that a model of more dimensions had, the next one last."""
        self._axes: list[Axis] = []
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
        for widget in (self.order, self.pictures):
            self.tools.addWidget(widget)
        self._limit = muted(stretch=False)
        self._limit.setToolTip("The first sliders of this order are shown.")
        self._limit.hide()
        self.tools.addWidget(self._limit)
        self.tools.addStretch(1)
        for button in (self.random, self.reset):
            self.tools.addWidget(button)

    def _connect(self) -> None:
        self.random.clicked.connect(self.controller.point.randomize)
        self.reset.clicked.connect(self.controller.point.go_home)
        self.label.chosen.connect(self.controller.point.set_label)
        self.conditions.chosen.connect(self._on_conditions)
        self.order.currentIndexChanged.connect(self._on_order)
        self.pictures.clicked.connect(self._on_pictures)
        undo = self.controller.undo
        make_undoable(undo, order_of_sliders=self.order)
        self._record_pictures = make_choice_undoable(
            undo, "images of sliders", lambda: self._with_pictures, self._set_pictures
        )
        bar = self._area.verticalScrollBar()
        bar.valueChanged.connect(self._strip_updates.look)
        bar.rangeChanged.connect(self._strip_updates.look)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if "model" in changed and state.model:
            self.label.offer(state.model)
            self.conditions.offer(state.model.spec.conditions)
            self._model_actions.show_model(state.model)
            self._offer_layers(state.model)
            self._offer_dimensions(state.model.latent_dim)
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

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
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
        point = self.controller.state.point
        if point is None or len(self._axes) != len(self.rows):
            return
        z = np.array(point.z)
        for row, axis in zip(self.rows, self._axes, strict=True):
            row.show_z(axis, z)
        self.reset.setEnabled(any(row.is_moved for row in self.rows))

    def _set_axes(self, state: State) -> None:
        """Assign an axis to each row, in the chosen order."""
        if state.codes is None:
            return
        measured = state.answer(MeasureDimensions)
        if measured and len(measured.kl) != self._latent_dim:
            measured = None
        layer = self._layers.get(self.order.currentText(), slice(None))
        order, local = self._chosen_order, state.answer(MeasureLocalAxes)
        if local and local.order is order and len(local.found.sizes) == len(self.rows):
            axes, titles = local_axes(local)
        else:
            axes, titles = ordered_axes(state.codes, order, measured, layer)
        for row, title in zip(self.rows, titles, strict=True):
            row.show_title(title)
        if order in LOCAL_ORDERS and axes != self._axes:
            self._clear_strips()
        self._axes = axes

    def _clear_strips(self) -> None:
        for row in self.rows:
            if row.strip:
                row.strip.clear()

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

    def _offer_dimensions(self, latent_dim: int) -> None:
        """Make the sliders: of many dimensions, only those of the first principal components."""
        if latent_dim != self._latent_dim and latent_dim > MAX_AXES:
            self.order.setCurrentText(AxisOrder.COMPONENTS)
        self._latent_dim = latent_dim
        self._fit_rows()

    def _fit_rows(self) -> None:
        """Make as many rows as the chosen dimensions need."""
        dimensions = range(self._latent_dim)
        shown = dimensions[self._layers.get(self.order.currentText(), slice(None))]
        self._make_rows(min(len(shown), MAX_AXES))
        self._limit.setText(f"{len(self.rows)} of {len(shown):,}")
        self._limit.setVisible(len(shown) > MAX_AXES)

    def _make_rows(self, count: int) -> None:
        while len(self.rows) > count:
            self.rows[-1].set_visible(visible=False)
            self._hidden.append(self.rows.pop())
        for i in range(len(self.rows), count):
            if self._hidden:
                row = self._hidden.pop()
                row.set_visible(visible=True)
            else:
                row = self._new_row(i)
            self.rows.append(row)
        self._grid.setRowStretch(LINES_PER_ROW * len(self.rows), 0)
        self._grid.setRowStretch(1024, 1)
        self._show_pictures()

    def _new_row(self, place: int) -> SliderRow:
        row = SliderRow(place, self._grid, self)
        row.slider.moved.connect(self._on_moved)
        row.pictured.connect(self._strip_updates.connect_strip)
        return row

    def _show_pictures(self) -> None:
        wanted = (
            len(self.rows) <= MAX_SLIDERS_WITH_IMAGES
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
        self._fit_rows()
        self._moved_to = None
        self.controller.demand.renew()
        self._set_axes(state)
        self._show_z()
        self._clear_strips()
        self._strip_updates.look()

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
