"""Labels and small buttons of the window."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QTextLayout
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

from latentlab.widgets.kit.theme import UNIT, small

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
"""Alignment of numbers."""
TIP_WIDTH = 90
"""Characters of a line of a long tooltip."""


def wrapped(text: str) -> str:
    """Return the text of a tooltip in lines that fit; line breaks are kept."""
    return "\n".join(fill(line, TIP_WIDTH) for line in text.split("\n"))


def literal(text: str) -> str:
    """Return a text that may come from a file, for a button or a menu, which show it as it is.

    Qt would underline the character after an ampersand, and show what follows a tab as a shortcut.
    """
    return text.replace("&", "&&").replace("\t", " ")


class ElidedLabel(QLabel):
    """One line of plain text, shortened if too long; the tooltip has the full text.

    Parameters
    ----------
    mode : Qt.TextElideMode
        Position of the ellipsis.
    fills : bool
        Whether it takes the width that is left, whatever its text: another one lays out nothing,
        unless the shortest needs another width.
    """

    def __init__(
        self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, *, fills: bool = False
    ) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText)
        self._mode, self._fills = mode, fills
        self._texts: tuple[str, ...] = ("",)

    @override
    def setText(self, text: str, *shorter: str) -> None:
        """Show a text; in less room the first of the shorter ones that fits, else it is elided."""
        if (text, *shorter) == self._texts:
            return
        needed = self.sizeHint(), self.minimumSizeHint()
        # Not the text of QLabel, which lays out the whole window at each change.
        self._texts = (text, *shorter)
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()
        if needed != (self.sizeHint(), self.minimumSizeHint()):
            self.updateGeometry()

    @override
    def text(self) -> str:
        return self._texts[0]

    @override
    def sizeHint(self) -> QSize:
        if self._fills:
            return self.minimumSizeHint()
        margins = self.contentsMargins()
        width = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(width + margins.left() + margins.right(), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        shortest = self._texts[-1] if len(self._texts) > 1 else ""
        needed = self.fontMetrics().horizontalAdvance(shortest)
        return QSize(max(4 * UNIT, needed), super().minimumSizeHint().height())

    @property
    def texts(self) -> tuple[str, ...]:
        """The text and the shorter ones that may stand for it."""
        return self._texts

    @property
    def shown_text(self) -> str:
        """Text as painted."""
        width, metrics = self.contentsRect().width(), self.fontMetrics()
        fitting = (text for text in self.texts if metrics.horizontalAdvance(text) <= width)
        elided = metrics.elidedText(self.texts[-1], self._mode, width)
        return next(fitting, elided)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown_text)


class FastLabel(QWidget):
    """Right-aligned line of text that changes many times a second.

    A QLabel invalidates all layouts up to the window when its text changes; this widget does not:
    it accepts any width.
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        """Return the text."""
        return self._text

    def setText(self, text: str) -> None:
        """Show a text."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), RIGHT, self._text)


def two_lines(text: str, font: QFont, width: int) -> list[str]:
    """Break a text into at most two lines, the second elided."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    first = layout.createLine()
    first.setLineWidth(width)
    layout.endLayout()
    line, rest = text[: first.textLength()].strip(), text[first.textLength() :].strip()
    elided = QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, width)
    return [line, elided] if rest else [line]


class TwoLineLabel(QLabel):
    """Plain text in at most two lines; the tooltip has the full text."""

    def __init__(self) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def setText(self, text: str) -> None:
        """Show a text."""
        super().setText(" ".join(text.split()))
        self.setToolTip(text)
        self.updateGeometry()

    def shown_lines(self) -> list[str]:
        """Return the lines as painted."""
        return two_lines(self.text(), self.font(), self.width())

    @override
    def sizeHint(self) -> QSize:
        lines = len(self.shown_lines()) if self.text() else 1
        return QSize(40 * UNIT, lines * self.fontMetrics().lineSpacing())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(10 * UNIT, self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), "\n".join(self.shown_lines()))


def muted(
    text: str = "", *, stretch: bool = True, elided: bool = False, rich: bool = False
) -> QLabel:
    """Return a small, muted label.

    Parameters
    ----------
    text : str
        Plain text, or HTML.
    stretch : bool
        Whether it takes the width that is left instead of widening the layout.
    elided : bool
        Whether a text that is too long ends in an ellipsis, as plain text, and is not cut off.
    rich : bool
        Whether its texts are HTML, made here; names from files in it are escaped.
    """
    label = ElidedLabel() if elided else QLabel()
    if rich:
        label.setTextFormat(Qt.TextFormat.RichText)
    label.setObjectName("muted")
    label.setFont(small(label.font()))
    # After the font: measuring the text applies the style sheet, which then keeps its font.
    label.setText(text)
    if stretch:
        label.setSizePolicy(QSizePolicy.Policy.Ignored, label.sizePolicy().verticalPolicy())
    return label


def muted_line() -> ElidedLabel:
    """Return a small, muted line that takes the width that is left, so that nothing moves."""
    label = ElidedLabel(fills=True)
    label.setObjectName("muted")
    label.setFont(small(label.font()))
    return label


def problem() -> QLabel:
    """Return a hidden label for an error message below an input."""
    label = QLabel(textFormat=Qt.TextFormat.PlainText)
    label.setObjectName("problem")
    label.setWordWrap(True)
    label.setFont(small(label.font()))
    label.hide()
    return label


def make_compact_button(text: str, tip: str) -> QPushButton:
    """Return a button as wide as its text, for narrow rows."""
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setFixedWidth(button.fontMetrics().horizontalAdvance(text) + 2 * UNIT)
    return button
