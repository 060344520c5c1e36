"""Colours and fonts: a light and a dark palette, switched at run time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QProxyStyle

from latentlab.session import palette

UNIT = 8
"""Pixels between widgets; all spacing is a multiple or a half of it."""
CHOSEN = 0.18
"""Opacity of the accent colour behind a selected row."""


@dataclass(frozen=True)
class Colours:
    """Colours of one scheme, as hex codes."""

    window: str
    base: str
    field: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    error: str
    error_ground: str
    watch: str
    fine: str


LIGHT = Colours(
    window="#f3f4f7",
    base="#ffffff",
    field="#ffffff",
    raised="#ffffff",
    border="#d7dbe3",
    text="#1c2230",
    muted="#5d6678",
    accent="#3a63d8",
    error="#b3261e",
    error_ground="#fdecea",
    watch="#b26a00",
    fine="#2e7d4f",
)
DARK = Colours(
    window="#1a1d24",
    base="#12141a",
    field="#1e222b",
    raised="#242832",
    border="#323846",
    text="#e5e8ef",
    muted="#98a1b3",
    accent="#6d93ff",
    error="#ff8a80",
    error_ground="#3a1f20",
    watch="#f0b04a",
    fine="#6fc593",
)


class PlainTextStyle(QProxyStyle):
    """Style in which labels, tooltips and message boxes show text as it is, never as HTML.

    By default Qt guesses: a class named ``<img src=…>`` would be an image. A label whose text is
    made of HTML here sets `Qt.TextFormat.RichText`; tooltips are always plain.
    """

    @override
    def polish(self, what: Any) -> Any:
        """Prepare a widget before it is first shown."""
        if isinstance(what, QLabel) and what.textFormat() is Qt.TextFormat.AutoText:
            what.setTextFormat(Qt.TextFormat.PlainText)
        return super().polish(what)


_chosen_scheme = Qt.ColorScheme.Unknown

LABEL = {"font-size": "8.5pt"}
"""Style of the titles of plot axes."""


def is_dark() -> bool:
    """Return whether the scheme is dark: the chosen one, else that of the system."""
    scheme = _chosen_scheme
    if scheme is Qt.ColorScheme.Unknown:
        scheme = QGuiApplication.styleHints().colorScheme()
    return scheme is Qt.ColorScheme.Dark


def choose(scheme: Qt.ColorScheme) -> None:
    """Apply a scheme at once; ``Unknown`` follows the system."""
    global _chosen_scheme
    _chosen_scheme = scheme
    # Window frames belong to the system; not every platform allows to change their scheme.
    QGuiApplication.styleHints().setColorScheme(scheme)
    _apply_theme()


def colours() -> Colours:
    """Return the colours of the current scheme."""
    return DARK if is_dark() else LIGHT


def class_colour(label: int) -> QColor:
    """Return the colour of a class, the same in all panels."""
    return QColor(palette.class_colour(label))


def apply(app: QApplication) -> None:
    """Apply style, font and colours, and follow changes of the colour scheme."""
    app.setStyle(PlainTextStyle("Fusion"))
    font = QFont(app.font())
    font.setPointSizeF(9.5)
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)
    _apply_theme()
    app.styleHints().colorSchemeChanged.connect(_apply_theme)


def small(font: QFont) -> QFont:
    """Return a font in the smaller of the two sizes."""
    font = QFont(font)
    font.setPointSizeF(8.5)
    return font


def heading(font: QFont) -> QFont:
    """Return a font for the heading of a page that covers the window."""
    font = QFont(font)
    font.setPointSizeF(14)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def faint(colour: str, opacity: float) -> QColor:
    """Return a colour with an opacity from 0 to 1."""
    result = QColor(colour)
    result.setAlphaF(opacity)
    return result


def _rgba(colour: str, opacity: float) -> str:
    """Return a colour with an opacity, in the syntax of style sheets."""
    shade = faint(colour, opacity)
    return f"rgba({shade.red()}, {shade.green()}, {shade.blue()}, {shade.alpha()})"


def _apply_theme(_scheme: Qt.ColorScheme | None = None) -> None:
    c = colours()
    QApplication.setPalette(_palette(c))
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    sheet = _frames(c) + _controls(c) + _views(c)
    # Qt polishes each widget six times for a style sheet of the application, once for a window's.
    windows: list[QApplication | QMainWindow] = [
        each for each in app.topLevelWidgets() if isinstance(each, QMainWindow)
    ]
    for target in windows or [app]:
        if (target.styleSheet() or app.styleSheet()) != sheet:
            target.setStyleSheet(sheet)


def _palette(c: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette(QColor(c.raised), QColor(c.window))
    for where, colour in (
        (role.Window, c.window),
        (role.Base, c.field),
        (role.AlternateBase, c.window),
        (role.Button, c.raised),
        (role.ToolTipBase, c.raised),
        (role.Text, c.text),
        (role.WindowText, c.text),
        (role.ButtonText, c.text),
        (role.ToolTipText, c.text),
        (role.PlaceholderText, c.muted),
        (role.Highlight, c.accent),
        (role.Accent, c.accent),
        (role.HighlightedText, "#ffffff" if c is LIGHT else "#0d1017"),
        (role.Link, c.accent),
        (role.Mid, c.border),
        (role.Midlight, c.border),
        (role.Dark, c.border),
    ):
        palette.setColor(where, QColor(colour))
    faint = QColor(c.muted)
    faint.setAlphaF(0.6)
    for where in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, faint)
    return palette


def _frames(c: Colours) -> str:
    return f"""
    QToolTip {{ border: 1px solid {c.border}; padding: 4px 6px; }}
    QMainWindow::separator {{ background: {c.window}; width: 8px; height: 8px; }}
    QMainWindow::separator:hover {{ background: {c.border}; }}
    QToolBar {{ border: none; background: transparent; spacing: 0; padding: 0; }}
    #panelHead {{ background: {c.base}; border: 1px solid {c.border}; border-bottom: none;
        border-top-left-radius: 6px; border-top-right-radius: 6px; }}
    #panel {{ background: {c.base}; border: 1px solid {c.border}; border-top: none;
        border-bottom-left-radius: 6px; border-bottom-right-radius: 6px; }}
    #panelHead[floating="true"] {{ background: {c.window}; border: 2px solid {c.accent};
        border-bottom: none; }}
    #panel[floating="true"] {{ border: 2px solid {c.accent}; border-top: none; }}
    #panelTitle {{ color: {c.muted}; font-weight: 600; letter-spacing: 0.6px; }}
    #fold, #fold:checked {{ background: transparent; color: {c.muted}; border-color: transparent;
        padding: 1px 3px; }}
    #fold:hover, #fold:focus {{ color: {c.text}; }}
    #steering {{ background: {c.window}; border: 1px solid {c.border}; border-radius: 6px; }}
    #palette {{ background: {c.raised}; border: 1px solid {c.border}; }}
    #key {{ background: {c.window}; border: 1px solid {c.border}; border-radius: 3px;
        padding: 0 4px; }}
    #sheet {{ background: {c.base}; border: 1px solid {c.border}; border-radius: 6px; }}
    #door {{ background: {c.raised}; border: 1px solid {c.border}; border-radius: 6px; }}
    #muted {{ color: {c.muted}; }}
    #fine {{ color: {c.fine}; }}
    #formula {{ background: {c.window}; border-radius: 4px; padding: 8px; }}
    #problem {{ color: {c.error}; }}
    #failure {{ background: {c.error_ground}; border: 1px solid {c.error}; border-radius: 6px; }}
    #failure QLabel {{ color: {c.text}; }}
    """


def _controls(c: Colours) -> str:
    return f"""
    QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QPushButton#primary {{ background: {c.accent}; color: {"#ffffff" if c is LIGHT else "#0d1017"};
        border: none; border-radius: 4px; padding: 7px 14px; font-weight: 600; }}
    QPushButton#primary:disabled {{ background: {c.border}; color: {c.muted}; }}
    QPushButton#primary:focus {{ border: 2px solid {c.text}; padding: 5px 12px; }}
    QPushButton#secondary {{ background: {c.raised}; border: 1px solid {c.border};
        border-radius: 4px; padding: 6px 13px; font-weight: 600; }}
    QPushButton#secondary:hover {{ background: {c.window}; }}
    QPushButton#secondary:focus {{ border: 2px solid {c.accent}; padding: 5px 12px; }}
    QAbstractSpinBox[wrong="true"] {{ color: {c.error}; background-color: {c.error_ground}; }}
    QPushButton#danger {{ border: 1px solid transparent; border-radius: 4px; color: {c.error};
        background: transparent; padding: 3px 8px; }}
    QPushButton#danger:hover, QPushButton#danger:focus {{ border-color: {c.error};
        background: {c.error_ground}; }}
    QPushButton#danger:disabled {{ color: {c.muted}; }}
    QPushButton#link {{ border: none; background: transparent; color: {c.accent};
        font-weight: 600; padding: 0 4px; }}
    QPushButton#link:hover, QPushButton#link:focus {{ text-decoration: underline; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 3px; }}
    QToolButton[toolButtonStyle="1"] {{ border-color: {c.border}; padding: 1px 4px; }}
    QToolButton:hover {{ background: {c.raised if c is DARK else c.window};
        border-color: {c.border}; }}
    QToolButton:checked {{ background: {c.border}; }}
    QToolButton:focus {{ border-color: {c.accent}; }}
    """


def _views(c: Colours) -> str:
    return f"""
    QTabBar {{ background: transparent; }}
    QTabBar::tab {{ background: transparent; color: {c.muted}; border: none;
        border-bottom: 2px solid transparent; padding: 4px 8px 3px 8px; }}
    QTabBar::tab:hover {{ color: {c.text}; }}
    QTabBar::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
    #mapBar {{ background: {c.raised}; border: 1px solid {c.border}; border-radius: 6px; }}
    #card {{ border: none; border-bottom: 1px solid {c.border}; }}
    QScrollArea, QListView {{ border: none; background: transparent; outline: none; }}
    QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QListView::item {{ padding: 4px; border-radius: 4px; color: {c.text}; }}
    QListView::item:hover {{ background: {_rgba(c.accent, 0.08)}; }}
    QListView::item:selected {{ background: {_rgba(c.accent, CHOSEN)}; color: {c.text}; }}
    #palette QTreeView {{ background: transparent; outline: none; }}
    #palette QTreeView::item {{ padding: 4px; }}
    #palette QTreeView::item:hover {{ background: {_rgba(c.accent, 0.08)}; }}
    #palette QTreeView::item:selected {{ background: {_rgba(c.accent, CHOSEN)}; color: {c.text}; }}
    #runs {{ border: none; background: transparent; outline: none; }}
    #numbers {{ border: none; background: {c.base}; outline: none; selection-color: {c.text};
        selection-background-color: {_rgba(c.accent, CHOSEN)}; }}
    #numbers::item {{ padding: 2px 4px; }}
    #numbers::indicator:unchecked {{ border: 1px solid {c.muted}; border-radius: 2px;
        background: {c.field}; width: 11px; height: 11px; }}
    #numbers::indicator:unchecked:disabled {{ border-color: {c.border}; }}
    #runs::corner, #numbers::corner {{ background: transparent; border: none; }}
    #runs QHeaderView, #numbers QHeaderView {{ background: transparent; border: none; }}
    #runs QHeaderView::section, #numbers QHeaderView::section {{
        background: {c.base}; color: {c.muted}; padding: 4px 12px 4px 4px;
        border: none; border-bottom: 1px solid {c.border}; }}
    #runs QHeaderView::section:hover, #numbers QHeaderView::section:hover {{ color: {c.text}; }}
    QComboBox {{ qproperty-contextMenuPolicy: NoContextMenu; }}
    QComboBox QAbstractItemView {{ background: {c.raised}; border: 1px solid {c.border}; }}
    QScrollBar:vertical {{ width: 8px; background: transparent; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {c.border}; border-radius: 4px; min-height: 24px; }}
    QScrollBar::handle:vertical:hover {{ background: {c.muted}; }}
    QScrollBar:horizontal {{ height: 8px; background: transparent; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {c.border}; border-radius: 4px;
        min-width: 24px; }}
    QScrollBar::handle:horizontal:hover {{ background: {c.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QProgressBar {{ border: none; border-radius: 3px; background: {c.border}; max-height: 6px; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
    """
