"""Line icons in the text colour of the current theme."""

from __future__ import annotations

from functools import lru_cache
from typing import override

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton, QWidget

from latentlab.widgets.kit.theme import Colours, colours

# Paths on a 24-pixel square.
SVG_PATHS = {
    "undo": "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6",
    "back": "M19 12H5M11 6l-6 6 6 6",
    "redo": "M15 7l5 5-5 5M20 12H10a6 6 0 0 0-6 6",
    "play": "M7 5l12 7-12 7z",
    "pause": "M8 5v14M16 5v14",
    "export": "M12 4v11M8 11l4 4 4-4M5 20h14",
    "copy": "M8 8h11v12H8zM16 8V4H5v12h3",
    "dice": "M5 5h14v14H5zM9 9h.01M15 15h.01M15 9h.01M9 15h.01M12 12h.01",
    "reset": "M5 12a7 7 0 1 0 3-5.7M5 4v4h4",
    "help": "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 18h.01",
    "close": "M6 6l12 12M18 6 6 18",
    "float": "M9 9h10v10H9zM15 5H5v10",
    "dock": "M4 5h16v14H4zM20 12H11M14 9l-3 3 3 3",
    "folder": "M4 7h6l2 2h8v10H4z",
    "swap": "M8 5 4 9l4 4M4 9h16M16 19l4-4-4-4",
    "smooth": "M3 17c4 0 5-10 9-10s5 10 9 10",
    "home": "M4 11l8-7 8 7M6 10v9h12v-9",
    "pointer": "M6 4l12 8-5.5 1L9.5 19z",
    "box": "M4 4h3M10 4h4M17 4h3v3M20 10v4M20 17v3h-3M14 20h-4M7 20H4v-3M4 14v-4M4 7V4",
    "lasso": "M12 5c5 0 8 2 8 5s-3 5-8 5-8-2-8-5 3-5 8-5M8 15c-2 0-3 1-3 2s1 2 2 2 2-1 1.5-4",
    "select": "M4 5h16M7 11h10M10 17h4",
    "layers": "M12 4l9 5-9 5-9-5zM3 14l9 5 9-5",
    "more": "M5 12h.01M12 12h.01M19 12h.01",
    "axes": "M5 19V4M2.5 7 5 4l2.5 3M5 19h15M17 16.5l3 2.5-3 2.5",
    "plus": "M12 5v14M5 12h14",
    "pictures": "M3 8h5v8H3zM9.5 8h5v8h-5zM16 8h5v8h-5z",
    "eraser": "M8 19h11M4 14l9-9 6 6-8 8H8zM9 9l6 6",
    "fill": "M5 12l7-7 6 6-7 7zM5 12h13M20 15v3",
    "clear": "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
    "invert": "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16M12 8h2M12 12h4M12 16h2",
    "center": "M12 3v5M12 16v5M3 12h5M16 12h5M12 12h.01",
    "paste": "M8 5H5v15h14V5h-3M9 3h6v4H9z",
    "import": "M12 15V4M8 8l4-4 4 4M5 20h14",
    "search": "M11 4a7 7 0 1 0 0 14 7 7 0 1 0 0-14M16 16l4.5 4.5",
    "decisions": "M4 20c7-1 4-9 8-11s6-1 8-5M7 7h.01M10 5h.01M15 19h.01M18 15h.01",
    "grain": "M5 6h.01M11 5h.01M18 7h.01M8 11h.01M14 10h.01M19 13h.01M5 16h.01M12 16h.01M17 19h.01",
    "film": "M5 5h14v14H5zM5 9h14M5 15h14M9 5v14M15 5v14",
}


def icon(name: str) -> QIcon:
    """Return an icon in the current text colour, fainter if disabled."""
    return _drawn(name, colours())


@lru_cache(maxsize=2 * len(SVG_PATHS))
def _drawn(name: str, c: Colours) -> QIcon:
    drawn = QIcon()
    drawn.addPixmap(_pixmap(name, c.text, 0.85))
    drawn.addPixmap(_pixmap(name, c.muted, 0.45), QIcon.Mode.Disabled)
    return drawn


def _pixmap(name: str, colour: str, opacity: float) -> QPixmap:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" '
        f'stroke="{colour}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{SVG_PATHS[name]}"/></svg>'
    )
    pixmap = QPixmap(64, 64)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return pixmap


class IconButton(QToolButton):
    """Flat button whose icon follows the colour scheme.

    Parameters
    ----------
    name : str
        One of ``PATHS``.
    tip : str
        Tooltip and accessible name.
    """

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setIconSize(QSize(16, 16))
        self.setIcon(icon(name))
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setAutoRaise(True)

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        if name != self._name:
            self._name = name
            self.setIcon(icon(name))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.setIcon(icon(self._name))
        super().changeEvent(event)


def make_toggle_button(name: str, text: str, tip: str) -> IconButton:
    """Return a checkable button with icon and text."""
    button = IconButton(name, tip)
    button.setText(text)
    button.setAccessibleName(text)
    button.setCheckable(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button
