"""Type-ahead in lists: letters go to the focused list instead of the menus."""

from __future__ import annotations

from typing import override

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QWidget

LISTS = (QAbstractItemView, QComboBox)
NAVIGATION_KEYS = (Qt.Key.Key_Home, Qt.Key.Key_End)
MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class TypeAhead(QObject):
    """Disables shortcuts of single letters, Home and End while a list has the focus.

    Qt does the same for text inputs. The filter is installed on the focused list only: on all
    widgets it would slow the window down.
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
        """Accept the shortcut override, so that the list gets the key."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & MODIFIERS
            if plain and (
                (event.text().isprintable() and event.text()) or event.key() in NAVIGATION_KEYS
            ):
                event.accept()
                return True
        return super().eventFilter(watched, event)
