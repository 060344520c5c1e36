"""One row of the Sliders panel: name, slider, value, reset, and pictures below where wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from latentlab.widgets.kit.axis.slider import AxisSlider
from latentlab.widgets.kit.axis.strip import AxisStrip
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.theme import small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.axes import Axis


@dataclass(frozen=True, slots=True)
class Title:
    """What a row says of its axis.

    Parameters
    ----------
    dimension : int
        Which dimension or component, from 0.
    letters : str
        ``"z"`` or ``"PC"``.
    note : str
        How important it is, such as ``34 %``.
    tip : str
        That in words.
    dead : bool
        Whether nothing depends on it.
    """

    dimension: int
    letters: str = "z"
    note: str = ""
    tip: str = ""
    dead: bool = False


class SliderRow(QObject):
    """Moves z along one axis.

    Parameters
    ----------
    place : int
        Which row, from 0.
    grid : QGridLayout
        Where to stand.
    parent : QWidget
        The panel.
    """

    pictured = Signal(object)
    """A strip that is new."""

    def __init__(self, place: int, grid: QGridLayout, parent: QWidget) -> None:
        super().__init__(parent)
        self._place, self._grid = 2 * place, grid
        self._title: Title | None = None
        self.dimension = place
        self.strip: AxisStrip | None = None
        self._name = QLabel()
        self.slider = AxisSlider()
        self._value = QLabel()
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("+0.00 σ"))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setFont(small(self._value.font()))
        self._reset = IconButton("reset", "Reset")
        self._widgets = (self._name, self.slider, self._value, self._reset)
        for column, widget in enumerate(self._widgets):
            grid.addWidget(widget, self._place, column)
        grid.setColumnStretch(1, 1)
        self._reset.clicked.connect(self.slider.reset)

    @property
    def is_moved(self) -> bool:
        """Whether the slider stands elsewhere than in its middle."""
        return self.slider.is_moved

    def show_title(self, title: Title) -> None:
        """Say what the row moves z along."""
        if title == self._title:
            return
        self._title, self.dimension = title, title.dimension
        number = title.dimension + 1
        is_z = title.letters == "z"
        note = f"&nbsp;<small>{title.note}</small>" if title.note else ""
        self._name.setText(f"{title.letters}<sub>{number}</sub>{note}")
        self._name.setEnabled(not title.dead)
        self._value.setEnabled(not title.dead)
        what = f"{'Dimension' if is_z else 'Principal component'} {number}"
        more = f"{title.tip} " if title.tip else ""
        tip = f"{what}, in standard deviations of the data's codes. {more}Right-click to reset."
        self.slider.setAccessibleName(f"{title.letters} {number}")
        self.slider.setToolTip(tip)
        self._name.setToolTip(tip)
        self._reset.setToolTip(f"Reset {what.lower()}")
        self._reset.setAccessibleName(f"Reset {what.lower()}")

    def show_z(self, axis: Axis, z: NDArray[np.float64]) -> None:
        """Show where z lies, without announcing it."""
        self.slider.show_z(axis, z)
        self._value.setText(f"{self.slider.position:+.2f} σ")
        self._value.setToolTip(f"{axis.key} = {float(z @ axis.vector):.4f}")
        self._reset.setEnabled(self.is_moved)

    def show_pictures(self, *, wanted: bool) -> None:
        """Show pictures below the slider, or none."""
        if wanted and self.strip is None:
            self.strip = AxisStrip(self.slider)
            self._grid.addWidget(self.strip, self._place + 1, 1)
            self.pictured.emit(self.strip)
        elif not wanted and self.strip:
            self.strip.deleteLater()
            self.strip = None

    def remove(self) -> None:
        """Take the row away."""
        self.show_pictures(wanted=False)
        for widget in self._widgets:
            widget.deleteLater()
        self.deleteLater()
