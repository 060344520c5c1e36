"""Tab order of the visible widgets, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QDockWidget, QScrollArea, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    Children = dict[QWidget | None, list[QWidget]]


def move_focus(window: QWidget, *, forward: bool) -> bool:
    """Move the focus to the next or previous tab stop; return False if there is none."""
    stops, focused = tab_stops(window), QApplication.focusWidget()
    if not stops:
        return False
    if focused and not (focused.isVisible() and focused.isEnabled()):
        return _focus_near(focused, stops)
    step = 1 if forward else -1
    index = _index_of(focused, stops)
    start = -1 if forward else len(stops)
    target = stops[((start if index is None else index) + step) % len(stops)]
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    _scroll_to(target)
    return True


def _focus_near(lost: QWidget, stops: list[QWidget]) -> bool:
    """Move the focus from a widget that was hidden or disabled to one near it, in its panel.

    Not to a button, which the next press of the space bar would trigger. Return False if there is
    none: then nothing has the focus.
    """
    fields = [stop for stop in stops if not isinstance(stop, QAbstractButton)]
    parent = lost.parentWidget()
    while parent and not parent.isWindow():
        inside = [stop for stop in fields if parent.isAncestorOf(stop)]
        if inside:
            place = lost.mapToGlobal(lost.rect().center())
            away = [stop.mapToGlobal(stop.rect().center()) - place for stop in inside]
            distances = [each.manhattanLength() for each in away]
            near = inside[distances.index(min(distances))]
            near.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        if isinstance(parent, QDockWidget):
            return False
        parent = parent.parentWidget()
    return False


def tab_stops(window: QWidget) -> list[QWidget]:
    """Return the tab stops of a window, in reading order.

    Panels behind tabs lie outside the window and are excluded. Widgets scrolled out of view are
    included: they are scrolled into view when they get the focus.
    """
    # All in one call: level by level, the wrappers of Qt's own widgets would never be released.
    children: Children = {}
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and not widget.isWindow():
            children.setdefault(widget.parentWidget(), []).append(widget)
    inside = [child for child in children.get(window, ()) if _overlap(window, child)]
    return list(_stops(inside, children))


def _overlap(window: QWidget, child: QWidget) -> bool:
    return window.rect().intersects(child.geometry())


def _stops(widgets: list[QWidget], children: Children) -> Iterator[QWidget]:
    for widget in _by_rows(widgets):
        if _takes_tab(widget):
            yield widget
        yield from _stops(children.get(widget, []), children)


def _takes_tab(widget: QWidget) -> bool:
    every = Qt.TabFocusBehavior.TabFocusAllControls
    behaviour = QGuiApplication.styleHints().tabFocusBehavior()
    # On some systems Tab skips buttons.
    wanted = Qt.FocusPolicy.TabFocus if behaviour == every else Qt.FocusPolicy.StrongFocus
    has = (widget.focusPolicy() & wanted) == wanted
    return has and widget.isEnabled() and widget.focusProxy() is None


def _by_rows(widgets: list[QWidget]) -> list[QWidget]:
    """Sort siblings by row, and within a row from left to right."""
    remaining = sorted(widgets, key=lambda widget: widget.y())
    ordered: list[QWidget] = []
    while remaining:
        middle = remaining[0].geometry().center().y()
        row = [widget for widget in remaining if widget.y() <= middle]
        ordered += sorted(row, key=lambda widget: widget.x())
        remaining = remaining[len(row) :]
    return ordered


def _index_of(focused: QWidget | None, stops: list[QWidget]) -> int | None:
    """Return the index of the stop that has the focus or contains the focused widget."""
    while focused:
        if focused in stops:
            return stops.index(focused)
        focused = focused.parentWidget()
    return None


def _scroll_to(target: QWidget) -> None:
    parent = target.parentWidget()
    while parent:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(target)
        parent = parent.parentWidget()
