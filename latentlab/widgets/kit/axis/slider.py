"""A slider that moves z along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QSlider, QWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QMouseEvent, QWheelEvent

    from latentlab.session.axes import Axis

REACH = 3.5
"""Standard deviations of the data's codes that a slider reaches to either side."""
TICKS = 700


class AxisSlider(QSlider):
    """Stands where z lies along an axis, and says where z is to go.

    Whoever drags it away and back to where it stood has the very same z again.
    """

    moved = Signal(object, bool)
    """z as a tuple, and whether it is there to stay: False while a drag goes on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(-TICKS, TICKS)
        self.setPageStep(TICKS // 7)
        self.setMinimumWidth(80)
        self.axis: Axis | None = None
        self.position = 0.0
        self._z: NDArray[np.float64] = np.zeros(0)
        self._start, self._start_tick = self._z, 0
        self._told: NDArray[np.float64] | None = None
        self._dragged = False
        self.valueChanged.connect(self._on_value)
        self.sliderPressed.connect(self._on_pressed)
        self.sliderReleased.connect(self._on_released)

    @property
    def is_moved(self) -> bool:
        """Whether it stands elsewhere than in its middle."""
        return self.value() != 0

    def show_z(self, axis: Axis, z: NDArray[np.float64]) -> None:
        """Stand where z lies along an axis, without announcing it."""
        self.position = axis.position(z)
        own = self._told is not None and np.array_equal(z, self._told)
        if not own or axis != self.axis:
            self._start, self._start_tick = z, round(self.position / REACH * TICKS)
            self._told = None
        self.axis, self._z = axis, z
        if not self.isSliderDown():
            tick = round(max(-REACH, min(REACH, self.position)) / REACH * TICKS)
            with QSignalBlocker(self):
                self.setValue(tick)

    @Slot()
    def reset(self) -> None:
        """Go to the mean of the data's codes along the axis."""
        if self.axis:
            self.moved.emit(self.axis.moved(self._z, 0.0), True)

    def _tell(self, *, settled: bool) -> None:
        if self.axis is None:
            return
        if self.value() == self._start_tick:
            z = tuple(self._start.tolist())
        else:
            z = self.axis.moved(self._start, self.value() / TICKS * REACH)
        self._told = np.array(z)
        self.moved.emit(z, settled)

    @Slot(int)
    def _on_value(self, _tick: int) -> None:
        self._dragged = self.isSliderDown()
        self._tell(settled=not self._dragged)

    @Slot()
    def _on_pressed(self) -> None:
        self._dragged = False

    @Slot()
    def _on_released(self) -> None:
        # A touch alone must not round z to the slider's steps.
        if self._dragged:
            self._tell(settled=True)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Reset on a right click."""
        if event.button() == Qt.MouseButton.RightButton:
            self.reset()
        else:
            super().mousePressEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.RightButton:
            super().mouseReleaseEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
