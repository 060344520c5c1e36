"""The Rate-distortion panel: several runs and PCA as points of rate and distortion."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from latentlab.session.export import TABLES
from latentlab.session.files.figure import Text
from latentlab.session.runs import Compare
from latentlab.session.scores.rate_distortion import (
    MeasureRateDistortion,
    SaveRateDistortion,
    with_sides,
)
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.export.plot_layers import ink
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.progress_bar import RequestProgressBar
from latentlab.widgets.kit.theme import LABEL, UNIT, colours, small
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from PySide6.QtGui import QFont

    from latentlab.session.files.figure import Colour, Layer
    from latentlab.session.scores.rate_distortion import RateDistortion, RatePoint
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

EMPTY = (
    "Select several runs in the Library, such as those of a sweep over beta, and measure them: "
    "each is a point of rate and distortion, and their sum is the negative ELBO."
)
READY = "Measure rate and distortion of the selected runs on their validation images."
TRAINING_TEXT = "A run is in training. Measure when it has ended."
MARKER = 8
MIN_PLOT_HEIGHT = 14 * UNIT


class RateDistortionPlot(Plot):
    """Runs joined in the order of their rate, and PCA; names beside the points."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Rate and distortion of runs")
        self.setToolTip("Point at a run for its numbers. Right-click to copy or save the plot.")
        self.caption = "Rate and distortion"
        self._found: RateDistortion | None = None
        item = self.getPlotItem()
        item.setLabel("bottom", "Rate (nats)", **LABEL)
        item.setLabel("left", "Distortion (nats)", **LABEL)

    def show_points(self, found: RateDistortion | None) -> None:
        """Show the points; None clears them."""
        self._found = found
        self.clear()
        if found is None:
            return
        c = colours()
        across, (low, high) = found.limits
        self._add(found.points, across, c.accent, "o", is_joined=True)
        self._add(found.baseline, across, c.muted, "s", is_joined=False)
        self.setXRange(*across, padding=0)
        self.setYRange(low, high, padding=0)

    def _add(
        self,
        points: tuple[RatePoint, ...],
        limits: tuple[float, float],
        shade: str,
        symbol: str,
        *,
        is_joined: bool,
    ) -> None:
        x = np.array([each.rate.value for each in points])
        y = np.array([each.distortion.value for each in points])
        curve = pg.PlotDataItem(
            x,
            y,
            pen=self.pen(shade, 1.0) if is_joined else None,
            symbol=symbol,
            symbolSize=MARKER,
            symbolBrush=shade,
            symbolPen=self.pen(shade),
            data=[each.text for each in points],
            hoverable=True,
            tip=lambda x, y, data: f"{data}",  # named by pyqtgraph
        )
        self.addItem(curve)
        for each, is_left in with_sides(points, limits):
            self.addItem(_Name(each, shade, self.font(), is_left=is_left), ignoreBounds=True)

    def legend(self) -> tuple[tuple[str, Colour], ...]:
        """Return names and colours for the legend of a saved figure."""
        if self._found is None:
            return ()
        c = colours()
        shades = [("Runs", c.accent), *([("PCA", c.muted)] if self._found.baseline else [])]
        return tuple((name, ink(QColor(shade))) for name, shade in shades)

    def dress(self) -> None:
        """Apply the colours of the current scheme."""
        super().dress()
        self.show_points(self._found)


class _Name(pg.TextItem):
    """Name of a point, which a saved plot also has."""

    def __init__(self, point: RatePoint, shade: str, font: QFont, *, is_left: bool) -> None:
        super().__init__(point.name, color=shade, anchor=(1 if is_left else 0, 1))
        self._layer = Text(
            point.rate.value,
            point.distortion.value,
            point.name,
            ink(QColor(shade)),
            is_left=is_left,
        )
        self.setFont(small(font))
        self.setPos(point.rate.value, point.distortion.value)

    def layers(self) -> Iterable[Layer]:
        """Return the name for a saved plot."""
        return (self._layer,)


class RateDistortionPanel(PanelWidget):
    """Measures the runs that are selected in the Library, and plots them."""

    watches: Changes = frozenset({"model", "working", "is_training"}) | {
        Compare,
        MeasureRateDistortion,
    }

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._add_tools()
        self.work = RequestProgressBar(
            controller, MeasureRateDistortion, "Stop. Runs that were measured keep their numbers."
        )
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.plot = RateDistortionPlot()
        self.plot.setMinimumHeight(MIN_PLOT_HEIGHT)
        self.note = muted(elided=True)
        self.body.addWidget(self.work)
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.note)
        self.start.clicked.connect(self._start)
        self.export.clicked.connect(self._save)
        self.plot.exporting.serve(self.figure)
        self.images.refused.connect(self._show_start)
        make_undoable(controller.undo, images_of_the_rate_distortion_plot=self.images)

    def _add_tools(self) -> None:
        self.start = QPushButton("Measure")
        self.images = IntegerBox(2, 99_999)
        self.images.setValue(MeasureRateDistortion(()).images)
        self.images.setSuffix(" images")
        self.images.setAccessibleName("Images of each run")
        self.images.setToolTip("Validation images at most; the first ones of each run.")
        self.figure = IconButton("pictures", "Save the plot as SVG, PDF or an image")
        self.export = IconButton("export", "Save rate and distortion as a table")
        self.tools.addWidget(self.start)
        self.tools.addWidget(self.images)
        self.tools.addStretch(1)
        self.tools.addWidget(self.figure)
        self.tools.addWidget(self.export)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        self.work.show_state(state)
        self._show_start()
        found = state.answer(MeasureRateDistortion)
        has_points = found is not None and bool(found.points)
        self.figure.setEnabled(has_points)
        self.export.setEnabled(has_points)
        if MeasureRateDistortion not in changed:
            return
        self.plot.setVisible(has_points)
        self._empty.setVisible(not has_points)
        self.plot.show_points(found if has_points else None)
        problems = found.problems if found else ()
        lines = [found.on, *found.notes] if found else []
        self.note.setText(" · ".join(filter(None, [*problems, *lines])))
        self.note.setToolTip("\n".join(filter(None, [*problems, *lines])))
        self.note.setVisible(bool(lines))

    def runs(self) -> tuple[Path, ...]:
        """Return the runs selected in the Library, else the open run."""
        state = self.controller.state
        if compared := state.answer(Compare):
            return tuple(each.path for each in compared)
        return (state.model.source,) if state.model and state.model.source else ()

    @Slot()
    def _show_start(self) -> None:
        state, count = self.controller.state, len(self.runs())
        reason = TRAINING_TEXT if state.is_training else self.images.problem
        reason = reason or ("" if count else EMPTY)
        self.start.setEnabled(not reason and MeasureRateDistortion not in state.working)
        self.start.setText(f"Measure {count} runs" if count > 1 else "Measure the open run")
        self.start.setToolTip(reason or READY)

    @Slot()
    def _start(self) -> None:
        self.controller.store.dismiss_failure()
        self.controller.ask(MeasureRateDistortion(self.runs(), self.images.value()))

    @Slot()
    def _save(self) -> None:
        found = self.controller.state.answer(MeasureRateDistortion)
        if found and (path := ask_save_path(self, "rate-distortion", TABLES)):
            self.controller.files.save(SaveRateDistortion(found, path))


PANEL = Panel(
    key="rate-distortion",
    title="Rate-distortion",
    places={
        "compare": Place(Area.BOTTOM, 0, is_behind=True),
    },
    help="Runs as points: the <b>rate</b> is the mean KL(q(z|x) ‖ p(z)), what the code costs; the "
    "<b>distortion</b> is the mean E[−log p(x|z)], what the code loses; both in nats per image on "
    "validation images. Their sum is the negative ELBO, so runs of equal ELBO lie on a line that "
    "falls by 45°. Select the runs of a sweep over beta in the Library and measure them: a larger "
    "beta moves to the upper left. A posterior collapse lies at rate 0. PCA is the linear "
    "baseline: with as many components as z has dimensions, a run above it is worse.",
    scrolls=True,
    widget=RateDistortionPanel,
)
