"""The Directions panel: a slider for each named direction, such as a smile."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QWidget,
)

from latentlab.session.directions import (
    ExportDirections,
    LearnDirection,
    MakeDirectionStrips,
    ReadDirections,
)
from latentlab.session.export import NAMES
from latentlab.widgets.kit.axis.row_scroll_area import RowScrollArea, height_of_grid_rows
from latentlab.widgets.kit.axis.strip_updates import StripUpdater
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.directions.form import DirectionForm
from latentlab.widgets.panels.directions.row import DirectionRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QResizeEvent

    from latentlab.latent.directions import Method
    from latentlab.session.directions import Direction, DirectionSource, Groups
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

EMPTY = (
    "A direction is a line through latent space with a meaning: a smile, glasses, a slant. "
    "Choose above what to learn it from, and press Learn."
)

MAX_ROWS = 1024
"""Row of the grid below all directions, which takes the rest of the height."""


class DirectionsPanel(PanelWidget):
    """Form to learn directions, and a slider for each that moves z along it."""

    watches: Changes = frozenset({"model", "codes", "point", "original", "groups", "working"}) | {
        ReadDirections,
        MakeDirectionStrips,
    }

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.rows: list[DirectionRow] = []
        self.form = DirectionForm()
        self.load = IconButton("folder", "Read directions from a file and add them")
        self.save = IconButton("export", "Save these directions as a file")
        self.pictures = IconButton("pictures", "Show on each slider how it changes the image")
        self.pictures.setCheckable(True)
        self.pictures.setChecked(True)
        corner = QWidget()
        buttons = QGridLayout(corner)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(UNIT // 2)
        buttons.addWidget(self.load, 0, 0)
        buttons.addWidget(self.save, 0, 1)
        buttons.addWidget(self.pictures, 1, 1)
        buttons.setRowStretch(2, 1)
        self.tools.addWidget(self.form, 1)
        self.tools.addWidget(corner)
        self.empty = QLabel(EMPTY)
        self.empty.setObjectName("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, 0, UNIT, 0)
        self._grid.setSpacing(0)
        self._grid.setRowStretch(MAX_ROWS, 1)
        self._area = RowScrollArea(inside, partial(height_of_grid_rows, self._grid))
        for widget in (self.empty, self._area):
            self.body.addWidget(widget, 1)
        self._strip_updates = StripUpdater(controller, MakeDirectionStrips, self.rows, self)
        StaleOverlay(self, controller)
        self._connect()

    def _connect(self) -> None:
        self.form.wanted.connect(self._on_wanted)
        self.form.cancelled.connect(self._on_cancelled)
        self.form.gathered.connect(self._on_gathered)
        self.pictures.toggled.connect(self._on_pictures)
        make_undoable(self.controller.undo, images_of_directions=self.pictures)
        self.load.clicked.connect(self._on_load)
        self.save.clicked.connect(self._on_save)
        self._area.scrolled.connect(self._strip_updates.look)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        self.form.show_choice(state)
        if changed & {ReadDirections, "model"}:
            self._show_rows(state)
        if state.point is None or state.codes is None:
            return
        if changed & {ReadDirections, "model", "codes", "point"}:
            z = np.array(state.point.z)
            for row in self.rows:
                row.show_z(state.codes, z)
            self._strip_updates.look()
        if MakeDirectionStrips in changed:
            self._strip_updates.take(state.answer(MakeDirectionStrips))

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        # A failed request stays awaited: its error is shown once, not for each set of codes.
        is_unread = state.answer(ReadDirections) is None and ReadDirections not in state.awaited
        if state.model and is_unread:
            yield ReadDirections()
        yield from self._strip_updates.wants(state)

    def _show_rows(self, state: State) -> None:
        directions = state.answer(ReadDirections) or ()
        card = state.model
        while len(self.rows) > len(directions):
            row = self.rows.pop()
            self._grid.removeWidget(row)
            row.deleteLater()
        for index in range(len(self.rows), len(directions)):
            row = DirectionRow()
            row.slider.moved.connect(self._on_moved)
            row.renamed.connect(self._on_renamed)
            row.removed.connect(self._on_removed)
            row.laid.connect(self._on_axis)
            row.strip.setVisible(self.pictures.isChecked())
            self._strip_updates.connect_strip(row.strip)
            self.rows.append(row)
            self._grid.addWidget(row, index, 0)
        for row, direction in zip(self.rows, directions, strict=True):
            if card:
                row.show_direction(direction, card)
        self._area.setVisible(bool(directions))
        self.empty.setVisible(not directions)
        self.save.setEnabled(bool(directions))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._strip_updates.look()

    @Slot(object, bool)
    def _on_moved(self, z: tuple[float, ...], settled: bool) -> None:
        point = self.controller.state.point
        if point:
            self.controller.point.set(point.at(z), settled=settled)

    @Slot(bool)
    def _on_pictures(self, wanted: bool) -> None:
        for row in self.rows:
            row.strip.setVisible(wanted)
        self._strip_updates.look()

    @Slot(object, object, bool)
    def _on_wanted(self, source: DirectionSource, method: Method, apart: bool) -> None:
        self.controller.directions.learn(source, method, apart=apart)

    @Slot()
    def _on_cancelled(self) -> None:
        self.controller.cancel(LearnDirection)

    @Slot(object)
    def _on_gathered(self, groups: Groups) -> None:
        self.controller.selection.set_groups(groups)

    @Slot(object, str)
    def _on_renamed(self, direction: Direction, name: str) -> None:
        self.controller.directions.rename(direction, name)

    @Slot(object)
    def _on_removed(self, direction: Direction) -> None:
        self.controller.directions.delete(direction)

    @Slot(object, bool)
    def _on_axis(self, direction: Direction, up: bool) -> None:
        self.controller.map.look_towards(direction.vector, direction.name, up=up)

    @Slot()
    def _on_save(self) -> None:
        directions = self.controller.state.answer(ReadDirections)
        if directions and (path := ask_save_path(self, "directions", ("json",))):
            self.controller.files.save(ExportDirections(directions, path))

    @Slot()
    def _on_load(self) -> None:
        folder = settings().value("export/folder", "")
        chosen, _ = QFileDialog.getOpenFileName(self, "Add directions", folder, NAMES["json"])
        if chosen:
            self.controller.directions.load(Path(chosen))


PANEL = Panel(
    key="directions",
    title="Directions",
    places={
        "edit": Place(Area.RIGHT, 1, 3),
    },
    help="Edits images by meaning. A direction is learned from images with and without a "
    "property: <b>v = (mean of μ with) − (mean of μ without)</b>, or the normal of a plane "
    "that separates them. Its slider moves z along v. <i>d</i> is the distance between the "
    "two groups along v on held-out images; weak directions are marked. A direction also "
    "changes what correlates with it in the data: if all smiling faces wear glasses, it "
    "adds glasses too. To avoid this, learn glasses first, then smile with <i>Hold others "
    "fixed</i>. Directions are saved with the model.",
    scrolls=True,
    widget=DirectionsPanel,
)
