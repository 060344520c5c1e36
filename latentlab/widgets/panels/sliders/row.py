"""Row of the Sliders panel: name, slider, value, reset button, and optional images."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from latentlab.widgets.kit.axis.slider import AxisSlider
from latentlab.widgets.kit.axis.strip import ImageStrip
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import RIGHT
from latentlab.widgets.kit.theme import small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.axes import Axis


LINES_PER_ROW = 2
"""Rows of the grid per slider: the slider, and its images."""


@dataclass(frozen=True, slots=True)
class AxisTitle:
    """AxisTitle of a row and its tooltip.

    Parameters
    ----------
    dimension : int
        Index of the dimension or component, from 0.
    letters : str
        ``"z"``, ``"PC"``, ``"L"`` (local PCA) or ``"J"`` (Jacobian).
    note : str
        Importance of the axis, such as ``34 %``.
    tip : str
        Tooltip on the importance.
    dead : bool
        Whether the axis has no effect.
    """

    dimension: int
    letters: str = "z"
    note: str = ""
    tip: str = ""
    dead: bool = False


class SliderRow(QObject):
    """Slider that moves z along one axis.

    Parameters
    ----------
    place : int
        Index of the row, from 0.
    grid : QGridLayout
        Grid that contains the row.
    parent : QWidget
        The panel.
    """

    pictured = Signal(object)
    """New strip of images."""

    def __init__(self, place: int, grid: QGridLayout, parent: QWidget) -> None:
        super().__init__(parent)
        self._grid_row, self._grid = LINES_PER_ROW * place, grid
        self._title: AxisTitle | None = None
        self._shown: tuple[Axis, float] | None = None
        self.dimension = place
        self.strip: ImageStrip | None = None
        self._name = QLabel(textFormat=Qt.TextFormat.RichText)
        self.slider = AxisSlider()
        self._value = QLabel()
        self._value.setAlignment(RIGHT)
        self._value.setFont(small(self._value.font()))
        # Fixed, so that nothing moves, and nothing is laid out again, while the number changes.
        metrics = self._value.fontMetrics()
        self._value.setFixedSize(metrics.horizontalAdvance("+000.00") + 2, metrics.height())
        self._reset = IconButton("reset", "Reset")
        self._widgets = (self._name, self.slider, self._value, self._reset)
        for column, widget in enumerate(self._widgets):
            grid.addWidget(widget, self._grid_row, column)
        grid.setColumnStretch(1, 1)
        self._reset.clicked.connect(self.slider.reset)

    @property
    def is_moved(self) -> bool:
        """Whether the slider is not at its centre."""
        return self.slider.is_moved

    def show_title(self, title: AxisTitle) -> None:
        """Show the title and tooltips of the axis."""
        if title == self._title:
            return
        self._title, self.dimension = title, title.dimension
        number = title.dimension + 1
        is_z = title.letters == "z"
        note = f"&nbsp;<small>{escape(title.note)}</small>" if title.note else ""
        self._name.setText(f"{title.letters}<sub>{number}</sub>{note}")
        self._name.setEnabled(not title.dead)
        self._value.setEnabled(not title.dead)
        name = f"{'Dimension' if is_z else 'Principal component'} {number}"
        more = f"{title.tip} " if title.tip else ""
        tip = f"{name}. The middle is the mean of the codes. {more}".rstrip()
        self.slider.setAccessibleName(f"{title.letters} {number}")
        self.slider.setToolTip(tip)
        self._name.setToolTip(tip)
        self._reset.setToolTip(f"Reset {name.lower()}")
        self._reset.setAccessibleName(f"Reset {name.lower()}")

    def show_z(self, axis: Axis, z: NDArray[np.float64]) -> None:
        """Show the position of z along the axis, without emitting signals."""
        self.slider.show_z(axis, z)
        # The coordinate, as above the image, and not the position of the slider.
        value = float(z @ axis.vector)
        if (axis, value) == self._shown:
            return
        self._shown = axis, value
        decimals = 2 if abs(value) < 999.995 else 0
        self._value.setText(f"{value:+.{decimals}f}")
        self._value.setToolTip(
            f"{axis.key} = {value:.4f}, {self.slider.position:+.2f} standard deviations of the "
            "codes from their mean"
        )
        self._reset.setEnabled(self.is_moved)

    def show_pictures(self, *, wanted: bool) -> None:
        """Show or hide the images below the slider."""
        if wanted and self.strip is None:
            self.strip = ImageStrip(self.slider)
            self._grid.addWidget(self.strip, self._grid_row + 1, 1)
            self.pictured.emit(self.strip)
        elif not wanted and self.strip:
            self.strip.deleteLater()
            self.strip = None

    def set_visible(self, *, visible: bool) -> None:
        """Show the row, or hide it and delete its images."""
        if not visible:
            self.show_pictures(wanted=False)
        for widget in self._widgets:
            widget.setVisible(visible)
