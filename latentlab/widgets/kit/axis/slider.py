"""Slider that moves z along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QMenu, QSlider, QWidget

from latentlab.widgets.kit.labels import literal

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QMouseEvent, QWheelEvent

    from latentlab.session.axes import Axis

SLIDER_RANGE_SIGMA = 3.5
"""Range of a slider to each side, in standard deviations of the codes of the data."""
TICKS = 700


class AxisSlider(QSlider):
    """Shows the position of z along an axis, and emits the z to move to.

    Dragging it away and back to its start restores exactly the same z.
    """

    moved = Signal(object, bool)
    """z as a tuple, and whether it is final: False during a drag."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(-TICKS, TICKS)
        self.setPageStep(TICKS // 7)
        self.setMinimumWidth(80)
        self.axis: Axis | None = None
        self.position = 0.0
        self._z: NDArray[np.float64] = np.zeros(0)
        self._start, self._start_tick = self._z, 0
        self._last_sent: NDArray[np.float64] | None = None
        self._dragged = False
        self.valueChanged.connect(self._on_value)
        self.sliderPressed.connect(self._on_pressed)
        self.sliderReleased.connect(self._on_released)

    @property
    def is_moved(self) -> bool:
        """Whether the handle is off the centre."""
        return self.value() != 0

    def show_z(self, axis: Axis, z: NDArray[np.float64]) -> None:
        """Move to the position of z along an axis, without emitting `moved`."""
        self.position = axis.position(z)
        is_own = self._last_sent is not None and np.array_equal(z, self._last_sent)
        if not is_own or axis != self.axis:
            self._start, self._start_tick = z, round(self.position / SLIDER_RANGE_SIGMA * TICKS)
            self._last_sent = None
        self.axis, self._z = axis, z
        if not self.isSliderDown():
            tick = round(
                max(-SLIDER_RANGE_SIGMA, min(SLIDER_RANGE_SIGMA, self.position))
                / SLIDER_RANGE_SIGMA
                * TICKS
            )
            with QSignalBlocker(self):
                self.setValue(tick)

    @Slot()
    def reset(self) -> None:
        """Move z to the mean of the codes of the data along the axis."""
        if self.axis:
            self.moved.emit(self.axis.moved(self._z, 0.0), True)

    def _emit_moved(self, *, settled: bool) -> None:
        if self.axis is None:
            return
        if self.value() == self._start_tick:
            z = tuple(self._start.tolist())
        else:
            z = self.axis.moved(self._start, self.value() / TICKS * SLIDER_RANGE_SIGMA)
        self._last_sent = np.array(z)
        self.moved.emit(z, settled)

    @Slot(int)
    def _on_value(self, _tick: int) -> None:
        self._dragged = self.isSliderDown()
        self._emit_moved(settled=not self._dragged)

    @Slot()
    def _on_pressed(self) -> None:
        self._dragged = False

    @Slot()
    def _on_released(self) -> None:
        # A click without a drag must not round z to the steps of the slider.
        if self._dragged:
            self._emit_moved(settled=True)

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the reset to the context menu."""
        text = literal(f"Reset {self.accessibleName()}")
        menu.addAction(text, self.reset).setEnabled(self.is_moved)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Leave the right button to the context menu."""
        if event.button() != Qt.MouseButton.RightButton:
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
