"""Row of the Sliders panel: name, slider, value, reset button, and optional images."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from latentlab.widgets.kit.axis.slider import AxisSlider
from latentlab.widgets.kit.axis.strip import ImageStrip
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import RIGHT
from latentlab.widgets.kit.theme import UNIT, small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.axes import Axis


@dataclass(frozen=True, slots=True)
class AxisTitle:
    """Title of a row and its tooltip.

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

    @property
    def text(self) -> str:
        """The title as rich text."""
        note = f"&nbsp;<small>{escape(self.note)}</small>" if self.note else ""
        return f"{self.letters}<sub>{self.dimension + 1}</sub>{note}"


class SliderRow(QWidget):
    """Slider that moves z along one axis."""

    pictured = Signal(object)
    """New strip of images."""

    def __init__(self) -> None:
        super().__init__()
        self._title: AxisTitle | None = None
        self._shown: tuple[Axis, float] | None = None
        self.dimension = 0
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
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, UNIT, 0)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(UNIT // 2)
        self._grid.setColumnStretch(1, 1)
        for column, widget in enumerate((self._name, self.slider, self._value, self._reset)):
            self._grid.addWidget(widget, 0, column)
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
        self._name.setText(title.text)
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
            self._grid.addWidget(self.strip, 1, 1)
            self.pictured.emit(self.strip)
        elif not wanted and self.strip:
            self.strip.deleteLater()
            self.strip = None

    def clear_strip(self) -> None:
        """Remove the images, which are of another axis."""
        if self.strip:
            self.strip.clear()

    def set_name_width(self, width: int) -> None:
        """Set the width of the title, the same in all rows."""
        self._name.setFixedWidth(width)
