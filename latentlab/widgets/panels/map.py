"""The Map panel: the codes of the data set, and every way to point at latent space."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QComboBox, QMenu, QWidget

from latentlab.widgets.icons import IconButton
from latentlab.widgets.image_view import ImageView
from latentlab.widgets.labels import muted
from latentlab.widgets.legend import Legend
from latentlab.widgets.map_plot import MapPlot, Spot
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.settings import settings

if TYPE_CHECKING:
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

THUMBNAIL = 72
SPREADS = "map/spreads"


class MapPanel(PanelWidget):
    """A scatter of codes over two dimensions."""

    watches = frozenset(
        {"model", "codes", "point", "ends", "plane", "preview", "hovered", "original", "own"}
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.across, self.up = QComboBox(), QComboBox()
        for box, text in ((self.across, "to the right"), (self.up, "upwards")):
            box.setToolTip(f"The latent dimension that grows {text}.")
            box.currentIndexChanged.connect(self._on_axes)
            self.tools.addWidget(box)
        self._note = muted()
        self.tools.addWidget(self._note, 1)
        home = IconButton("home", "Show all codes")
        self.tools.addWidget(home)
        self.plot = MapPlot()
        self.plot.setAccessibleName("Map of the latent space")
        self.legend = Legend()
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.legend)
        self.thumbnail = _Thumbnail(self.plot)
        self._spot: Spot | None = None
        self._spreads = bool(settings().value(SPREADS, True, bool))
        self._connect(home)

    def _connect(self, home: IconButton) -> None:
        home.clicked.connect(self.plot.show_all)
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
        if changed & {"model", "plane"}:
            self._show_axes(state)
        if changed & {"model", "codes", "plane"}:
            self.legend.offer(state.model.spec.class_names if len(state.codes) else ())
            self._note.setText(state.model.note or f"{len(state.codes):,} {state.model.data}")
            self._note.setToolTip(state.model.note)
            self._show_codes()
        i, j = state.plane
        self.plot.set_point(state.point.z[i], state.point.z[j])
        if state.ends:
            a, b = state.ends.a.z, state.ends.b.z
            self.plot.set_path((a[i], a[j]), (b[i], b[j]))
        self._show_spread(state)
        self._show_thumbnail(state)

    def _show_axes(self, state: State) -> None:
        names = [f"z{d + 1}" for d in range(state.model.latent_dim if state.model else 0)]
        for box, dimension in zip((self.across, self.up), state.plane, strict=True):
            box.blockSignals(True)
            if box.count() != len(names):
                box.clear()
                box.addItems(names)
            box.setCurrentIndex(dimension)
            box.setVisible(len(names) > 2)
            box.blockSignals(False)

    def _show_spread(self, state: State) -> None:
        """Show where the posterior of the image at hand lies: the committed one, or one's own."""
        image, (i, j) = state.original or state.own, state.plane
        if image and image.sigma and self._spreads:
            sigma = image.sigma[i], image.sigma[j]
            self.plot.set_spread((image.point.z[i], image.point.z[j]), sigma)
        else:
            self.plot.set_spread((0, 0), None)

    @Slot(bool)
    def _set_spreads(self, shown: bool) -> None:
        self._spreads = shown
        settings().setValue(SPREADS, shown)
        self._show_spread(self.controller.state)

    @Slot()
    def _show_codes(self) -> None:
        state = self.controller.state
        if state.codes is not None:
            self.plot.set_codes(
                state.codes.mu[:, list(state.plane)], state.codes.labels, self.legend.shown()
            )

    def _show_thumbnail(self, state: State) -> None:
        if self._spot is None or state.preview is None:
            self.thumbnail.hide()
            return
        self.thumbnail.set_pixels(state.preview.pixels)
        self.thumbnail.stand_beside(self._spot.pixel.toPoint())

    @Slot()
    def _on_axes(self) -> None:
        plane = (self.across.currentIndex(), self.up.currentIndex())
        if min(plane) >= 0:
            self.controller.set_plane(plane)

    @Slot(object)
    def _on_hovered(self, spot: Spot | None) -> None:
        left, self._spot = self._spot is not None and spot is None, spot
        point = self.controller.state.point
        if spot and point:
            i, j = self.controller.state.plane
            self.controller.hover(point.along({i: spot.x, j: spot.y}), spot.row)
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
        point, (i, j) = self.controller.state.point, self.controller.state.plane
        if point:
            self._go(point.z[i] + dx, point.z[j] + dy)

    def _go(self, x: float, y: float) -> None:
        point, (i, j) = self.controller.state.point, self.controller.state.plane
        if point:
            self.controller.set_point(point.along({i: x, j: y}))

    @Slot(str, float, float, bool)
    def _on_dragged(self, name: str, x: float, y: float, dropped: bool) -> None:
        ends, (i, j) = self.controller.state.ends, self.controller.state.plane
        if ends:
            point = (ends.a if name == "a" else ends.b).along({i: x, j: y})
            self.controller.set_ends(ends.moved(name, point), settled=dropped)

    @Slot(object)
    def _on_asked(self, spot: Spot) -> None:
        menu = QMenu(self)
        self.fill_menu(menu, spot)
        menu.exec(QCursor.pos())
        menu.deleteLater()

    def fill_menu(self, menu: QMenu, spot: Spot) -> None:
        """Offer what can be done at a spot."""
        row = self.plot.nearest(spot)
        menu.addAction("Go here", partial(self._go, spot.x, spot.y))
        for name in "ab":
            put = partial(self._on_dragged, name, spot.x, spot.y, True)
            menu.addAction(f"Put {name.upper()} here", put)
        if row is not None:
            menu.addSeparator()
            menu.addAction("Go to the nearest image", partial(self.controller.pick, row))
            for name in "ab":
                put = partial(self.controller.pick, row, name)
                menu.addAction(f"Put {name.upper()} on the nearest image", put)
        menu.addSeparator()
        spread = menu.addAction("Show the spread of its posterior")
        spread.setCheckable(True)
        spread.setChecked(self._spreads)
        spread.toggled.connect(self._set_spreads)
        menu.addAction("Show all codes", self.plot.show_all)


class _Thumbnail(ImageView):
    """What lies under the cursor, beside the cursor."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent)
        self._room = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.resize(THUMBNAIL, THUMBNAIL)
        self.hide()

    def stand_beside(self, pixel: QPoint) -> None:
        """Stand where the cursor does not cover it."""
        self.set_frame(self.palette().accent().color())
        room = self._room.rect()
        x = pixel.x() + 16 if pixel.x() + 16 + THUMBNAIL < room.width() else pixel.x() - 88
        y = pixel.y() - 16 - THUMBNAIL if pixel.y() - 16 > THUMBNAIL else pixel.y() + 16
        self.move(x, y)
        self.show()


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
    "zoom and pan.",
    widget=MapPanel,
)
