"""Toolbar of the map: selection tools and menus."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.map.lasso import BOX, LASSO, NO_TOOL

TOOLS = {
    BOX: "Select images in a box: Shift adds, Alt removes, a click takes one",
    LASSO: "Select images in a lasso: Shift adds, Alt removes, a click takes one",
}


class MapToolbar(QFrame):
    """Bar on the map with box and lasso, of which at most one is active, and menus."""

    chosen = Signal(str)
    """Name of the active tool; empty for none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._container = parent
        self.setObjectName("mapBar")
        row = QVBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        self.buttons = {tool: IconButton(tool, tip) for tool, tip in TOOLS.items()}
        for button in self.buttons.values():
            button.setCheckable(True)
            button.clicked.connect(self._on_clicked)
            row.addWidget(button)
        self.select = IconButton("select", "Select by class, attribute, number or text")
        self.layers = IconButton(
            "layers", "Draw posteriors, holes, images or the manifold on the map"
        )
        self.home = IconButton("home", "Zoom to all codes")
        for button in (self.select, self.layers, self.home):
            row.addWidget(button)
        self.adjustSize()

    def stand(self) -> None:
        """Move to the upper right corner of the map."""
        self.move(self._container.width() - self.width() - UNIT, UNIT)

    @Slot()
    def show_none(self) -> None:
        """Uncheck all tools."""
        for button in self.buttons.values():
            button.setChecked(False)

    @Slot()
    def _on_clicked(self) -> None:
        for button in self.buttons.values():
            if button is not self.sender():
                button.setChecked(False)
        active = [tool for tool, button in self.buttons.items() if button.isChecked()]
        self.chosen.emit(active[0] if active else NO_TOOL)

    def drop(self, menu: QMenu, button: IconButton) -> None:
        """Open a menu below a button, and delete it afterwards."""
        menu.exec(button.mapToGlobal(button.rect().bottomLeft()))
        menu.deleteLater()
