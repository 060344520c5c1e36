"""Controls whose value only their panel holds, as part of undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QDoubleSpinBox

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.workers.intents.undo import Undo

Control = QComboBox | QAbstractSlider | QDoubleSpinBox | QAbstractButton


def make_undoable(undo: Undo, **controls: Control) -> None:
    """Record the changes of controls that the state does not hold.

    Restoring sets the control, which then emits its signal as if the user had changed it.

    Parameters
    ----------
    undo : Undo
        That of the controller.
    **controls : QComboBox, QAbstractSlider, QDoubleSpinBox or QAbstractButton
        Each under the name of the setting, with underscores: ``range_of_traversals``.
    """
    for name, control in controls.items():
        _Recorder(undo, name.replace("_", " "), control)


def make_choice_undoable[T](
    undo: Undo, name: str, read: Callable[[], T], restore: Callable[[T], None]
) -> Callable[[], None]:
    """Register a setting of a panel, and return a function that records a change of it."""
    undo.register(name, read, restore)
    return lambda: undo.remember_choice(name)


class _Recorder(QObject):
    """Records the changes of one control; see `make_undoable`."""

    def __init__(self, undo: Undo, name: str, control: Control) -> None:
        super().__init__(control)
        self._undo, self._name, self._control = undo, name, control
        if isinstance(control, QComboBox):
            control.currentIndexChanged.connect(self._record)
        elif isinstance(control, QAbstractButton):
            control.toggled.connect(self._record)
        else:
            control.valueChanged.connect(self._record)
        if isinstance(control, QAbstractSlider):
            control.sliderReleased.connect(self._record)
        undo.register(name, self._read, self._restore)

    def _read(self) -> Any:
        if isinstance(self._control, QComboBox):
            return self._control.currentIndex()
        if isinstance(self._control, QAbstractButton):
            return self._control.isChecked()
        return self._control.value()

    def _restore(self, value: Any) -> None:
        if isinstance(self._control, QComboBox):
            self._control.setCurrentIndex(value)
        elif isinstance(self._control, QAbstractButton):
            self._control.setChecked(value)
        else:
            self._control.setValue(value)

    @Slot()
    def _record(self) -> None:
        """Record the value, once for a drag."""
        is_dragged = isinstance(self._control, QAbstractSlider) and self._control.isSliderDown()
        if not is_dragged:
            self._undo.remember_choice(self._name)
