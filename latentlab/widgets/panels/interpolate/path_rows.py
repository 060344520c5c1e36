"""Rows of the Interpolate panel, one per kind of path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from latentlab.latent.interpolation.curves import PathKind
from latentlab.session.interpolation import DecodeGeodesic, DecodePaths
from latentlab.session.model import DecodePath
from latentlab.session.points import Tiles
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.interpolate.path_row import PathRow

if TYPE_CHECKING:
    from latentlab.session.interpolation import DecodedPath
    from latentlab.session.state import Changes, State


class PathRows(QWidget):
    """One row per kind of path; the checked one is the lead."""

    hovered = Signal(int, object)
    """Step (-1 for none), and its `PathRow`."""
    chosen = Signal(int, object)
    cancelled = Signal(object)
    """Kind of path whose search is cancelled."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lead_group = QButtonGroup(self)
        self._shown: tuple[PathKind, ...] = (PathKind.STRAIGHT,)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        self.rows: dict[PathKind, PathRow] = {}
        for kind in PathKind:
            row = PathRow(kind)
            row.view.hovered.connect(self._on_hovered)
            row.view.chosen.connect(self._on_chosen)
            row.bar.hovered.connect(self._on_hovered)
            row.cancelled.connect(self._on_cancelled)
            self._lead_group.addButton(row.name)
            self.rows[kind] = row
            column.addWidget(row, 1)

    @property
    def shown(self) -> list[PathRow]:
        """Visible rows, in order."""
        return [self.rows[kind] for kind in self._shown]

    @property
    def lead(self) -> PathRow:
        """Row that is played, previewed and saved."""
        return next((row for row in self.shown if row.name.isChecked()), self.shown[0])

    def show_kinds(self, kinds: tuple[PathKind, ...]) -> None:
        """Show the rows of these kinds only."""
        self._shown = kinds
        self.lead.name.setChecked(True)
        for kind, row in self.rows.items():
            row.setVisible(kind in kinds)
            row.set_alone(len(kinds) == 1)

    def show_state(self, state: State, changed: Changes) -> None:
        """Show images, support, and the progress of slow searches."""
        if DecodePath in changed:
            # The straight path is decoded at once, long before its support is measured.
            self.rows[PathKind.STRAIGHT].show_tiles(state.answer(DecodePath))
        if changed & {DecodePaths, DecodeGeodesic}:
            strips: dict[PathKind, DecodedPath | None] = dict.fromkeys(PathKind) | _strips(state)
            for kind, strip in strips.items():
                self.rows[kind].show_strip(strip, pictures=kind is not PathKind.STRAIGHT)
        if "working" in changed:
            self.rows[PathKind.GEODESIC].show_work(state.working.get(DecodeGeodesic))
            # Of the other kinds only this one is slow: it builds the graph of all codes.
            self.rows[PathKind.DATA].show_work(state.working.get(DecodePaths))

    def frame(self, step: int) -> None:
        """Frame a step in every strip; -1 frames none."""
        for row in self.rows.values():
            answers = row.tiles is not None and step < len(row.tiles.points)
            row.view.set_current(step if answers else -1)

    @Slot(int)
    def _on_hovered(self, step: int) -> None:
        self.hovered.emit(step, self._sender())

    @Slot(int)
    def _on_chosen(self, step: int) -> None:
        self.chosen.emit(step, self._sender())

    @Slot()
    def _on_cancelled(self) -> None:
        row = self.sender()
        self.cancelled.emit(next(kind for kind, each in self.rows.items() if each is row))

    def _sender(self) -> PathRow:
        sender = self.sender()
        return next((r for r in self.shown if sender in (r.view, r.bar)), self.lead)


def stack_strips(rows: list[PathRow]) -> Tiles:
    """Return the strips of rows as one sheet, one strip below the other."""
    tiles = [row.tiles for row in rows if row.tiles]
    points = tuple(point for each in tiles for point in each.points)
    return Tiles(points, np.concatenate([each.pictures for each in tiles]), tiles[0].columns)


def _strips(state: State) -> dict[PathKind, DecodedPath]:
    answers = filter(None, (state.answer(DecodePaths), state.answer(DecodeGeodesic)))
    return {strip.way: strip for paths in answers for strip in paths.strips}
