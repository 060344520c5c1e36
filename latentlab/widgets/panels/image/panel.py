"""The Image panel: the decoded image of z."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from latentlab.session import wants
from latentlab.session.abilities import DECODER, Ability, why_not
from latentlab.session.image_sample import SampleImage, likelihood_title
from latentlab.session.interpolation import MeasureSupport
from latentlab.session.model import Decode
from latentlab.session.points import Tiles
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.image_view import ImageView
from latentlab.widgets.kit.labels import ElidedLabel, muted_line
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.image.channel_maps import ChannelMaps
from latentlab.widgets.panels.image.support_gauge import SupportGauge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

    from latentlab.session.image_sample import ImageSample
    from latentlab.session.points import Original, Point
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

DECIMALS = 2
PICTURES: Changes = frozenset({"preview", Decode, SampleImage})
SAMPLE = (
    "Show a sample of p(x|z) instead of its mean: the image with the noise in each pixel that the "
    "likelihood assumes"
)


class ImagePanel(PanelWidget):
    """Decoded image of z, above the original that z is the code of and its reconstruction."""

    watches: Changes = frozenset(
        {"model", "opening", "preview", "original", "point", "codes", "is_training"}
    ) | {Decode, SampleImage, MeasureSupport}

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.place = muted_line()
        self._smooth = IconButton("smooth", "Smooth the pixels of the enlarged image")
        self._smooth.setCheckable(True)
        self._export = IconButton("export", "Save this image")
        self.sample = IconButton("grain", SAMPLE)
        self.sample.setCheckable(True)
        self._seed = 0
        self.another = IconButton("dice", "Draw another sample of p(x|z)")
        self.another.hide()
        self.tools.addWidget(self.place, 1)
        for button in (self.another, self.sample, self._smooth, self._export):
            self.tools.addWidget(button)
        self.view = ImageView("Opening a model…")
        self._pair = _Pair()
        self.body.addWidget(self.view, 5)
        self.body.addWidget(self._pair, 2)
        self.channels = ChannelMaps()
        self.body.addWidget(self.channels)
        self.gauge = SupportGauge()
        self.body.addWidget(self.gauge)
        self._smooth.toggled.connect(self.view.set_smooth)
        self.sample.toggled.connect(self._on_sample)
        self.another.clicked.connect(self._draw_another)
        make_undoable(
            controller.undo, smoothing_of_the_image=self._smooth, sample_of_the_image=self.sample
        )
        self.view.exporting.describe("image", offer=self._content)
        self.view.exporting.serve(self._export)
        for view, kind in ((self.view, Decode), (self._pair, Decode), (self.gauge, MeasureSupport)):
            StaleOverlay(view, controller, kind)
        controller.watchers.add(self._show_picture, PICTURES, leads=True)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        yield from wants.picture(state)
        shown = state.preview.point if state.preview else state.point
        if shown and self.sample.isChecked():
            yield SampleImage(shown, self._seed)
        # During training all codes change, so that the support of z says little.
        if state.point and state.codes is not None and not state.is_training:
            yield MeasureSupport(state.point)

    def _show_picture(self, state: State, _: Changes) -> None:
        """Show the preview if there is one, else the current z, before anything else is shown."""
        if not self.isVisible():
            return
        shown = self._sample_of(state) or state.shown
        if why_not(DECODER, state.model):
            original = _original(state)
            self.view.set_pixels(original.picture if original else None)
        else:
            self.view.set_pixels(shown.pixels if shown else None)
        self.view.set_frame(self.palette().accent().color() if state.preview else None)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        """Show the picture, and what is around it."""
        self._show_picture(state, changed)
        sample, original = self._sample_of(state), _original(state)
        decodes = not why_not(DECODER, state.model)
        self.view.set_caption(_caption(state))
        shown = sample or state.shown
        point = shown.point if shown else state.point
        name = f"{original.name} · " if original and not decodes else ""
        kind = _sample_text(state) if sample else ""
        name += f"{kind} · " if kind else ""
        texts = [f"{name}{point_text(point, state, n)}" for n in (3, 2, 1)] if point else [""]
        self.place.setText(*texts, *filter(None, [kind]))
        self.sample.setEnabled(decodes)
        self.another.setVisible(decodes and self.sample.isChecked())
        self.channels.show_point(point, state.model.latent_shape if state.model else None)
        self._export.setEnabled(state.answer(Decode) is not None)
        self._pair.setVisible(decodes)
        self._pair.show_original(state.preview.original if state.preview else state.original)
        self.gauge.setVisible(decodes)
        support = state.answer(MeasureSupport)
        is_idle = not state.is_training and state.codes is not None
        is_valid = is_idle or (support is not None and support.point == state.point)
        self.gauge.show_footing(support if is_valid else None)

    def point_shown_at(self, place: QPoint) -> Point | None:
        """Return z on its image; None elsewhere."""
        picture = self.controller.state.answer(Decode)
        return picture.point if picture and self.view.geometry().contains(place) else None

    @override
    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        menu.addAction("Random z", self.controller.point.randomize)
        menu.addAction("Mean z", self.controller.point.go_home)
        super().fill_menu(menu, place)

    def _content(self) -> Content | None:
        """Return the decoded z, also while something else is previewed."""
        state = self.controller.state
        picture, sample = state.answer(Decode), self._sample_of(state)
        if sample and picture and sample.point == picture.point:
            info = {"sample_of": "p(x|z)", "seed": sample.seed}
            return Content(Tiles((sample.point,), sample.pixels[None], 1), info=info)
        return Content(Tiles((picture.point,), picture.pixels[None], 1)) if picture else None

    def _sample_of(self, state: State) -> ImageSample | None:
        """Return the latest sample of p(x|z) while the panel shows one."""
        return state.answer(SampleImage) if self.sample.isChecked() else None

    @Slot()
    def _on_sample(self) -> None:
        self.controller.demand.renew()
        self.show_state(self.controller.state, self.watches)

    @Slot()
    def _draw_another(self) -> None:
        self._seed += 1
        self.controller.demand.renew()


def _original(state: State) -> Original | None:
    """Return the image under the cursor, else the one that z is the code of."""
    previewed = state.preview.original if state.preview else None
    return previewed or state.original


def _sample_text(state: State) -> str:
    """Return which likelihood a sample is drawn from."""
    title = likelihood_title(state.model) if state.model else ""
    return f"sample, {title}" if title else "sample"


def _caption(state: State) -> str:
    """Return the text that is shown without an image."""
    why, model = why_not(DECODER, state.model), state.model
    if not model or not why:
        return "Opening a model…"
    shown = state.preview.original if state.preview else state.original
    if Ability.IMAGES in model.abilities:
        return f"{model.name} has no decoder: choose a dot on the map to see its image."
    name = f"{shown.name}\n" if shown else ""
    return f"{name}{model.name} has neither a decoder nor images."


def point_text(point: Point, state: State, count: int = 3) -> str:
    """Return the label and the first coordinates of a point as text."""
    numbers = ", ".join(f"{value:+.{DECIMALS}f}" for value in point.z[:count])
    more = ", …" if len(point.z) > count else ""
    label = state.model.spec.label_text(point.label) if state.model else ""
    label = f"{label} · " if label else ""
    return f"{'preview · ' if state.preview else ''}{label}z = ({numbers}{more})"


class _Pair(QWidget):
    """Original image beside its reconstruction."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        self._views: list[ImageView] = []
        self._captions: list[ElidedLabel] = []
        for _ in range(2):
            column = QVBoxLayout()
            column.setSpacing(2)
            view, label = ImageView(), muted_line()
            view.setMinimumHeight(32)
            view.setMaximumHeight(72)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(view)
            column.addWidget(label)
            row.addLayout(column)
            self._views.append(view)
            self._captions.append(label)
        self.show_original(None)

    def show_original(self, original: Original | None) -> None:
        """Show a pair; None leaves its place empty, so that the layout does not move."""
        self._views[0].set_pixels(original.picture if original else None)
        self._views[1].set_pixels(original.reconstruction if original else None)
        self._captions[0].setText(original.name if original else "")
        self._captions[1].setText("reconstruction" if original else "")


PANEL = Panel(
    key="image",
    title="Image",
    places={
        "explore": Place(Area.RIGHT, 0, 4),
        "edit": Place(Area.CENTRE),
        "analyse": Place(Area.RIGHT, 0, 3),
        "compare": Place(Area.RIGHT, 1, 2),
        "learn": Place(Area.RIGHT, 0),
    },
    help="The decoded image of the current point <b>z</b>: the mean of p(x|z), or, with the button "
    "of grains, a sample of it, which shows the noise that the likelihood assumes. To change z, "
    "click the map, move a slider, or press R for a random point. If z is the code of a "
    "real image, that image and its reconstruction are shown below; the difference between "
    "them is what the code does not carry. The gauge shows the data support of z: how "
    "typical z is of the codes.",
    widget=ImagePanel,
)
