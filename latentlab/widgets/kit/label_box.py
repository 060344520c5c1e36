"""Choice of the conditions of a model: a list of classes, or a slider and a box for a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSlider, QWidget

from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import NumberBox
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.data.condition import Condition, Label

TICKS = 1000


class Picker(QWidget):
    """Base class of the choice of the value of one condition."""

    changed = Signal(float, bool)
    """The value, and whether it is final: False during a drag."""

    def __init__(self, condition: Condition) -> None:
        super().__init__()
        self.condition = condition
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(UNIT)

    def show_value(self, value: float) -> None:
        """Show a value without emitting `changed`."""
        raise NotImplementedError


class ClassPicker(Picker):
    """List of the classes of a condition."""

    def __init__(self, condition: Condition) -> None:
        super().__init__(condition)
        self.list = QComboBox()
        self.list.addItems(list(condition.classes))
        self.list.setAccessibleName(condition.name)
        self.list.setToolTip(f"Decode with another {condition.name}, with the same z")
        self.row.addWidget(self.list, 1)
        self.list.activated.connect(self._on_activated)

    @override
    def show_value(self, value: float) -> None:
        self.list.setCurrentIndex(int(value))

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.changed.emit(float(index), True)


class NumberPicker(Picker):
    """Slider over the range of the training images, and a box for the exact number."""

    def __init__(self, condition: Condition) -> None:
        super().__init__(condition)
        span = f"{condition.low:g} to {condition.high:g} in the training images"
        tip = f"Decode with another {condition.name}, with the same z ({span})"
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.box = NumberBox(condition.low, condition.high)
        self.box.setStepType(NumberBox.StepType.AdaptiveDecimalStepType)
        self.box.setKeyboardTracking(False)
        for widget, stretch in ((self.slider, 1), (self.box, 0)):
            widget.setAccessibleName(condition.name)
            widget.setToolTip(tip)
            self.row.addWidget(widget, stretch)
        self.slider.valueChanged.connect(self._on_slid)
        self.slider.sliderReleased.connect(self._on_released)
        self.box.valueChanged.connect(self._on_entered)

    @override
    def show_value(self, value: float) -> None:
        low, high = self.condition.low, self.condition.high
        with QSignalBlocker(self.slider), QSignalBlocker(self.box):
            if not self.slider.isSliderDown():
                self.slider.setValue(round((value - low) / (high - low) * TICKS))
            self.box.show_value(value)

    def _slider_value(self) -> float:
        low, high = self.condition.low, self.condition.high
        return low + self.slider.value() / TICKS * (high - low)

    @Slot()
    def _on_slid(self) -> None:
        self.changed.emit(self._slider_value(), not self.slider.isSliderDown())

    @Slot()
    def _on_released(self) -> None:
        self.changed.emit(self._slider_value(), True)

    @Slot(float)
    def _on_entered(self, value: float) -> None:
        self.changed.emit(value, True)


class LabelBox(QWidget):
    """One picker per condition of a model; hidden without conditions."""

    chosen = Signal(object, bool)
    """The label as a tuple, and whether it is final: False during a drag."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, UNIT // 2)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(UNIT // 2)
        self._grid.setColumnStretch(1, 1)
        self._conditions: tuple[Condition, ...] = ()
        self._label: tuple[float, ...] = ()
        self.pickers: list[Picker] = []
        self.hide()

    def offer(self, conditions: tuple[Condition, ...]) -> None:
        """Make the pickers of the conditions of a model."""
        self.setVisible(bool(conditions))
        if conditions == self._conditions:
            return
        self._conditions, self._label, self.pickers = conditions, (), []
        while (item := self._grid.takeAt(0)) is not None:
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for i, condition in enumerate(conditions):
            picker = (NumberPicker if condition.continuous else ClassPicker)(condition)
            self._grid.addWidget(muted(condition.name, stretch=False), i, 0)
            self._grid.addWidget(picker, i, 1)
            picker.changed.connect(self._on_changed)
            self.pickers.append(picker)

    def show_label(self, label: Label | None) -> None:
        """Show a label without emitting `chosen`."""
        if not isinstance(label, tuple) or len(label) != len(self.pickers):
            return
        self._label = label
        for picker, value in zip(self.pickers, label, strict=True):
            picker.show_value(value)

    @Slot(float, bool)
    def _on_changed(self, value: float, settled: bool) -> None:
        """Emit the label with one value replaced; the others keep all digits."""
        picker = self.sender()
        if not self._label or not isinstance(picker, Picker):
            return
        changed = self.pickers.index(picker)
        self._label = tuple(value if i == changed else x for i, x in enumerate(self._label))
        self.chosen.emit(self._label, settled)
