"""The Map panel: scatter plot of the codes, and selection of points in latent space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from latentlab.session import wants
from latentlab.session.abilities import DECODER, STANDARD_PRIOR, why_not
from latentlab.session.classifier.requests import (
    ClassifyImages,
    ClassifyPlane,
    FindCounterfactual,
    OpenClassifier,
)
from latentlab.session.directions import ReadDirections
from latentlab.session.export import TABLES
from latentlab.session.files.script import map_script
from latentlab.session.map import ComputeMeasure, FindHoles, MakeView, SamplePosteriors
from latentlab.session.model import Decode, MakeManifold, ShowAll, ShowRest
from latentlab.session.neighbours import FetchMapImages
from latentlab.session.recipes import data_title
from latentlab.session.scores.anomalies import ScoreImages
from latentlab.session.selection import mask_of
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.labels import ElidedLabel, muted
from latentlab.widgets.kit.progress_bar import RequestProgressBar
from latentlab.widgets.kit.relink_dialog import ask_images_of_run
from latentlab.widgets.kit.theme import UNIT, small
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.map.colour_row import ColourRow
from latentlab.widgets.panels.map.contour_layers import KINDS as CONTOUR_KINDS
from latentlab.widgets.panels.map.decisions import fill_decision_menu
from latentlab.widgets.panels.map.lasso import SelectionTools
from latentlab.widgets.panels.map.overlay_menu import SPREAD, MapLayers
from latentlab.widgets.panels.map.plot import MapPlot
from latentlab.widgets.panels.map.pointer import MapPointer
from latentlab.widgets.panels.map.select_menu import fill_select_menu
from latentlab.widgets.panels.map.selection_bar import SelectionBar
from latentlab.widgets.panels.map.toolbar import MapToolbar
from latentlab.widgets.panels.map.view_bar import ViewBar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QResizeEvent

    from latentlab.latent.codes import Codes
    from latentlab.session.points import ModelCard
    from latentlab.session.request import Request
    from latentlab.session.selection import SetOperation
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

REDRAWN_FIELDS = frozenset({"codes", "view"})
REQUESTS_WITH_PROGRESS = (
    *(ShowAll, ShowRest, MakeView, ComputeMeasure, SamplePosteriors, FindHoles),
    *(OpenClassifier, ClassifyImages, ClassifyPlane, FindCounterfactual),
    *CONTOUR_KINDS,
)
MEASURED = frozenset({ComputeMeasure, ScoreImages, ClassifyImages, OpenClassifier})
"""Requests whose answers colour the points."""
DECODING_TIP = (
    "Exact plane: a position of the map is one point of latent space and decodes exactly; with "
    "more than two dimensions the other coordinates are those of z. Otherwise a position decodes "
    "to a blend of the codes of the nearest images."
)


class MapPanel(PanelWidget):
    """Scatter plot of the codes over a two-dimensional view."""

    watches: Changes = frozenset(
        {"model", "codes", "point", "ends", "view", "preview", "selection", "original", "own"}
        | {"workspaces"}
        | {"working", "is_training", "following"}
        | {Decode, SamplePosteriors, FetchMapImages, FindHoles, MakeManifold, ComputeMeasure}
        | {ReadDirections, ScoreImages, OpenClassifier, ClassifyImages, ClassifyPlane}
        | {*CONTOUR_KINDS}
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.views, self.foot = ViewBar(controller), ColourRow(controller)
        self.across, self.up = self.views.across, self.views.up
        self.colours, self.legend, self.bar = self.foot.choice, self.foot.legend, self.foot.bar
        self._note = ElidedLabel()
        self._note.setObjectName("muted")
        self._note.setFont(small(self._note.font()))
        self.all = QPushButton()
        self.all.hide()
        for widget, stretch in ((self.views, 0), (self._note, 1), (self.all, 0)):
            self.tools.addWidget(widget, stretch)
        self.told = muted(stretch=False)
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.hide()
        self.relink = QPushButton("Find the images…")
        self.relink.setToolTip("Choose where the images of this run are now")
        self.relink.hide()
        self.body.addWidget(self.told)
        self.body.addWidget(self.relink, 0, Qt.AlignmentFlag.AlignLeft)
        self.plot = MapPlot()
        self.plot.setAccessibleName("Map of the latent space")
        self.hand = SelectionTools(self.plot)
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.foot)
        self.layers = MapLayers(self.plot, controller)
        self.pointer = MapPointer(self.plot, controller)
        self.thumbnail = self.pointer.thumbnail
        self.buttons = MapToolbar(self.plot)
        self.work = RequestProgressBar(
            controller, REQUESTS_WITH_PROGRESS, "Cancel. The map stays as it is.", self.plot
        )
        self.work.setObjectName("mapBar")
        self.work.move(UNIT, UNIT)
        self.selected = SelectionBar(controller, self.plot)
        self._drawn: tuple[object, ...] = (None,) * 4
        self._model = -1
        StaleOverlay(self.plot, controller, tells=True)
        self.plot.exporting.describe("map", script=_map_script)
        self._connect()

    def _connect(self) -> None:
        self.buttons.home.clicked.connect(self.plot.show_all)
        self.buttons.select.clicked.connect(self._on_select_menu)
        self.buttons.chosen.connect(self.hand.set_tool)
        self.buttons.layers.clicked.connect(self._on_layer_menu)
        self.layers.changed.connect(self._redraw)
        self.foot.changed.connect(self._redraw)
        self.foot.filtered.connect(self._show_codes)
        self.all.clicked.connect(self.controller.map.show_all)
        self.relink.clicked.connect(self._on_find)
        self.pointer.filling.connect(self._on_menu)
        self.hand.chosen.connect(self._on_selected)
        self.hand.left.connect(self.buttons.show_none)
        self.hand.cleared.connect(self.controller.selection.clear)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        yield from wants.view(state)
        yield from self.colours.wants(state)
        yield from self.layers.wants(state)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if state.model is None or state.point is None or state.codes is None:
            return
        self.work.show_state(state)
        if changed & {"model", OpenClassifier}:
            self.layers.enable(state)
        if not state.view.suits(state.codes):
            return
        if state.model.number != self._model:
            self._model = state.model.number
            self.plot.forget_range()
        if changed & {"model", "view", ReadDirections}:
            self.views.show_view(state)
        if changed & {"model", "view"}:
            self.pointer.forget_places()
            self.plot.set_view(
                state.view, has_prior=not why_not(DECODER | STANDARD_PRIOR, state.model)
            )
        if changed & {"model", "codes", "view", "is_training", "following"}:
            self._show_note(state, state.model, state.codes)
        if changed & {"model", "codes", "view", ScoreImages, OpenClassifier}:
            self.colours.offer(state)
        if changed & {"model", "codes", "view", "point", "ends"}:
            # Before the codes, which are shown with A and B.
            self.pointer.show_places(state.point, state.ends)
        if changed & {"model", "codes", "view", SamplePosteriors, *MEASURED}:
            self._show_codes()
        if changed & {"model", "codes", "view", "selection"}:
            self._show_selection(state, state.codes)
        # In Compare, A and B are the models.
        self.plot.show_path(visible=state.workspace != "compare")
        self.layers.show_layers(state, changed, self.plot.cloud.paint_now)

    def _show_note(self, state: State, model: ModelCard, codes: Codes) -> None:
        count, total = len(codes), model.images
        count_text = f"{count:,} of {total:,}" if count < total else f"{count:,}"
        shown = f"{count_text} {data_title(model.data)}" if count else "no images"
        self._note.setText(f"{state.view.inverse} · {shown}", shown)
        images = f"{count_text} images of {data_title(model.data)}" if count else "No images"
        self._note.setToolTip(f"{DECODING_TIP} {images} are shown.")
        self.told.setText(model.note)
        self.told.setVisible(bool(model.note))
        self.relink.setVisible(not total and model.source is not None)
        # During training the model changes before that many images are encoded.
        is_following = state.is_training and state.training.following
        self.all.setVisible(0 < count < total and not is_following)
        self.all.setText(text := f"All {total:,}")
        self.all.setFixedWidth(self.all.fontMetrics().horizontalAdvance(text) + 2 * UNIT)
        self.all.setToolTip(
            f"Encode the other {total - count:,} images too and show them. You can cancel this."
        )

    @Slot()
    def _on_find(self) -> None:
        model = self.controller.state.model
        if model and model.source:
            ask_images_of_run(self, self.controller, model.source, model.name)

    @Slot()
    def _show_codes(self) -> None:
        """Show the visible codes at their positions in the view, in the chosen colours."""
        state = self.controller.state
        if state.codes is None or state.model is None or not state.view.suits(state.codes):
            return
        paint, mask = self.foot.paint_of(state, state.model.spec.class_names)
        self.plot.names = self.legend.names
        places = state.answer(SamplePosteriors) if self.layers.draws else None
        drawn = (state.codes, state.view, places, mask)
        if mask is None and all(a is b for a, b in zip(drawn, self._drawn, strict=True)):
            # Same points: set only the colours, since sorting a million points again is slow.
            self.plot.cloud.set_paint(paint)
        else:
            self.plot.set_cloud(self.layers.places(state, state.codes), paint, mask)
        self._drawn = drawn

    @Slot()
    def _redraw(self) -> None:
        """Update points and layers after a change of their settings."""
        self.controller.demand.renew()
        self._show_codes()
        self.layers.show_layers(self.controller.state, REDRAWN_FIELDS, self.plot.cloud.paint_now)

    def _show_selection(self, state: State, codes: Codes) -> None:
        chosen = state.selection
        self.plot.cloud.set_selected(mask_of(chosen, len(codes)) if chosen else None)
        self.selected.show_selection(state)

    @Slot(object)
    def _on_menu(self, menu: QMenu) -> None:
        fill_decision_menu(menu, self.controller)
        menu.addAction(self.layers.actions[SPREAD])
        menu.addAction("Zoom to all codes", self.plot.show_all)
        menu.addSeparator()
        self.plot.exporting.fill_menu(menu)
        menu.addAction("Save all codes…", self._save_codes)

    @Slot()
    def _save_codes(self) -> None:
        if path := ask_save_path(self, "codes", TABLES):
            self.controller.selection.save_all(path)

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
    def _on_selected(self, rows: NDArray[np.int64], how: SetOperation) -> None:
        self.controller.selection.select(rows, how)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.selected.stand()
        self.buttons.stand()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plot"):
            self._show_codes()
        super().changeEvent(event)


def _map_script(state: State) -> str:
    """Return a script that draws the map, if its view is a plane."""
    if state.model is None or not state.view.is_plane or not state.codes:
        return ""
    return map_script(state.model, state.view)


PANEL = Panel(
    key="map",
    title="Map",
    places={
        "explore": Place(Area.CENTRE, 0, 6),
        "train": Place(Area.RIGHT, 0, 3),
        "analyse": Place(Area.CENTRE, 0, 5),
        "compare": Place(Area.RIGHT, 0, 3),
        "learn": Place(Area.CENTRE),
    },
    help="Each dot is the code of one real image: the mean of <b>q(z|x)</b>, coloured by class. "
    "The dashed rings are one, two and three standard deviations of the prior N(0, 1); a learned "
    "prior has contours with the same shares, given the label of z if it depends on it. "
    "Hover to see the decoded image of a position, click to set z to it (the cross), "
    "Shift+click to go to the nearest real image. The two ellipses around the code of an "
    "image are one and two standard deviations of its posterior. Drag <b>A</b> and <b>B</b> "
    "to set the start and the end of a path; right-click for more; drag and turn the wheel "
    "to move and zoom. On a <b>plane</b> (dimensions, PCA, A, B and z, directions) every "
    "position decodes exactly; <b>t-SNE</b> and <b>UMAP</b> keep neighbours together and "
    "decode a blend of codes. Box and lasso select images for all panels. A <b>classifier</b> "
    "(File &gt; Open classifier) colours the points by its decision, draws its boundary, "
    "and leads to the nearest z that it decides otherwise.",
    widget=MapPanel,
)
