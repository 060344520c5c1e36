"""MapLayers of the map: their menu and their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QColor, QImage

from latentlab.session import wants
from latentlab.session.abilities import (
    DECODER,
    ENCODER_DECODER,
    GAUSSIAN_POSTERIORS,
    IMAGES,
    KL,
    POSTERIORS,
)
from latentlab.session.classifier.requests import ClassifyPlane, OpenClassifier
from latentlab.session.map import ComputeMeasure, FindHoles, SamplePosteriors
from latentlab.session.model import Decode, MakeManifold
from latentlab.session.neighbours import FetchMapImages
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.model_actions import ModelActions
from latentlab.widgets.kit.scatter.markers import MarkerLabel, PosteriorMarker
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.undoable import make_choice_undoable
from latentlab.widgets.panels.map.contour_layers import (
    CONTOURS,
    KINDS,
    LIKELIHOOD,
    POSTERIOR,
    TWO_DIMENSIONS,
    ContourLayers,
)
from latentlab.widgets.panels.map.decisions import decision_image, shown_decisions
from latentlab.widgets.panels.map.holes_legend import HolesLegend
from latentlab.widgets.panels.map.overlays import (
    BACKDROP_OPACITY,
    Picture,
    PosteriorEllipses,
    ThumbnailLayer,
    holes_image,
    manifold_image,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PySide6.QtWidgets import QMenu

    from latentlab.latent.codes import Codes
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.widgets.kit.scatter.rasterize import PointColours
    from latentlab.widgets.panels.map.plot import MapPlot
    from latentlab.workers.controller import Controller

ELLIPSES, SAMPLES, HOLES, MANIFOLD_BACKDROP, PICTURES = (
    "marbles",
    "samples",
    "holes",
    "backdrop",
    "pictures",
)
SPREAD, IMAGE, BOUNDARY = "spread", "image", "boundary"
CHOICES = {
    SPREAD: (
        "Posterior of the image",
        "q(z|x) of the image at z, otherwise of your own image: one and two standard deviations.",
    ),
    ELLIPSES: (
        "Posterior ellipses",
        "Ellipses of q(z|x): of the selected images, otherwise of 200 images.",
    ),
    SAMPLES: ("Draw from q(z|x)", "Each point is a draw from q(z|x) instead of its mean."),
    HOLES: ("Holes", "Red: the prior expects codes here, and there are none."),
    MANIFOLD_BACKDROP: (
        "Backdrop: manifold",
        "The decoded manifold behind the points, each tile at its place.",
    ),
    IMAGE: (
        "Backdrop: image",
        "The decoded image of z, or of the point under the cursor, behind the points.",
    ),
    BOUNDARY: (
        "Decision boundary",
        "Regions of the plane by the decision of the classifier on their decoded images; strong "
        "colours are certain.",
    ),
    **CONTOURS,
    PICTURES: ("Images when zoomed in", "Images instead of points when you zoom in."),
}
NEEDS = {
    SPREAD: POSTERIORS,
    ELLIPSES: POSTERIORS,
    SAMPLES: GAUSSIAN_POSTERIORS,
    HOLES: KL,
    MANIFOLD_BACKDROP: DECODER,
    IMAGE: DECODER,
    BOUNDARY: DECODER,
    LIKELIHOOD: DECODER,
    POSTERIOR: ENCODER_DECODER | GAUSSIAN_POSTERIORS,
    PICTURES: IMAGES,
}
"""Abilities of the model that each layer needs."""
OWN_NAME = "your image"
BACKDROPS = (MANIFOLD_BACKDROP, IMAGE)
"""Exclusive layers: at most one is on."""
DEFAULT_LAYERS = (SPREAD, PICTURES)
"""MapLayers that are on by default; the settings store the user's choice."""
MOST_MARBLES = 200
FADED_OPACITY = 0.35
"""Opacity of the points while another layer is shown."""
MAX_IMAGES = 150
SETTLE_MS = 120
"""Milliseconds without a change of the view before images are fetched."""


class MapLayers(QObject):
    """Updates the layers of a map from the state.

    Parameters
    ----------
    plot : MapPlot
        The map.
    controller : Controller
        Receives the requests for images.
    """

    changed = Signal()
    """The positions of the points changed."""

    def __init__(self, plot: MapPlot, controller: Controller) -> None:
        super().__init__(plot)
        self._plot, self._controller = plot, controller
        self.marbles, self.pictures = PosteriorEllipses(), ThumbnailLayer()
        self.holes, self.backdrop = Picture(smooth=True), Picture(BACKDROP_OPACITY)
        self.image, self.spread = Picture(BACKDROP_OPACITY, smooth=True), PosteriorMarker()
        self.image.hide()
        self.decisions = Picture()
        self.legend, self.contours = HolesLegend(plot), ContourLayers(plot, self.is_on)
        backgrounds = (self.backdrop, self.image, self.decisions, self.holes)
        self.own_label = MarkerLabel(OWN_NAME, below=True)
        for item in (*backgrounds, self.marbles, self.pictures, self.spread, self.own_label):
            plot.addItem(item, ignoreBounds=True)
        self._model_actions = ModelActions()
        self.actions = {name: self._action(name) for name in CHOICES}
        exclusive = QActionGroup(self)
        exclusive.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        for name in BACKDROPS:
            exclusive.addAction(self.actions[name])
        self._record = make_choice_undoable(
            controller.undo, "layers of the map", self._read, self._restore
        )
        self._paint: PointColours | None = None
        self._missing: tuple[int, ...] = ()
        self._model = 0
        self._range_timer = QTimer(self)
        self._range_timer.setSingleShot(True)
        self._range_timer.setInterval(SETTLE_MS)
        self._range_timer.timeout.connect(self._show_pictures)
        plot.getViewBox().sigRangeChanged.connect(self._on_range)

    def _action(self, name: str) -> QAction:
        title, tip = CHOICES[name]
        action = QAction(title, self)
        action.setCheckable(True)
        action.setToolTip(tip)
        action.setChecked(name in DEFAULT_LAYERS and settings().value(f"map/{name}", True))
        action.toggled.connect(self._on_toggled)
        self._model_actions.add(action, NEEDS[name])
        return action

    def fill_menu(self, menu: QMenu) -> None:
        """Add the actions of the layers to a menu."""
        menu.setToolTipsVisible(True)
        menu.addActions(list(self.actions.values()))

    def is_on(self, name: str) -> bool:
        """Return whether a layer is switched on, and the model has what it needs."""
        return self.actions[name].isChecked() and self.actions[name].isEnabled()

    def _read(self) -> frozenset[str]:
        # Also layers that are off only because the model lacks what they need.
        return frozenset(name for name, action in self.actions.items() if action.isChecked())

    def _restore(self, names: frozenset[str]) -> None:
        for name, action in self.actions.items():
            action.setChecked(name in names)

    @property
    def draws(self) -> bool:
        """Whether the points are draws from the posteriors instead of means."""
        return self.is_on(SAMPLES)

    def places(self, state: State, codes: Codes) -> NDArray[np.float32]:
        """Return the positions of the points, shape (N, 2): means, or draws if switched on.

        Means until the draws arrive.
        """
        wanted, drawn = self.draws and state.view.is_plane, state.answer(SamplePosteriors)
        fits = drawn is not None and drawn.frame == state.view.frame and len(drawn.xy) == len(codes)
        if wanted and fits and drawn is not None:
            return drawn.xy
        return state.view.places(codes)

    def show_layers(self, state: State, changed: Changes, paint: PointColours | None) -> None:
        """Show the active layers of a state."""
        self._paint = paint
        if state.model and state.model.number != self._model:
            self._model = state.model.number
            self.pictures.forget()
        fetched = state.answer(FetchMapImages)
        if FetchMapImages in changed and fetched:
            self._missing = ()
            self.pictures.add(fetched.rows, fetched.pictures)
        if changed & {Decode, "preview", "model", "view"}:
            self._show_image(state)
        codes = state.codes
        if codes is None or not state.view.suits(codes):
            return
        is_covered = state.view.is_plane and any(
            map(self.is_on, (ELLIPSES, HOLES, MANIFOLD_BACKDROP, BOUNDARY, *CONTOURS))
        )
        self._plot.cloud.setOpacity(FADED_OPACITY if is_covered or self.is_on(IMAGE) else 1.0)
        if changed & {"model", "codes", "view", "selection", ComputeMeasure}:
            self._show_marbles(state, codes)
        if changed & {"model", "codes", "view", FindHoles}:
            self._show_holes(state)
        if changed & {"model", "codes", "view", ClassifyPlane, OpenClassifier}:
            self._show_decisions(state)
        if changed & {"model", "codes", "view", "original", "own"}:
            self._show_spread(state)
        if changed & {"model", "codes", "view", "original", "own", *KINDS}:
            self.contours.show_contours(state)
        if changed & {MakeManifold, "view", "model"}:
            self._show_backdrop(state)
        if changed & {"model", "codes", "view"}:
            self._range_timer.start()

    def _show_marbles(self, state: State, codes: Codes) -> None:
        wanted = self.is_on(ELLIPSES) and state.view.is_plane and len(codes) > 0
        self.marbles.setVisible(wanted)
        if not wanted or self._paint is None:
            return
        count = len(state.selection) if state.selection else len(codes)
        rows = np.linspace(0, count - 1, min(count, MOST_MARBLES)).astype(int)
        rows = state.selection.rows[rows] if state.selection else rows
        colours = [QColor(*self._paint.palette[i].tolist()) for i in self._paint.index[rows]]
        places = state.view.frame.place(codes.mu[rows])
        self.marbles.set_ellipses(places, state.view.frame.shadow(codes.sigma[rows]), colours)

    def _show_spread(self, state: State) -> None:
        """Show the spread of the posterior of the image at z, else of the own image."""
        image, frame = state.original or state.own, state.view.frame
        # On t-SNE and UMAP views a standard deviation has no length.
        wanted = self.is_on(SPREAD) and state.view.is_plane
        fits = image is not None and len(image.sigma) == frame.size
        self.spread.setVisible(wanted and fits)
        # Beside z it has the cross; elsewhere it would be a mark without a name.
        self.own_label.setVisible(wanted and fits and state.original is None)
        self.own_label.dress()
        if wanted and fits and image is not None:
            shadow = frame.shadow(np.array([image.sigma], np.float32))[0]
            self.spread.set_spread(*frame.spot(image.point.z), shadow)
            self.own_label.setPos(*frame.spot(image.point.z))

    def wants(self, state: State) -> Iterable[Request[Any]]:
        """Return the requests of the active layers."""
        if self.is_on(IMAGE):
            yield from wants.picture(state)
        if self._missing:
            yield FetchMapImages(self._missing)
        if not state.view.is_plane or state.codes is None or not len(state.codes):
            return
        yield from self.contours.wants(state)
        if self.is_on(MANIFOLD_BACKDROP):
            yield from wants.manifold(state)
        if self.draws:
            yield SamplePosteriors(state.view.frame)
        if self.is_on(HOLES):
            yield FindHoles(state.view.frame)
        if self.is_on(BOUNDARY):
            yield from wants.plane_decisions(state)

    def enable(self, state: State) -> None:
        """Disable the layers that need something that is missing, and say so."""
        self._model_actions.show_model(state.model)
        action = self.actions[BOUNDARY]
        if action.isEnabled() and state.answer(OpenClassifier) is None:
            action.setEnabled(False)
            action.setToolTip("This needs a classifier: open one with File > Open classifier.")
        action = self.actions[POSTERIOR]
        if action.isEnabled() and state.model and state.model.latent_dim != 2:
            action.setEnabled(False)
            action.setToolTip(TWO_DIMENSIONS)

    def _show_decisions(self, state: State) -> None:
        found = shown_decisions(state) if self.is_on(BOUNDARY) else None
        self.decisions.setVisible(found is not None)
        if found:
            self.decisions.set_image(*decision_image(found))

    def _show_holes(self, state: State) -> None:
        holes = state.answer(FindHoles)
        fits = holes is not None and state.view.is_plane and holes.frame == state.view.frame
        self.holes.setVisible(self.is_on(HOLES) and fits)
        self.legend.show_at_corner(visible=self.is_on(HOLES) and fits)
        if fits and holes is not None:
            self.holes.set_image(*holes_image(holes.missing, holes.reach))

    def _show_backdrop(self, state: State) -> None:
        manifold = state.answer(MakeManifold)
        fits = manifold is not None and manifold.frame == state.view.frame and state.view.is_plane
        wanted = self.is_on(MANIFOLD_BACKDROP) and fits
        self.backdrop.setVisible(wanted)
        if wanted and manifold is not None:
            self.backdrop.set_image(*manifold_image(manifold))
        elif not wanted:
            self.backdrop.set_image(QImage(), self.backdrop.boundingRect())

    def _show_image(self, state: State) -> None:
        """Show the decoded image of the preview, else of z, as large as the map."""
        picture = state.shown
        pixels = None if picture is None else picture.pixels
        wanted = self.is_on(IMAGE) and pixels is not None
        self.image.setVisible(wanted)
        if wanted and pixels is not None:
            image = to_qimage(pixels)
            self.image.set_image(image, self._centred_rect(image))

    def _centred_rect(self, image: QImage) -> QRectF:
        """Return the largest centred rectangle of the view with the proportions of an image."""
        view = self._plot.getViewBox().viewRect()
        scale = min(view.width() / image.width(), view.height() / image.height())
        rect = QRectF(0, 0, scale * image.width(), scale * image.height())
        rect.moveCenter(view.center())
        return rect

    @Slot()
    def _on_range(self) -> None:
        self._range_timer.start()
        self.legend.show_at_corner(visible=not self.legend.isHidden())
        if self.image.isVisible():
            self.image.set_image(self.image.image, self._centred_rect(self.image.image))

    @Slot()
    def _show_pictures(self) -> None:
        """Show the images in view if they are few, and request the missing ones."""
        view = self._plot.getViewBox().viewRect()
        bounds = (view.left(), view.top(), view.right(), view.bottom())
        rows, xy = self._plot.cloud.in_box(bounds, MAX_IMAGES)
        # No images while most codes are in view.
        wanted = self.is_on(PICTURES) and 2 * len(rows) < len(self._plot.cloud)
        if not wanted:
            rows, xy = rows[:0], xy[:0]
        self.pictures.set_places(rows, xy)
        self._missing = self.pictures.missing()
        if self._missing:
            self._controller.demand.renew()

    @Slot()
    def _on_toggled(self) -> None:
        for name in DEFAULT_LAYERS:
            settings().setValue(f"map/{name}", self.actions[name].isChecked())
        self.changed.emit()
        self._record()
