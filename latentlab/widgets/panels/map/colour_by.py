"""Choice of the colouring of the map, and of its number of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from latentlab.session.classifier.requests import CONFIDENCE, DECISION, decisions
from latentlab.session.colourings import Colouring, Measure, colourings, values_of
from latentlab.session.map import ComputeMeasure
from latentlab.session.model import SET_ATTRIBUTE
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

FEWEST, MOST = 2, 500
MAX_LEGEND_GROUPS = 100
"""Maximum number of groups in the legend."""
SET_KEY = f"attribute:{SET_ATTRIBUTE}"
"""Key of the colouring that tells two data sets on the map apart."""
COUNT_SETTINGS = {Measure.K_MEANS: ("k = ", 10), Measure.HDBSCAN: ("≥ ", 50)}


class ColourBy(QWidget):
    """List of colourings; requests those that have to be computed."""

    changed = Signal()
    """Another colouring was chosen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._listed: tuple[Colouring, ...] = ()
        self._counts = {measure: count for measure, (_, count) in COUNT_SETTINGS.items()}
        self.box, self.count = QComboBox(), IntegerBox(FEWEST, MOST)
        self.box.setToolTip("What the colour of the points shows.")
        self.box.setAccessibleName("Colour by")
        self.box.setMaxVisibleItems(24)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.box.setMinimumContentsLength(8)
        self.count.setKeyboardTracking(False)
        self.count.setAccessibleName("Groups")
        self.count.setToolTip(
            "Number of clusters of k-means, or the minimum size of a cluster of HDBSCAN."
        )
        self.count.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        row.addWidget(self.box)
        row.addWidget(self.count)
        self.box.currentIndexChanged.connect(self._on_chosen)
        self._record = make_choice_undoable(
            controller.undo, "colour of the map", self._read, self._restore
        )
        self.count.valueChanged.connect(self._on_count)
        self.hide()

    @property
    def chosen(self) -> Colouring | None:
        """Current colouring."""
        row = self.box.currentIndex()
        return self._listed[row] if 0 <= row < len(self._listed) else None

    def offer(self, state: State) -> None:
        """List the colourings of these codes, and keep the current one if it is among them."""
        listed = colourings(state)
        if listed != self._listed:
            before, before_keys = self.chosen, [colouring.key for colouring in self._listed]
            self._listed = listed
            with QSignalBlocker(self.box):
                self.box.clear()
                self.box.addItems([colouring.title for colouring in listed])
                keys = [colouring.key for colouring in listed]
                again = keys.index(before.key) if before and before.key in keys else 0
                if SET_KEY in keys and SET_KEY not in before_keys:
                    again = keys.index(SET_KEY)
                self.box.setCurrentIndex(again)
            self.setVisible(bool(listed))
            self._show_count()
            self._controller.undo.refresh("colour of the map")
        self._show_count()

    def choose(self, key: str) -> None:
        """Choose a colouring by its key."""
        keys = [colouring.key for colouring in self._listed]
        if key in keys:
            self.box.setCurrentIndex(keys.index(key))

    def _read(self) -> tuple[str, int]:
        """Return the key of the colouring, and its number of groups; 0 if it has none to set."""
        if self.chosen is None:
            return "", 0
        measure = self.chosen.measure
        return self.chosen.key, self._counts.get(measure, 0) if measure else 0

    def _restore(self, value: tuple[str, int]) -> None:
        key, count = value
        self.choose(key)
        if count:
            self.count.setValue(count)

    def _show_count(self) -> None:
        measure = self.chosen.measure if self.chosen else None
        self.count.setVisible(measure in COUNT_SETTINGS)
        if measure in COUNT_SETTINGS:
            with QSignalBlocker(self.count):
                self.count.setPrefix(COUNT_SETTINGS[measure][0])
                self.count.setValue(self._counts[measure])

    @Slot()
    def _on_chosen(self) -> None:
        self._show_count()
        self._measure(again=False)
        self.changed.emit()
        self._record()

    @Slot()
    def _on_count(self) -> None:
        measure = self.chosen.measure if self.chosen else None
        if measure in self._counts:
            self._counts[measure] = self.count.value()
            self._measure(again=True)
            self._record()

    def _measure(self, *, again: bool) -> None:
        """Cancel the running colouring, and request the chosen one."""
        chosen, state = self.chosen, self._controller.state
        is_missing = chosen is not None and (again or values_of(chosen.key, state) is None)
        if chosen and chosen.measure and is_missing:
            self._controller.demand.withdraw(ComputeMeasure)
        self._controller.demand.renew()

    def wants(self, state: State) -> Iterable[Request[Any]]:
        """Return the request for the chosen colouring, if it has to be computed."""
        if self.chosen and self.chosen.key in (DECISION, CONFIDENCE):
            yield from decisions(state)
        measure = self.chosen.measure if self.chosen else None
        # Let running work finish even if the codes change: during training they always do.
        if measure and ComputeMeasure not in state.working:
            yield ComputeMeasure(measure, self._counts.get(measure, 10))


def legend_names(
    chosen: Colouring | None, groups: NDArray[np.int64] | None, classes: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the names in the legend."""
    if chosen is None or groups is None:
        return ()
    if chosen.key == "class":
        return classes
    if chosen.names:
        return chosen.names[:MAX_LEGEND_GROUPS]
    return tuple(
        str(group + 1) for group in range(min(MAX_LEGEND_GROUPS, int(groups.max(initial=-1)) + 1))
    )
