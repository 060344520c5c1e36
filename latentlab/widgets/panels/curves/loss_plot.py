"""One loss over the epochs: its curves, its best epoch, what was steered, what is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Signal

from latentlab.session.curves import RUNNING, TRAIN, VALIDATION
from latentlab.session.palette import CLASS_COLOURS
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.theme import colours, faint
from latentlab.widgets.panels.curves.change_marks import ChangeMarks
from latentlab.widgets.panels.curves.log_axis import LogAxis
from latentlab.widgets.panels.curves.smoothing import limits, positive, smooth

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from latentlab.learning.events import Change
    from latentlab.session.curves import Curves
    from latentlab.session.runs import Compared
    from latentlab.widgets.panels.curves.smoothing import Array

SPLIT_COLOURS = {TRAIN: CLASS_COLOURS[0], VALIDATION: CLASS_COLOURS[6]}
SPLITS = (RUNNING, TRAIN, VALIDATION)
COMPARED_COLOURS = tuple(CLASS_COLOURS[i] for i in (1, 2, 4, 5, 9, 7, 3, 8))
FAINT = 0.3


@dataclass(frozen=True, slots=True)
class View:
    """How curves are looked at.

    Parameters
    ----------
    log : frozenset of str
        The losses with a logarithmic axis.
    smoothing : float
        See `smooth`; 0 for none.
    last : int
        How many epochs back one sees; 0 for all.
    outliers : bool
        See `limits`.
    """

    log: frozenset[str] = frozenset()
    smoothing: float = 0.0
    last: int = 0
    outliers: bool = False


def compared_colour(index: int) -> str:
    """Return the colour of a run that is compared."""
    return COMPARED_COLOURS[index % len(COMPARED_COLOURS)]


class LossPlot(Plot):
    """Faint within the epochs, solid at their ends.

    Parameters
    ----------
    name : str
        Which loss.
    """

    hovered = Signal(object)
    """The epoch under the mouse, or None as it leaves."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.note = ""
        self.setMouseEnabled(x=False, y=False)
        self.getPlotItem().setAxisItems({"left": LogAxis("left")})
        self.curves = {split: self._line(1 if split == RUNNING else 2) for split in SPLITS}
        self.smooth = {split: self._line(2) for split in SPLIT_COLOURS}
        self.others: list[pg.PlotDataItem] = []
        self.best = self.plot(pen=None, symbol="o", symbolSize=9, symbolBrush=None)
        self.marks = ChangeMarks(self, labelled=name == "loss")
        self.pointer = pg.InfiniteLine(angle=90, movable=False)
        self.pointer.hide()
        self.addItem(self.pointer, ignoreBounds=True)
        self.dress()

    def _line(self, width: int, colour: str = "") -> pg.PlotDataItem:
        line = self.plot(pen=self.pen(colour or colours().text, width))
        line.setDownsampling(auto=True, method="peak")
        # A pixel shows no more than its highest and lowest point; painting costs by the point.
        line.opts["autoDownsampleFactor"] = 1.0
        return line

    @override
    def dress(self) -> None:
        super().dress()
        self.pointer.setPen(self.pen(colours().muted))
        self.best.setSymbolPen(self.pen(SPLIT_COLOURS[VALIDATION], 2))
        self.marks.dress()

    def show_curves(
        self,
        curves: Curves,
        compared: tuple[Compared, ...],
        changes: tuple[Change, ...],
        view: View,
    ) -> None:
        """Draw one loss of each split and of each compared run."""
        mine = {split: curves.get((split, self.name), _NOTHING) for split in SPLITS}
        others = [run.curves.get((VALIDATION, self.name), _NOTHING) for run in compared]
        left, right = _epochs([*mine.values()], others, view.last)
        seen = {split: _seen(series, left) for split, series in mine.items()}
        seen_others = [_seen(series, left) for series in others]
        ends = [seen[TRAIN][1], seen[VALIDATION][1], *(y for _, y in seen_others)]
        low, high = limits(ends, [seen[RUNNING][1]], outliers=view.outliers)
        floor = self._set_axis([*ends, seen[RUNNING][1]], view)
        self._draw_mine(seen, mine, left, floor, view)
        self._draw_others(seen_others, floor, view)
        self._draw_best(curves, changes, floor)
        self.setXRange(left, max(right, left + 1), padding=0.03)
        if floor is not None:
            low, high = (float(np.log10(max(value, floor))) for value in (low, high))
            high = max(high, low + 0.01)
        self.setYRange(low, high, padding=0.06)
        self.marks.show_changes(changes, (left, right), high)

    def _set_axis(self, values: list[Array], view: View) -> float | None:
        """Turn the axis to logarithms where it can be; return what stands for 0 then."""
        every = np.concatenate(values) if values else np.empty(0)
        every = every[np.isfinite(every)]
        above = every[every > 0]
        possible = len(above) > 0 and not (every < 0).any()
        log = self.name in view.log and possible
        wanted = self.name in view.log and len(every) > 0
        self.note = "no logarithm: it falls below 0" if wanted and not possible else ""
        if log != bool(self.getPlotItem().getAxis("left").logMode):
            self.setLogMode(x=False, y=log)
        if not log:
            return None
        lowest = float(above.min())
        return lowest / 10 if (every == 0).any() else lowest

    def _draw_mine(
        self,
        seen: dict[str, tuple[Array, Array]],
        whole: dict[str, tuple[Array, Array]],
        left: float,
        floor: float | None,
        view: View,
    ) -> None:
        smoothed = view.smoothing > 0
        for split, item in self.curves.items():
            colour = SPLIT_COLOURS.get(split, SPLIT_COLOURS[TRAIN])
            raw = faint(colour, FAINT) if smoothed or split == RUNNING else colour
            item.setPen(self.pen(raw, 1 if smoothed or split == RUNNING else 2))
            _set(item, seen[split], floor, colour)
        for split, item in self.smooth.items():
            item.setVisible(smoothed)
            if smoothed:
                inner = split == TRAIN and len(whole[RUNNING][0])
                x, y = whole[RUNNING] if inner else whole[split]
                item.setPen(self.pen(SPLIT_COLOURS[split], 2))
                _set(item, _seen((x, smooth(x, y, view.smoothing)), left), floor)

    def _draw_others(
        self, others: list[tuple[Array, Array]], floor: float | None, view: View
    ) -> None:
        while len(self.others) > len(others):
            self.removeItem(self.others.pop())
        while len(self.others) < len(others):
            self.others.append(self._line(2, compared_colour(len(self.others))))
        for item, (x, y) in zip(self.others, others, strict=True):
            _set(item, (x, smooth(x, y, view.smoothing)), floor)

    def _draw_best(self, curves: Curves, changes: tuple[Change, ...], floor: float | None) -> None:
        found = best(curves, changes) if self.name == "loss" else None
        _set(self.best, _NOTHING if found is None else (found[:1], found[1:]), floor)

    def point_at(self, epoch: float | None) -> None:
        """Draw a line at an epoch, or none."""
        self.pointer.setVisible(epoch is not None)
        if epoch is not None:
            self.pointer.setValue(epoch)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which epoch is under the mouse."""
        super().mouseMoveEvent(event)
        box = self.getViewBox()
        place = self.mapToScene(event.position().toPoint())
        inside = box.sceneBoundingRect().contains(place)
        self.hovered.emit(box.mapSceneToView(place).x() if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the mouse is gone."""
        super().leaveEvent(event)
        self.hovered.emit(None)


_NOTHING = (np.empty(0), np.empty(0))


def best(curves: Curves, changes: tuple[Change, ...]) -> Array | None:
    """Return the epoch of the lowest validation loss and that loss, with shape (2,).

    Losses of another objective cannot be compared, so only those since its last change count.
    """
    epochs, losses = curves.get((VALIDATION, "loss"), _NOTHING)
    steered = [change.epochs for change in changes if change.key.startswith("objective.")]
    valid = np.isfinite(losses) & (epochs > max(steered, default=-1.0))
    if not valid.any():
        return None
    index = int(np.where(valid, losses, np.inf).argmin())
    return np.array([epochs[index], losses[index]])


def _epochs(
    mine: list[tuple[Array, Array]], others: list[tuple[Array, Array]], last: int
) -> tuple[float, float]:
    """Return the first and the last epoch to show."""
    lengths = [series for series in mine if len(series[0])]
    every = [*lengths, *(series for series in others if len(series[0]))]
    if not every:
        return 0.0, 1.0
    if last:
        right = max(float(x[-1]) for x, _ in lengths or every)
        return max(right - last, 0.0), right
    return min(float(x[0]) for x, _ in every), max(float(x[-1]) for x, _ in every)


def _seen(series: tuple[Array, Array], left: float) -> tuple[Array, Array]:
    start = int(np.searchsorted(series[0], left))
    return series[0][start:], series[1][start:]


def _set(
    item: pg.PlotDataItem, series: tuple[Array, Array], floor: float | None, colour: str = ""
) -> None:
    x, y = series
    single = len(x) == 1 and colour
    symbol = {"symbol": "o" if single else None, "symbolSize": 5}
    more = {**symbol, "symbolBrush": colour, "symbolPen": None} if colour else {}
    item.setData(x, y if floor is None else positive(y, floor), **more)
