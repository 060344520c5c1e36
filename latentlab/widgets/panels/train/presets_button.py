"""Button with the menu of presets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QMenu, QPushButton

from latentlab.session.recipes import approximate
from latentlab.widgets.kit.labels import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

    from latentlab.session.recipes import Preset

UNKNOWN = "measuring…"


class PresetsButton(QPushButton):
    """Button whose menu lists the presets, each with what it teaches and its time."""

    chosen = Signal(object)
    """The ``Preset``."""
    opened = Signal()
    """The menu is about to be shown."""

    def __init__(self) -> None:
        super().__init__("Presets")
        self.setToolTip("Fill the form with a recipe of a tutorial, or another that was tested")
        menu = QMenu(self)
        menu.setSeparatorsCollapsible(False)
        menu.aboutToShow.connect(self.opened)
        menu.triggered.connect(self._on_triggered)
        self.setMenu(menu)
        self._actions: dict[str, QAction] = {}

    def show_presets(self, presets: Sequence[Preset]) -> None:
        """Fill the menu, or update the times in it."""
        if [preset.title for preset in presets] != list(self._actions):
            self._fill(presets)
        for preset in presets:
            action = self._actions[preset.title]
            time = approximate(preset.seconds, preset.slowest) if preset.seconds else UNKNOWN
            text = literal(f"{preset.title}: {preset.lesson}")
            action.setText(f"{text}\t{preset.unavailable or time}")
            action.setEnabled(not preset.unavailable)
            action.setData(preset)

    def _fill(self, presets: Sequence[Preset]) -> None:
        menu = self.menu()
        menu.clear()
        self._actions = {}
        for title, wanted in (("From tutorials", True), ("More", False)):
            group = [preset for preset in presets if bool(preset.reference) is wanted]
            if group:
                menu.addSection(title)
            for preset in group:
                self._actions[preset.title] = menu.addAction(preset.title)

    @Slot(object)
    def _on_triggered(self, action: QAction) -> None:
        self.chosen.emit(action.data())
