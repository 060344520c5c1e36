"""Row below the map: choice of the colouring, with legend or colour bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from latentlab.session.colourings import values_of
from latentlab.widgets.kit.scatter.point_colours import by_class, by_value
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable
from latentlab.widgets.panels.map.colour_by import ColourBy, legend_names
from latentlab.widgets.panels.map.legend import Legend
from latentlab.widgets.panels.map.value_bar import ColourScale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.session.state import State
    from latentlab.widgets.kit.scatter.rasterize import PointColours
    from latentlab.workers.controller import Controller

CLASSES = "classes on the map"
"""Name of the choice of visible classes in undo."""


class ColourRow(QWidget):
    """Choice of a colouring beside its legend or colour bar."""

    changed = Signal()
    """Another colouring was chosen."""
    filtered = Signal()
    """Other groups were chosen to be shown."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._undo = controller.undo
        self.choice, self.legend, self.bar = ColourBy(controller), Legend(), ColourScale()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        row.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.legend, 1)
        row.addWidget(self.bar, 1)
        self.choice.changed.connect(self.changed)
        self.legend.changed.connect(self.filtered)
        self.legend.changed.connect(
            make_choice_undoable(
                controller.undo, CLASSES, self.legend.shown, self.legend.show_classes
            )
        )

    def paint_of(
        self, state: State, classes: tuple[str, ...]
    ) -> tuple[PointColours, NDArray[np.bool_] | None]:
        """Return the colours of the images, and the mask of visible images or None for all.

        Also updates the legend or the colour bar.
        """
        chosen, count = self.choice.chosen, 0 if state.codes is None else len(state.codes)
        values = values_of(chosen.key, state) if chosen else None
        groups = values if values is not None and values.dtype.kind == "i" else None
        if self.legend.offer(legend_names(chosen, groups, classes)):
            self._undo.refresh(CLASSES)
        is_scale = chosen is not None and values is not None and groups is None
        self.bar.setVisible(is_scale)
        if is_scale and chosen is not None and values is not None:
            paint, ends = by_value(values)
            self.bar.show_range(chosen.title, chosen.unit, ends)
            return paint, None
        shown = None if groups is None else self.legend.shown()
        if groups is None or shown is None:
            return by_class(groups, count), None
        # A lookup table is much faster than one lookup per image, for a million images.
        table = np.zeros(2 + max(int(groups.max(initial=0)), 0), bool)
        table[[group + 1 for group in shown if group + 1 < len(table)]] = True
        return by_class(groups, count), table[groups + 1]
