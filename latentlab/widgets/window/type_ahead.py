"""Letters go to the list that has the focus, not to the menus."""

from __future__ import annotations

from typing import override

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QWidget

LISTS = (QAbstractItemView, QComboBox)
WALKS = (Qt.Key.Key_Home, Qt.Key.Key_End)
MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class TypeAhead(QObject):
    """Keeps single letters, Home and End from being shortcuts while a list has the focus.

    Qt does so itself where text is typed. It watches one widget at a time: to watch all would cost
    the window its speed.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    @Slot(QWidget, QWidget)
    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        if isinstance(old, LISTS):
            old.removeEventFilter(self)
        if isinstance(new, LISTS):
            new.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is typed for the list."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & MODIFIERS
            if plain and ((event.text().isprintable() and event.text()) or event.key() in WALKS):
                event.accept()
                return True
        return super().eventFilter(watched, event)
