"""Legend of the map, which shows and hides classes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QSignalBlocker, QSize, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from latentlab.widgets.kit.few_lines import FewLines
from latentlab.widgets.kit.flow_layout import FlowLayout
from latentlab.widgets.kit.labels import literal, muted
from latentlab.widgets.kit.theme import class_colour, small

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

DOT = 10
MAX_TOGGLES = 100
"""Maximum number of toggles; of more classes some are searched."""


class Legend(FewLines):
    """One toggle per class; a double click shows one class alone, or all again.

    Of many classes it has toggles for the first ones that a search finds.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        inside = QWidget()
        super().__init__(inside, parent)
        self._layout = FlowLayout(0, inside)
        self._names: tuple[str, ...] = ()
        self._hidden: set[int] = set()
        self.buttons: list[_Toggle] = []
        self.search = QLineEdit()
        self.search.setFont(small(self.search.font()))
        self.search.setAccessibleName("Search classes")
        self.search.setToolTip("Shows the classes whose names contain this text")
        self.search.setClearButtonEnabled(True)
        self.search.hide()
        self._more = muted(stretch=False)
        self._more.hide()
        for widget in (self.search, self._more):
            self._layout.addWidget(widget)
        self.search.textChanged.connect(self._list)

    def offer(self, names: tuple[str, ...]) -> bool:
        """Show one toggle per class; return whether the classes are others than before."""
        if names == self._names:
            return False
        self._names, self._hidden = names, set()
        with QSignalBlocker(self.search):
            self.search.clear()
        self.search.setPlaceholderText(f"Search {len(names):,} classes")
        self.search.setVisible(len(names) > MAX_TOGGLES)
        self._list()
        self.setVisible(bool(names))
        return True

    @Slot()
    def _list(self) -> None:
        """Make the toggles of the classes that are found."""
        text = self.search.text().casefold()
        found = [label for label, name in enumerate(self._names) if text in name.casefold()]
        for button in self.buttons:
            self._layout.removeWidget(button)
            button.deleteLater()
        # All are laid out at once, and not again for each that is shown.
        self._layout.setEnabled(False)
        self._layout.removeWidget(self._more)
        self.buttons = [_Toggle(label, self._names[label]) for label in found[:MAX_TOGGLES]]
        for button in self.buttons:
            button.setChecked(button.label not in self._hidden)
            button.toggled.connect(self._on_toggled)
            button.isolated.connect(self._isolate)
            self._layout.addWidget(button)
            button.show()
        self._layout.addWidget(self._more)
        self._more.setText(f"{len(found) - len(self.buttons):,} more")
        self._more.setVisible(len(found) > len(self.buttons))
        self._layout.setEnabled(True)
        self._layout.activate()
        if self.buttons:
            self.line_height = self.buttons[0].sizeHint().height()
            self.fit()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their colours."""
        return self._names

    def shown(self) -> set[int] | None:
        """Return the classes to show; None for all."""
        return set(range(len(self._names))) - self._hidden if self._hidden else None

    def show_classes(self, shown: set[int] | None) -> None:
        """Show these classes only; None shows all."""
        self._hidden = set() if shown is None else set(range(len(self._names))) - shown
        for button in self.buttons:
            with QSignalBlocker(button):
                button.setChecked(button.label not in self._hidden)
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
        toggled = {button.label for button in self.buttons if not button.isChecked()}
        listed = {button.label for button in self.buttons}
        self._hidden = (self._hidden - listed) | toggled
        self.changed.emit()

    @Slot(int)
    def _isolate(self, label: int) -> None:
        # The first click of the double click already toggled it.
        before = (set(range(len(self._names))) - self._hidden) ^ {label}
        self.show_classes(None if before <= {label} else {label})


class _Toggle(QToolButton):
    isolated = Signal(int)

    def __init__(self, label: int, name: str) -> None:
        super().__init__()
        self.label = label
        self.setText(literal(name))
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
