"""Keyboard order: Tab goes through what is seen, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    Children = dict[QWidget | None, list[QWidget]]


def move_focus(window: QWidget, *, forward: bool) -> bool:
    """Give the focus to the next or previous stop in a window; False where it has none."""
    stops = tab_stops(window)
    if not stops:
        return False
    step = 1 if forward else -1
    place = _place_of(QApplication.focusWidget(), stops)
    start = -1 if forward else len(stops)
    target = stops[((start if place is None else place) + step) % len(stops)]
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    _scroll_to(target)
    return True


def tab_stops(window: QWidget) -> list[QWidget]:
    """Return what Tab reaches in a window, in reading order.

    Panels behind tabs lie outside of the window, and so do their controls. What is scrolled out of
    sight counts: it is scrolled back when it gets the focus.
    """
    # All at once: asked for level by level, Qt's own widgets between ours are never let go.
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
    # Some systems let Tab pass by buttons.
    wanted = Qt.FocusPolicy.TabFocus if behaviour == every else Qt.FocusPolicy.StrongFocus
    has = (widget.focusPolicy() & wanted) == wanted
    return has and widget.isEnabled() and widget.focusProxy() is None


def _by_rows(widgets: list[QWidget]) -> list[QWidget]:
    """Return siblings from top to bottom, and those of one row from left to right."""
    left = sorted(widgets, key=lambda widget: widget.y())
    ordered: list[QWidget] = []
    while left:
        middle = left[0].geometry().center().y()
        row = [widget for widget in left if widget.y() <= middle]
        ordered += sorted(row, key=lambda widget: widget.x())
        left = left[len(row) :]
    return ordered


def _place_of(focused: QWidget | None, stops: list[QWidget]) -> int | None:
    """Return the place of the stop that has the focus, or that holds what has it."""
    while focused:
        if focused in stops:
            return stops.index(focused)
        focused = focused.parentWidget()
    return None


def _scroll_to(target: QWidget) -> None:
    holder = target.parentWidget()
    while holder:
        if isinstance(holder, QScrollArea):
            holder.ensureWidgetVisible(target)
        holder = holder.parentWidget()
