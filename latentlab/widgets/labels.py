"""Labels in the few manners that the window uses."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from latentlab.widgets.theme import small


def muted(text: str = "", *, stretch: bool = True) -> QLabel:
    """Return a small, pale label; one that stretches is cut off rather than pushing others."""
    label = QLabel(text)
    label.setObjectName("muted")
    label.setFont(small(label.font()))
    if stretch:
        label.setSizePolicy(QSizePolicy.Policy.Ignored, label.sizePolicy().verticalPolicy())
    return label


def problem() -> QLabel:
    """Return a label for an error text below what it is about; hidden until it has one."""
    label = QLabel(textFormat=Qt.TextFormat.PlainText)
    label.setObjectName("problem")
    label.setWordWrap(True)
    label.setFont(small(label.font()))
    label.hide()
    return label
