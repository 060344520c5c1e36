"""Row of the Directions panel: name, slider, strength and images of one direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latentlab.session.directions import warnings_for
from latentlab.widgets.kit.axis.slider import AxisSlider
from latentlab.widgets.kit.axis.strip import ImageStrip
from latentlab.widgets.kit.context_menu import add_button_actions
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import RIGHT, wrapped
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtCore import QPoint

    from latentlab.latent.codes import Codes
    from latentlab.session.directions import Direction
    from latentlab.session.points import ModelCard

MAX_NAME_LENGTH = 40


class DirectionRow(QFrame):
    """Slider that moves z along a direction, with a badge for its strength."""

    renamed = Signal(object, str)
    """Direction, and its new name."""
    removed = Signal(object)
    laid = Signal(object, bool)
    """Direction, and whether it becomes the vertical axis of the map instead of the horizontal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.direction: Direction | None = None
        self.name = _Name()
        self.value = QLabel()
        self.value.setFont(small(self.value.font()))
        self.value.setMinimumWidth(self.value.fontMetrics().horizontalAdvance("+0.00 σ"))
        self.value.setAlignment(RIGHT)
        self.badge = StrengthBadge()
        self.axes = self._axes_button()
        self.reset = IconButton("reset", "Reset")
        self.remove = IconButton("close", "Delete")
        self.slider = AxisSlider()
        self.strip = ImageStrip(self.slider)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, UNIT // 2, 0, UNIT)
        column.setSpacing(UNIT // 2)
        head = QHBoxLayout()
        head.setSpacing(UNIT // 2)
        head.addWidget(self.name, 1)
        for widget in (self.badge, self.value, self.axes, self.reset, self.remove):
            head.addWidget(widget)
        column.addLayout(head)
        column.addWidget(self.slider)
        column.addWidget(self.strip)
        self.name.editingFinished.connect(self._on_name)
        self.reset.clicked.connect(self.slider.reset)
        self.remove.clicked.connect(self._on_remove)

    def _axes_button(self) -> IconButton:
        button, menu = IconButton("axes", "Use this direction as an axis of the map"), QMenu(self)
        menu.addAction("As horizontal axis of the map", self._on_right)
        menu.addAction("As vertical axis of the map", self._on_up)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        return button

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the actions of the direction to the context menu."""
        add_button_actions(menu, [self.axes, self.reset, self.remove])

    def show_direction(self, direction: Direction, card: ModelCard) -> None:
        """Show a direction."""
        self.direction = direction
        name = direction.name
        if not self.name.hasFocus():
            self.name.setText(name)
        self.name.setAccessibleName(f"Name of {name}")
        self.name.setToolTip("Name of the direction. Type another name and press Enter.")
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(
            f"Move z along {name}, in standard deviations of the codes. 0 is their mean."
        )
        self.badge.show_strength(direction, card)
        self.axes.setToolTip(
            f"Use {name} as an axis of the map; another direction can be the other axis."
        )
        self.axes.setAccessibleName(f"Use {name} as an axis of the map")
        for button, verb in ((self.reset, "Reset"), (self.remove, "Delete")):
            button.setToolTip(f"{verb} {name}")
            button.setAccessibleName(f"{verb} {name}")

    def show_z(self, codes: Codes, z: NDArray[np.float64]) -> None:
        """Show the position of z along the direction."""
        if self.direction is None or len(self.direction.vector) != len(z):
            return
        self.slider.show_z(self.direction.axis(codes), z)
        self.value.setText(f"{self.slider.position:+.2f} σ")
        self.reset.setEnabled(self.slider.is_moved)

    @Slot()
    def _on_name(self) -> None:
        if self.direction is None:
            return
        text = self.name.text().strip()
        if text and text != self.direction.name:
            self.renamed.emit(self.direction, text)
        else:
            self.name.setText(self.direction.name)

    @Slot()
    def _on_right(self) -> None:
        self.laid.emit(self.direction, False)

    @Slot()
    def _on_up(self) -> None:
        self.laid.emit(self.direction, True)

    @Slot()
    def _on_remove(self) -> None:
        self.removed.emit(self.direction)


class _Name(QLineEdit):
    """Line edit that looks like a label until it is edited; Escape restores the text."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrame(False)
        self.setMaxLength(MAX_NAME_LENGTH)
        self.setMinimumWidth(48)
        self.setStyleSheet("background: transparent; font-weight: 600; padding: 0")
        self._before = ""

    @override
    def focusInEvent(self, event: QEvent) -> None:
        self._before = self.text()
        super().focusInEvent(event)  # type: ignore[arg-type]

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._before)
            self.clearFocus()
            return
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()


class StrengthBadge(QWidget):
    """Strength of a direction: a dot and a word, with the details in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(small(self.font()))
        self.text = ""
        self._is_weak = False

    def show_strength(self, direction: Direction, card: ModelCard) -> None:
        """Show how well a direction separates its groups."""
        warnings = warnings_for(direction, card)
        self._is_weak = bool(warnings)
        warning = "weak" if direction.weaknesses else "elsewhere" if warnings else ""
        self.text = warning or f"d = {direction.d:.1f}"
        lines = [direction.strength]
        lines += [f"⚠ {doubt}" for doubt in warnings]
        apart = ", ".join(direction.apart_from)
        unchanged = f"; holds {apart} fixed" if apart else ""
        lines += [f"Learned from {direction.source} by {direction.method}{unchanged}."]
        lines += [
            "Cohen's d is the distance between the two groups in standard deviations; above 0.8 "
            "is called large. The accuracy is on held-out images; 50% is chance."
        ]
        self.setToolTip(wrapped("\n\n".join(lines)))
        self.setAccessibleName(f"Strength of {direction.name}: {self.text}")
        self.setFixedSize(self.fontMetrics().horizontalAdvance(self.text) + 14, 20)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colour = QColor(colours().watch if self._is_weak else colours().fine)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(4, self.height() / 2), 3, 3)
        painter.setPen(colour)
        rect = self.rect().adjusted(11, 0, 0, 0)
        painter.drawText(
            rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text
        )
