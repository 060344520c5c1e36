"""Legend of the map, which shows and hides classes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QSignalBlocker, QSize, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from latentlab.widgets.kit.few_lines import FewLines
from latentlab.widgets.kit.flow_layout import FlowLayout
from latentlab.widgets.kit.theme import class_colour, small

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

DOT = 10


class Legend(FewLines):
    """One toggle per class; a double click shows one class alone, or all again."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        inside = QWidget()
        super().__init__(inside, parent)
        self._layout = FlowLayout(0, inside)
        self._names: tuple[str, ...] = ()
        self.buttons: list[_Toggle] = []

    def offer(self, names: tuple[str, ...]) -> bool:
        """Show one toggle per class; return whether the classes are others than before."""
        if names == self._names:
            return False
        self._names = names
        for button in self.buttons:
            self._layout.removeWidget(button)
            button.deleteLater()
        self.buttons = [_Toggle(i, name) for i, name in enumerate(names)]
        for button in self.buttons:
            button.toggled.connect(self._on_toggled)
            button.isolated.connect(self._isolate)
            self._layout.addWidget(button)
        self.setVisible(bool(names))
        if self.buttons:
            self.line_height = self.buttons[0].sizeHint().height()
            self.fit()
        return True

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their colours."""
        return self._names

    def shown(self) -> set[int] | None:
        """Return the classes to show; None for all."""
        on = {button.label for button in self.buttons if button.isChecked()}
        return None if len(on) == len(self.buttons) else on

    def show_classes(self, shown: set[int] | None) -> None:
        """Show these classes only; None shows all."""
        for button in self.buttons:
            with QSignalBlocker(button):
                button.setChecked(shown is None or button.label in shown)
        self.changed.emit()

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the choice of the class under the cursor to the context menu."""
        button = self.childAt(place)
        if isinstance(button, _Toggle):
            show = partial(self.show_classes, {button.label})
            menu.addAction(f"Show {button.text()} alone", show)
        menu.addAction("Show all", partial(self.show_classes, None))

    @Slot()
    def _on_toggled(self) -> None:
        self.changed.emit()

    @Slot(int)
    def _isolate(self, label: int) -> None:
        # The first click of the double click already toggled it.
        before = {button.label for button in self.buttons if button.isChecked()} ^ {label}
        alone = before <= {label}
        for button in self.buttons:
            with QSignalBlocker(button):
                button.setChecked(alone or button.label == label)
        self.changed.emit()


class _Toggle(QToolButton):
    isolated = Signal(int)

    def __init__(self, label: int, name: str) -> None:
        super().__init__()
        self.label = label
        self.setText(name)
        self.setFont(small(self.font()))
        self.setCheckable(True)
        self.setChecked(True)
        self.setIcon(_dots(class_colour(label)))
        self.setIconSize(QSize(DOT, DOT))
        self.setToolButtonStyle(self.toolButtonStyle().ToolButtonTextBesideIcon)
        self.setToolTip(f"Show or hide {name}. Double-click to show {name} alone, or all again.")
        self.setStyleSheet(
            "QToolButton { padding: 1px 2px; } QToolButton:checked { background: transparent; }"
        )

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.isolated.emit(self.label)


def _dots(colour: QColor) -> QIcon:
    """Return an icon with a filled dot for on and an empty one for off."""
    icon = QIcon()
    for state, filled in ((QIcon.State.On, True), (QIcon.State.Off, False)):
        pixmap = QPixmap(4 * DOT, 4 * DOT)
        pixmap.fill(QColor(0, 0, 0, 0))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = painter.pen()
        pen.setColor(colour)
        pen.setWidth(5)
        painter.setPen(pen)
        painter.setBrush(colour if filled else QColor(0, 0, 0, 0))
        painter.drawEllipse(5, 5, 4 * DOT - 10, 4 * DOT - 10)
        painter.end()
        icon.addPixmap(pixmap, QIcon.Mode.Normal, state)
    return icon
