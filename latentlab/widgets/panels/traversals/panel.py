"""The Traversals panel: the effect of each latent dimension, one row of images for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QWidget

from latentlab.session.abilities import DECODER
from latentlab.session.export import GRID_FORMATS
from latentlab.session.files.film import traversal_frames
from latentlab.session.interpolation import MakeTraversal, Range, Traversal, TraversalSettings
from latentlab.session.points import Loop
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.labelled_rows import LabelledRows
from latentlab.widgets.kit.number_box import IntegerBox, NumberBox
from latentlab.widgets.kit.player import Player
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller


class TraversalsPanel(PanelWidget):
    """Rows of images per dimension, sorted by KL; each row can be played."""

    watches = frozenset({"model", "codes", "point", MakeTraversal})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.settings = TraversalSettings()
        self._row = 0
        self.play = IconButton("play", "Play the row under the cursor back and forth, or pause")
        self.columns = IntegerBox(3, 31)
        self.columns.setValue(self.settings.columns)
        self.columns.setSuffix(" steps")
        self.columns.setKeyboardTracking(False)
        self.columns.setToolTip("Number of images in each row.")
        self.range = QComboBox()
        self.range.addItems([kind.value for kind in Range])
        self.range.setAccessibleName("Range")
        self.range.setToolTip(
            "How far each dimension varies: as far as the codes spread (σ of the data), between "
            "the 1st and the 99th percentile of the codes, or as far as the prior spreads."
        )
        self.span = NumberBox(0.5, 6.0)
        self.span.setSingleStep(0.5)
        self.span.setValue(self.settings.span)
        self.span.setPrefix("± ")
        self.span.setSuffix(" σ")
        self.span.setKeyboardTracking(False)
        self.span.setToolTip("Distance to either side, in standard deviations.")
        export = IconButton("export", "Save the rows as an image or as a film")
        for widget in (self.play, self.range, self.span, self.columns):
            self.tools.addWidget(widget)
        self.tools.addStretch(1)
        self.tools.addWidget(export)
        self.sheet = LabelledRows("The effect of each dimension appears here when a model is open.")
        self.view = self.sheet.view
        self.view.setAccessibleName("Traversals of each dimension")
        self.body.addWidget(self.sheet, 1)
        self.player = Player(self)
        self._connect(export)

    def _connect(self, export: IconButton) -> None:
        self.columns.valueChanged.connect(self._on_settings)
        self.span.valueChanged.connect(self._on_settings)
        self.range.currentIndexChanged.connect(self._on_settings)
        self.play.clicked.connect(self._toggle)
        self.player.stepped.connect(self._on_played)
        self.player.ended.connect(self._on_ended)
        self.sheet.ran_out.connect(self._on_more)
        self.view.hovered.connect(self._on_hovered)
        self.view.chosen.connect(self._on_chosen)
        make_undoable(
            self.controller.undo,
            steps_of_traversals=self.columns,
            extent_of_traversals=self.span,
            range_of_traversals=self.range,
        )
        self.view.exporting.describe("traversals", self._info, self._content)
        self.view.exporting.serve(export)
        StaleOverlay(self.sheet, self.controller, MakeTraversal)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if MakeTraversal in changed:
            self._show_sheet(state.answer(MakeTraversal))
        if changed & {"model", "codes", "point"}:
            self.player.stop()

    def _show_sheet(self, made: Traversal | None) -> None:
        names = zip(made.dimensions, made.kl, strict=True) if made else ()
        rows = [
            (f"z{dimension + 1}", "" if kl != kl else f"{kl:.2f} nats") for dimension, kl in names
        ]
        current = self.view.current
        self.sheet.set_rows(made.tiles if made else None, rows)
        if made and current < len(made.tiles.points):
            self.view.set_current(current)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if state.point and state.codes is not None:
            yield MakeTraversal(state.point, self.settings)

    @Slot()
    def _on_settings(self) -> None:
        kind = Range(self.range.currentText())
        self.span.setVisible(kind is not Range.QUANTILES)
        self.settings = replace(
            self.settings, columns=self.columns.value(), range=kind, span=self.span.value()
        )
        self.player.stop()
        self.controller.demand.renew()

    @Slot()
    def _on_more(self) -> None:
        made = self.controller.state.answer(MakeTraversal)
        if made and len(made.dimensions) < made.total:
            count = len(made.dimensions) + TraversalSettings().most
            self.settings = replace(self.settings, most=count)
            self.controller.demand.renew()

    # Preview and playback

    @Slot()
    def _toggle(self) -> None:
        made = self.controller.state.answer(MakeTraversal)
        if self.player.playing:
            self.player.stop()
        elif made:
            self._row = min(self._row, len(made.dimensions) - 1)
            self.play.set_icon("pause")
            self.player.start(made.tiles.columns, Loop.BACK)

    @Slot(int)
    def _on_played(self, step: int) -> None:
        made = self.controller.state.answer(MakeTraversal)
        if made is None or not self.isVisible() or self._row >= len(made.dimensions):
            self.player.stop()
            return
        index = self._row * made.tiles.columns + step
        self.view.set_current(index)
        self._preview(index)

    @Slot()
    def _on_ended(self) -> None:
        self.play.set_icon("play")
        self.view.set_current(-1)
        self.controller.preview.clear()

    @Slot(int)
    def _on_hovered(self, index: int) -> None:
        made = self.controller.state.answer(MakeTraversal)
        if index < 0 or made is None:
            self.controller.preview.clear()
            return
        self._row = index // made.tiles.columns
        value = made.values[self._row, index % made.tiles.columns]
        self.view.setToolTip(f"z{made.dimensions[self._row] + 1} = {value:+.2f}. Click to set z.")
        self._preview(index)

    def _preview(self, index: int) -> None:
        made = self.controller.state.answer(MakeTraversal)
        self.controller.preview.tile(made.tiles if made else None, index)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        if made := self.controller.state.answer(MakeTraversal):
            self.controller.point.set(made.tiles.points[index])

    def _content(self) -> Content | None:
        """Return all rows as a sheet, and their columns as the frames of a film."""
        made = self.controller.state.answer(MakeTraversal)
        if made is None:
            return None
        return Content(made.tiles, gap=1, film=traversal_frames(made), formats=GRID_FORMATS)

    def _info(self) -> dict[str, Any]:
        made = self.controller.state.answer(MakeTraversal)
        return {
            "dimensions": made.dimensions if made else (),
            "range": self.settings.range.value,
            "span": self.settings.span,
        }


PANEL = Panel(
    key="traversals",
    title="Traversals",
    places={
        "analyse": Place(Area.CENTRE, 1, 5),
    },
    help="The effect of each latent dimension: in each row one dimension varies and all others "
    "keep the value of z, <b>x = decode(z + t·e<sub>i</sub>)</b>. Rows are sorted by their "
    "mean KL in nats per image; the first row carries most information, and one near 0 is "
    "inactive and changes nothing. Hover to preview, click to set z, or play a row back and "
    "forth. In a disentangled model each row changes one property.",
    scrolls=True,
    widget=TraversalsPanel,
    needs=DECODER,
)
