"""Plot of one loss over the epochs: curves, best epoch, changes, and compared runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Signal

from latentlab.session.curves.curves import RUNNING, TEST, TRAIN, VALIDATION, unit_of
from latentlab.session.palette import TRAIN_COLOUR, class_colour
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.theme import colours, faint
from latentlab.widgets.panels.curves.change_marks import ChangeMarks
from latentlab.widgets.panels.curves.log_axis import LogAxis
from latentlab.widgets.panels.curves.smoothing import (
    clip_to_floor,
    exponential_moving_average,
    y_limits,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from latentlab.learning.events import Change
    from latentlab.session.curves.curves import Curves
    from latentlab.session.runs import ComparedRun
    from latentlab.widgets.panels.curves.smoothing import Array

SPLITS = (RUNNING, TRAIN, VALIDATION)
RAW_OPACITY = 0.3


@dataclass(frozen=True, slots=True)
class CurvesView:
    """Display settings of the curves.

    Parameters
    ----------
    log : frozenset of str
        Losses with a logarithmic axis.
    smoothing : float
        Time constant in epochs, see `smooth`; 0 for none.
    last : int
        Number of most recent epochs shown; 0 for all.
    outliers : bool
        See `limits`.
    """

    log: frozenset[str] = frozenset()
    smoothing: float = 0.0
    last: int = 0
    outliers: bool = False


def compared_colour(index: int) -> str:
    """Return the colour of a compared run."""
    return class_colour(index)


def split_colour(split: str) -> str:
    """Return the colour of a curve of the open run: neutral, as no class and no other run."""
    return colours().text if split in (VALIDATION, TEST) else TRAIN_COLOUR


class LossPlot(Plot):
    """Loss curves: faint within epochs, solid at the ends of epochs.

    Parameters
    ----------
    name : str
        Name of the loss.
    """

    hovered = Signal(object)
    """Epoch under the cursor, or None when it leaves."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.note = ""
        self.exporting.name = "curve"
        self.caption = f"{name.replace('_', ' ')}, {unit_of(name)}"
        self.setMouseEnabled(x=False, y=False)
        self.getPlotItem().setAxisItems({"left": LogAxis("left")})
        self.curves = {split: self._line(1 if split == RUNNING else 2) for split in SPLITS}
        self.smooth = {split: self._line(2) for split in (TRAIN, VALIDATION)}
        self.others: list[pg.PlotDataItem] = []
        self.best = self.plot(pen=None, symbol="o", symbolSize=9, symbolBrush=None)
        self.test = self.plot(pen=None, symbol="star", symbolSize=12)
        self.marks = ChangeMarks(self, labelled=name == "loss")
        self.pointer = pg.InfiniteLine(angle=90, movable=False)
        self.pointer.hide()
        self.addItem(self.pointer, ignoreBounds=True)
        self.dress()

    def _line(self, width: int, colour: str = "") -> pg.PlotDataItem:
        line = self.plot(pen=self.pen(colour or colours().text, width))
        line.setDownsampling(auto=True, method="peak")
        # A pixel column shows only its minimum and maximum; paint time grows with the points.
        line.opts["autoDownsampleFactor"] = 1.0
        return line

    @override
    def dress(self) -> None:
        super().dress()
        self.pointer.setPen(self.pen(colours().muted))
        self.best.setSymbolPen(self.pen(split_colour(VALIDATION), 2))
        self.test.setSymbolPen(None)
        self.test.setSymbolBrush(split_colour(TEST))
        self.marks.dress()

    def show_curves(
        self,
        curves: Curves,
        compared: tuple[ComparedRun, ...],
        changes: tuple[Change, ...],
        view: CurvesView,
    ) -> None:
        """Draw the loss of each split and of each compared run."""
        by_split = {split: curves.get((split, self.name), _NOTHING) for split in SPLITS}
        others = [run.curves.get((VALIDATION, self.name), _NOTHING) for run in compared]
        left, right = _epochs([*by_split.values()], others, view.last)
        visible = {split: _from_epoch(series, left) for split, series in by_split.items()}
        visible_others = [_from_epoch(series, left) for series in others]
        test = _from_epoch(curves.get((TEST, self.name), _NOTHING), left)
        ends = [visible[TRAIN][1], visible[VALIDATION][1], *(y for _, y in visible_others), test[1]]
        low, high = y_limits(ends, [visible[RUNNING][1]], outliers=view.outliers)
        if len(test[1]):
            low, high = min(low, float(test[1].min())), max(high, float(test[1].max()))
        floor = self._set_axis([*ends, visible[RUNNING][1]], view)
        self._draw_splits(visible, by_split, left, floor, view)
        self._draw_others(visible_others, floor, view)
        self._draw_best(curves, changes, floor)
        _set(self.test, test, floor)
        self.setXRange(left, max(right, left + 1), padding=0.03)
        if floor is not None:
            low, high = (float(np.log10(max(value, floor))) for value in (low, high))
            high = max(high, low + 0.01)
        self.setYRange(low, high, padding=0.06)
        self.marks.show_changes(changes, left)
        self.marks.fit_labels()

    def _set_axis(self, values: list[Array], view: CurvesView) -> float | None:
        """Set the axis scale; return the value drawn for zeros if it is logarithmic, else None."""
        all_series = np.concatenate(values) if values else np.empty(0)
        all_series = all_series[np.isfinite(all_series)]
        positives = all_series[all_series > 0]
        possible = len(positives) > 0 and not (all_series < 0).any()
        log = self.name in view.log and possible
        requested = self.name in view.log and len(all_series) > 0
        self.note = "no log scale: values below 0" if requested and not possible else ""
        if log != bool(self.getPlotItem().getAxis("left").logMode):
            self.setLogMode(x=False, y=log)
        if not log:
            return None
        lowest = float(positives.min())
        return lowest / 10 if (all_series == 0).any() else lowest

    def _draw_splits(
        self,
        visible: dict[str, tuple[Array, Array]],
        full: dict[str, tuple[Array, Array]],
        left: float,
        floor: float | None,
        view: CurvesView,
    ) -> None:
        smoothed = view.smoothing > 0
        for split, item in self.curves.items():
            colour = split_colour(split)
            raw = faint(colour, RAW_OPACITY) if smoothed or split == RUNNING else colour
            item.setPen(self.pen(raw, 1 if smoothed or split == RUNNING else 2))
            _set(item, visible[split], floor, colour)
        for split, item in self.smooth.items():
            item.setVisible(smoothed)
            if smoothed:
                inner = split == TRAIN and len(full[RUNNING][0])
                x, y = full[RUNNING] if inner else full[split]
                item.setPen(self.pen(split_colour(split), 2))
                _set(
                    item,
                    _from_epoch((x, exponential_moving_average(x, y, view.smoothing)), left),
                    floor,
                )

    def _draw_others(
        self, others: list[tuple[Array, Array]], floor: float | None, view: CurvesView
    ) -> None:
        while len(self.others) > len(others):
            self.removeItem(self.others.pop())
        while len(self.others) < len(others):
            self.others.append(self._line(2, compared_colour(len(self.others))))
        for item, (x, y) in zip(self.others, others, strict=True):
            _set(item, (x, exponential_moving_average(x, y, view.smoothing)), floor)

    def _draw_best(self, curves: Curves, changes: tuple[Change, ...], floor: float | None) -> None:
        best_point = best_epoch(curves, changes) if self.name == "loss" else None
        _set(self.best, _NOTHING if best_point is None else (best_point[:1], best_point[1:]), floor)

    def point_at(self, epoch: float | None) -> None:
        """Draw a vertical line at an epoch; None hides it."""
        self.pointer.setVisible(epoch is not None)
        if epoch is not None:
            self.pointer.setValue(epoch)

    def resizeEvent(self, event: QEvent) -> None:
        """Label as many changes as fit."""
        super().resizeEvent(event)
        if hasattr(self, "marks"):
            self.marks.fit_labels()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Emit the epoch under the cursor."""
        super().mouseMoveEvent(event)
        box = self.getViewBox()
        scene_pos = self.mapToScene(event.position().toPoint())
        inside = box.sceneBoundingRect().contains(scene_pos)
        self.hovered.emit(box.mapSceneToView(scene_pos).x() if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Emit None."""
        super().leaveEvent(event)
        self.hovered.emit(None)


_NOTHING = (np.empty(0), np.empty(0))


def best_epoch(curves: Curves, changes: tuple[Change, ...]) -> Array | None:
    """Return the epoch of the lowest validation loss and that loss, shape (2,).

    Only losses since the last change of the objective count: others are not comparable.
    """
    epochs, losses = curves.get((VALIDATION, "loss"), _NOTHING)
    changed = [change.epochs for change in changes if change.key.startswith("objective.")]
    valid = np.isfinite(losses) & (epochs > max(changed, default=-1.0))
    if not valid.any():
        return None
    index = int(np.where(valid, losses, np.inf).argmin())
    return np.array([epochs[index], losses[index]])


def _epochs(
    by_split: list[tuple[Array, Array]], others: list[tuple[Array, Array]], last: int
) -> tuple[float, float]:
    """Return the first and last epoch shown."""
    nonempty = [series for series in by_split if len(series[0])]
    all_series = [*nonempty, *(series for series in others if len(series[0]))]
    if not all_series:
        return 0.0, 1.0
    if last:
        right = max(float(x[-1]) for x, _ in nonempty or all_series)
        return max(right - last, 0.0), right
    return min(float(x[0]) for x, _ in all_series), max(float(x[-1]) for x, _ in all_series)


def _from_epoch(series: tuple[Array, Array], left: float) -> tuple[Array, Array]:
    start = int(np.searchsorted(series[0], left))
    return series[0][start:], series[1][start:]


def _set(
    item: pg.PlotDataItem, series: tuple[Array, Array], floor: float | None, colour: str = ""
) -> None:
    x, y = series
    single = len(x) == 1 and colour
    symbol = {"symbol": "o" if single else None, "symbolSize": 5}
    options = {**symbol, "symbolBrush": colour, "symbolPen": None} if colour else {}
    item.setData(x, y if floor is None else clip_to_floor(y, floor), **options)
