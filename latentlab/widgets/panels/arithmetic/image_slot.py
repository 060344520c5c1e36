"""Image slot: shows a decoded point, can be clicked, and accepts dropped files."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from latentlab.widgets.kit.class_menu import ClassMenu
from latentlab.widgets.kit.clipboard import local_files
from latentlab.widgets.kit.images.image_view import ImageView
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import (
        QDragEnterEvent,
        QDragLeaveEvent,
        QDropEvent,
        QEnterEvent,
        QKeyEvent,
        QMouseEvent,
    )


class ImageSlot(ImageView):
    """Image that acts as a button.

    Parameters
    ----------
    index : int
        First argument of all its signals.
    name : str
        Accessible name.
    tip : str
        Tooltip.
    """

    clicked = Signal(int)
    pointed = Signal(int, bool)
    """Index, and whether the cursor is over the slot."""
    dropped = Signal(int, object)
    """Index, and path of the dropped file."""

    def __init__(self, index: int, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.index = index
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)
        self.setToolTip(tip)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit(self.index)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if Qt.Key(event.key()) in keys:
            self.clicked.emit(self.index)
        else:
            super().keyPressEvent(event)

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self.pointed.emit(self.index, True)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(self.index, False)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is not self and local_files(event.mimeData()):
            event.acceptProposedAction()
            self.set_frame(QColor(colours().accent))

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.set_frame(None)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self.set_frame(None)
        if paths := local_files(event.mimeData()):
            event.acceptProposedAction()
            self.dropped.emit(self.index, paths[0])

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(QColor(colours().accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class EditableSlot(QWidget):
    """Slot with buttons that fill it with the current z or the mean of a class; takes files.

    Parameters
    ----------
    index : int
        First argument of all its signals.
    name : str
        Role of the slot, such as ``with``.
    """

    put = Signal(int)
    mean = Signal(int, int)
    """Index, and label of the class."""

    def __init__(self, index: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.index = index
        tip = f"Slot “{name}”: click to set z to it. Drop an image file to encode it here."
        self.view = ImageSlot(index, f"Slot “{name}”", tip)
        self.view.setAcceptDrops(True)
        self.caption = muted()
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        put_button = QToolButton()
        put_button.setText("Use z")
        put_button.setAccessibleName(f"Use z as “{name}”")
        put_button.setToolTip(f"Set the slot “{name}” to the current z.")
        put_button.clicked.connect(self._on_put)
        self.means = QToolButton()
        self.means.setText("▾")
        self.means.setAccessibleName(f"Use the mean of a class as “{name}”")
        self.means.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.means.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._classes = ClassMenu(parent=self.means, prefix="Mean of ")
        self._classes.chosen.connect(self._on_class)
        self.means.setMenu(self._classes)
        self.means.setToolTip(f"Set the slot “{name}” to the mean of a class.")
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        buttons.addStretch(1)
        for button in (put_button, self.means):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setFont(small(button.font()))
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        role = muted(name)
        role.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(role)
        column.addLayout(buttons)
        column.addWidget(self.view, 1)
        column.addWidget(self.caption)

    @Slot()
    def _on_put(self) -> None:
        self.put.emit(self.index)

    def offer(self, names: Sequence[str]) -> None:
        """List the class means in the menu; hide the menu if there are none."""
        self.means.setVisible(bool(names))
        self._classes.offer(names)

    @Slot(int)
    def _on_class(self, label: int) -> None:
        self.mean.emit(self.index, label)
