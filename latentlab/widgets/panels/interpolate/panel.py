"""The Interpolate panel: paths from A to B, decoded step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QSignalBlocker, Slot

from latentlab.latent.interpolation.curves import PathKind
from latentlab.session import wants
from latentlab.session.abilities import DECODER
from latentlab.session.export import STEPS
from latentlab.session.files.film import FilmOptions
from latentlab.session.files.scene import path_record
from latentlab.session.files.script import path_script
from latentlab.session.interpolation import DecodeGeodesic, DecodePaths
from latentlab.session.model import DecodePath
from latentlab.session.pairs import MakePairs
from latentlab.session.points import Key, Loop
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.icons import IconButton, make_toggle_button
from latentlab.widgets.kit.labels import make_compact_button
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.undoable import make_choice_undoable, make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.interpolate.menus import EndsButton, PathsButton, TourButton
from latentlab.widgets.panels.interpolate.pairs_page import PairsPage
from latentlab.widgets.panels.interpolate.path_rows import PathRows, stack_strips
from latentlab.widgets.panels.interpolate.timeline_bar import TimelineBar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtWidgets import QWidget

    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.widgets.panels.interpolate.path_row import PathRow
    from latentlab.workers.controller import Controller


class InterpolatePanel(PanelWidget):
    """Strips of decoded paths, one per kind, above a timeline."""

    watches = frozenset(
        {
            "model",
            "codes",
            DecodePath,
            "ends",
            "point",
            DecodePaths,
            DecodeGeodesic,
            MakePairs,
            "working",
            "is_training",
        }
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.steps = IntegerBox(2, 120)
        self.steps.setSuffix(" steps")
        self.steps.setKeyboardTracking(False)
        self.steps.setToolTip("Number of images from A to B, including both.")
        self.from_z = make_compact_button(
            "Set start", "Start the path at the current z: A on the map  (A)"
        )
        self.to_z = make_compact_button(
            "Set end", "End the path at the current z: B on the map  (B)"
        )
        self.ways, self.starts, self.tour = PathsButton(), EndsButton(), TourButton()
        self._swap = IconButton("swap", "Swap start and end")
        self._export = IconButton("export", "Save the path as an image or an animation")
        self.pairs = make_toggle_button(
            "pictures", "Pairs", "Show a sheet of paths between many pairs of images."
        )
        self.page = PairsPage(controller)
        path_tools = (self.from_z, self.to_z, self._swap, self.starts, self.steps, self.ways)
        for widget in (*path_tools, self.tour, *self.page.tools, self.pairs):
            self.tools.addWidget(widget)
        self.tools.addStretch(1)
        for export in (self._export, self.page.export):
            self.tools.addWidget(export)
        self.rows = PathRows()
        for kind, row in self.rows.rows.items():
            request = DecodeGeodesic if kind is PathKind.GEODESIC else DecodePaths
            StaleOverlay(row.view, controller, DecodePath if kind is PathKind.STRAIGHT else request)
            StaleOverlay(row.bar, controller, request)
        self.bar = TimelineBar(controller)
        self.body.addWidget(self.rows, 1)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.page, 1)
        self.view = self.rows.rows[PathKind.STRAIGHT].view
        self.play, self.player, self.timeline = self.bar.play, self.bar.player, self.bar.timeline
        self.rows.show_kinds(self.ways.chosen())
        self._show_tools()
        self._connect()

    def _connect(self) -> None:
        self.from_z.clicked.connect(self.controller.path.put_a)
        self.to_z.clicked.connect(self.controller.path.put_b)
        self._swap.clicked.connect(self._on_swap)
        for row in self.rows.rows.values():
            row.view.exporting.describe("interpolation", self._info, self._content, self._script)
        self.view.exporting.serve(self._export)
        self.pairs.toggled.connect(self._show_page)
        self.page.changed.connect(self.controller.demand.renew)
        make_undoable(self.controller.undo, sheet_of_pairs=self.pairs)
        self.steps.valueChanged.connect(self._on_steps)
        self.ways.changed.connect(self._on_ways)
        self.ways.changed.connect(
            make_choice_undoable(
                self.controller.undo, "kinds of path", self.ways.chosen, self.ways.choose
            )
        )
        self.tour.chosen.connect(self.controller.path.tour)
        self.starts.mean.connect(self._on_mean)
        self.starts.typical.connect(self._on_typical)
        self.rows.hovered.connect(self._show)
        self.rows.chosen.connect(self._on_chosen)
        self.rows.cancelled.connect(self._on_cancelled)
        self.play.clicked.connect(self.toggle_play)
        self.player.stepped.connect(self._on_played)
        self.player.ended.connect(self._on_ended)
        self.timeline.scrubbed.connect(self._on_scrubbed)
        self.timeline.confirmed.connect(self._on_confirmed)

    # Content

    @property
    def playing(self) -> bool:
        """Whether the path is playing."""
        return self.player.playing

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if changed & {"model", "codes"}:
            has_codes = state.model and state.codes is not None and len(state.codes)
            self.starts.offer(state.model.spec.class_names if state.model and has_codes else ())
            classes = state.codes.labels if has_codes and state.codes is not None else None
            self.tour.offer(has_codes=bool(has_codes), has_classes=classes is not None)
            self._show_tools()
        self.rows.show_state(state, changed)
        self.bar.show_state(state)
        if MakePairs in changed or "codes" in changed:
            self.page.show_state(state)
        if "point" in changed and DecodePath not in changed:
            self.player.stop()
        if state.ends:
            with QSignalBlocker(self.steps):
                self.steps.show_value(state.ends.steps)
            self.from_z.setEnabled(state.point != state.ends.a)
            self.to_z.setEnabled(state.point != state.ends.b)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        # During training all codes change many times a second: slow requests wait for its end.
        if self.pairs.isChecked():
            if state.codes is not None and len(state.codes) > 1 and not state.is_training:
                yield MakePairs(self.page.settings)
            return
        yield from wants.path(state)
        if state.ends is None or state.codes is None or state.is_training:
            return
        chosen = self.ways.chosen()
        if kinds := tuple(kind for kind in chosen if kind is not PathKind.GEODESIC):
            yield DecodePaths(state.ends, kinds)
        if PathKind.GEODESIC in chosen:
            yield DecodeGeodesic(state.ends)

    @Slot()
    def _show_page(self) -> None:
        """Show the path from A to B, or the sheet of pairs."""
        self.player.stop()
        self._show_tools()
        self.controller.demand.renew()

    def _show_tools(self) -> None:
        shows_pairs = self.pairs.isChecked()
        of_pairs: Sequence[QWidget] = (self.page, *self.page.tools, self.page.export)
        tools = (self.from_z, self.to_z, self._swap, self.steps, self.ways, self.tour)
        of_path: Sequence[QWidget] = (self.rows, self.bar, self._export, *tools)
        for widget in (*of_pairs, *of_path):
            widget.setVisible(shows_pairs == (widget in of_pairs))
        self.starts.setVisible(not shows_pairs and self.starts.has_classes)

    # Playback and preview

    @Slot()
    def toggle_play(self) -> None:
        """Play or pause."""
        if self.playing or self.rows.lead.tiles:
            self.bar.toggle()

    @Slot(int)
    def _on_played(self, step: int) -> None:
        if not self.isVisible() or not self.rows.lead.tiles:
            self.player.stop()
        else:
            self._show(step, self.rows.lead)

    @Slot()
    def _on_ended(self) -> None:
        self._show(-1, self.rows.lead)

    @Slot(int, object)
    def _show(self, step: int, row: PathRow) -> None:
        """Frame a step in every strip and preview it from `row`; -1 ends the preview."""
        tiles = row.tiles
        if tiles is None or not 0 <= step < len(tiles.points):
            self.rows.frame(-1)
            self.timeline.show_time(-1.0)
            self.controller.preview.clear()
        else:
            self.rows.frame(step)
            self.timeline.show_time(step / max(1, len(tiles.points) - 1))
            self.controller.preview.tile(tiles, step)

    @Slot(int, object)
    def _on_chosen(self, step: int, row: PathRow) -> None:
        if row.tiles and step < len(row.tiles.points):
            self.player.stop()
            self.controller.point.set(row.tiles.points[step])

    @Slot(float)
    def _on_scrubbed(self, time: float) -> None:
        self.player.stop()
        self._show(round(time * (self.steps.value() - 1)) if time >= 0 else -1, self.rows.lead)
        self.timeline.show_time(time)

    @Slot()
    def _on_confirmed(self) -> None:
        if self.timeline.time >= 0:
            step = round(self.timeline.time * (self.steps.value() - 1))
            self._on_chosen(step, self.rows.lead)

    # Path settings

    @Slot()
    def _on_ways(self) -> None:
        self.player.stop()
        self.rows.show_kinds(self.ways.chosen())
        self.controller.demand.renew()

    @Slot(object)
    def _on_cancelled(self, kind: PathKind) -> None:
        self.controller.cancel(DecodeGeodesic if kind is PathKind.GEODESIC else DecodePaths)

    @Slot()
    def _on_steps(self) -> None:
        if ends := self.controller.state.ends:
            self.controller.path.set(replace(ends, steps=self.steps.value()), merges=True)

    @Slot()
    def _on_swap(self) -> None:
        if ends := self.controller.state.ends:
            keys = (Key(1 - key.time, key.point) for key in ends.keys)
            self.controller.path.set(replace(ends, a=ends.b, b=ends.a).with_keys(*keys))

    @Slot(str, int)
    def _on_mean(self, end: str, label: int) -> None:
        state = self.controller.state
        if state.ends and state.codes is not None and state.model:
            point = state.model.mean_of(state.codes, label)
            self.controller.path.set(state.ends.moved(end, point))

    @Slot(str, int)
    def _on_typical(self, end: str, label: int) -> None:
        if (codes := self.controller.state.codes) is not None:
            self.controller.point.pick(codes.typical(label), end)

    def _content(self) -> Content | None:
        """Return all strips as a sheet, and the leading one as a film."""
        ends, film = self.controller.state.ends, self.rows.lead.tiles
        if ends is None or film is None:
            return None
        sheet = stack_strips([row for row in self.rows.shown if row.tiles])
        if ends.loop is Loop.ROUND:
            # The last frame equals the first, and would be shown twice.
            film = replace(film, points=film.points[:-1], pictures=film.pictures[:-1])
        options = FilmOptions(loop=ends.loop)
        return Content(sheet, gap=1, film=film, options=options, formats=STEPS)

    def _script(self, state: State) -> str:
        rows = [row for row in self.rows.shown if row.tiles]
        if state.ends is None or state.model is None or not rows:
            return ""
        sheet, kinds = stack_strips(rows), [row.way for row in rows]
        return path_script(state.model, state.ends, kinds, sheet)

    def _info(self) -> dict[str, Any]:
        ends = self.controller.state.ends
        if ends is None:
            return {}
        return {
            "a": ends.a.z,
            "b": ends.b.z,
            "labels": (ends.a.label, ends.b.label),
            "steps": ends.steps,
            "ways": [row.way.value for row in self.rows.shown if row.tiles],
            "route": path_record(ends).model_dump(mode="json"),
            "keys": [(key.time, key.point.z) for key in ends.keys],
        }


PANEL = Panel(
    key="interpolate",
    title="Interpolate",
    places={
        "explore": Place(Area.BOTTOM, 0, 5),
    },
    help="Paths through latent space from the start <b>A</b> to the end <b>B</b>, decoded step by "
    "step. To choose the ends, drag A and B on the map, press A or B to use the current z, or "
    "take the mean of a class. <b>Paths</b> shows several kinds side by side: straight, <b>z(t)"
    " = (1 − t)·A + t·B</b>; spherical; through the data; and the geodesic, along which images "
    "change least. The bar below each step shows its data support: green where codes are as "
    "dense as is typical, red where there are hardly any codes. Waypoints on the timeline are "
    "points that the path goes through. <b>Tour</b> is the shortest round path through the centres "
    "of all classes or clusters. <b>Pairs</b> shows a sheet of straight paths between "
    "many pairs of images, of one class or of two.",
    widget=InterpolatePanel,
    needs=DECODER,
)
