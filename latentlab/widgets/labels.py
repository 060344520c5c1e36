"""Labels in the few manners that the window uses."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy

from latentlab.widgets.theme import UNIT, small


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


def narrow(text: str, tip: str) -> QPushButton:
    """Return a button no wider than its text needs, for rows with little room."""
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setFixedWidth(button.fontMetrics().horizontalAdvance(text) + 2 * UNIT)
    return button
