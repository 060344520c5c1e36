"""Settings of panels that a lesson chooses by their names on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox

from latentlab.widgets.window.commands import plain

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.widgets.window.main_window import MainWindow
    from latentlab.workers.lesson_actions import Setting


def choose_setting(window: MainWindow, setting: Setting) -> None:
    """Choose a setting of a panel; refuse if there is none of this name.

    Only switches and lists: a lesson cannot press a button that deletes something.
    """
    dock = window.docks.get(setting.panel)
    if dock is None or not _choose(dock.build(), setting):
        window.controller.store.refuse(
            f"The lesson wants “{setting.control}” of the panel “{setting.panel}”, which is not "
            "there."
        )


def _choose(panel: QWidget, setting: Setting) -> bool:
    return _switch(panel, setting) if isinstance(setting.value, bool) else _select(panel, setting)


def _switch(panel: QWidget, setting: Setting) -> bool:
    switches: list[QAction | QAbstractButton] = [*panel.findChildren(QAction)]
    switches += panel.findChildren(QAbstractButton)
    for found in switches:
        names = {plain(found.text())}
        if isinstance(found, QAbstractButton):
            names.add(found.accessibleName())
        if found.isCheckable() and setting.control in names:
            if found.isChecked() != setting.value:
                found.trigger() if isinstance(found, QAction) else found.click()
            return True
    return False


def _select(panel: QWidget, setting: Setting) -> bool:
    for box in panel.findChildren(QComboBox):
        if box.accessibleName() == setting.control and box.findText(str(setting.value)) >= 0:
            box.setCurrentText(str(setting.value))
            return True
    return False
