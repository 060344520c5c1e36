"""Tab walks through the window as the eye does, and never to what cannot be seen."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QPushButton, QScrollArea, QTabBar, QVBoxLayout, QWidget

from latentlab.widgets.window.tab_order import move_focus, tab_stops

SHIFT = Qt.KeyboardModifier.ShiftModifier


def seen_part(widget):
    """Return the part of a widget that its holders do not cut off, as the window has it."""
    window, holder = widget.window(), widget
    rect = QRect(widget.mapTo(window, QPoint()), widget.size())
    while holder := holder.parentWidget():
        rect &= QRect(holder.mapTo(window, QPoint()), holder.size())
    return rect


def walk(desk, key=Qt.Key.Key_Tab, most=400):
    """Press a key until the round is complete; return the stops, and where each was seen."""
    order, places = [], []
    for _ in range(most):
        desk.hand.key(key)
        focused = desk.window.focusWidget()
        if focused in order:
            assert focused is order[0], "the round does not close"
            return order, places
        order.append(focused)
        places.append(seen_part(focused))
    raise AssertionError("there is no end to it")


def test_every_stop_is_seen_and_every_panel_is_reached(old_big):
    """What is hidden, or behind a tab, takes no focus."""
    docks = old_big.window.docks
    for keys in old_big.tour():
        old_big.window.setFocus()
        order, places = walk(old_big)
        for focused, place in zip(order, places, strict=True):
            assert min(place.width(), place.height()) > 4, focused
        seen = {key for key, dock in docks.items() if any(map(dock.isAncestorOf, order))}
        without_controls = {"diagnosis", "latents", "replay"}
        behind = {key for key in keys if docks[key].visibleRegion().isEmpty()}
        assert {*keys} - without_controls - behind <= seen <= {*keys} - behind


def test_tab_walks_through_one_panel_after_another_and_shift_tab_walks_back(old_desk):
    """And the form comes before the buttons below it, however far it is scrolled."""
    desk = old_desk
    train = desk.panel("train")
    desk.to_front()
    desk.window.setFocus()
    order, _ = walk(desk)
    desk.window.setFocus()
    back, _ = walk(desk, Qt.Key.Key_Backtab)
    first = back.index(order[0])
    assert [*back[first:], *back[:first]] == [order[0], *reversed(order[1:])]
    homes = [
        next((key for key, dock in desk.window.docks.items() if dock.isAncestorOf(stop)), "")
        for stop in order
    ]
    runs = [home for i, home in enumerate(homes) if home and (i == 0 or homes[i - 1] != home)]
    assert len(runs) == len(set(runs)), runs
    inside = [stop for stop in order if train.isAncestorOf(stop)]
    assert inside[-2:] == [train.start, train.sweep]
    form = [stop for stop in inside if train.form.isAncestorOf(stop)]
    tops = [stop.mapTo(train.form, stop.rect().center()).y() for stop in form]
    assert tops == sorted(tops)


def test_focus_leaves_a_panel_that_goes_behind_another(old_desk):
    """Else Space would press what cannot be seen."""
    desk, window = old_desk, old_desk.window
    desk.to_front()
    score = desk.panel("anomalies").findChild(QPushButton)
    window.tabifyDockWidget(window.docks["anomalies"], window.docks["neighbours"])
    window.docks["anomalies"].raise_()
    desk.until(score.isVisible)
    score.setFocus()
    assert window.focusWidget() is score
    desk.until(lambda: any(isinstance(stop, QTabBar) for stop in tab_stops(window)))
    window.docks["neighbours"].raise_()
    desk.until(lambda: not window.docks["anomalies"]._in_front)
    assert window.focusWidget() is not score
    desk.hand.key(Qt.Key.Key_Tab)
    assert not seen_part(window.focusWidget()).isEmpty()
    window.reset_workspace()


@pytest.mark.parametrize("how", ["hide", "disable"])
def test_a_button_that_goes_leaves_the_focus_in_its_panel(old_desk, how):
    """As Train does when it is pressed: the focus must not jump to the first button of the window,
    nor to a button, which the next press of the space bar would trigger."""
    desk = old_desk
    desk.to_front()
    desk.go("train")
    panel = desk.panel("train")
    desk.until(panel.start.isVisible)
    panel.start.setFocus()
    assert desk.window.focusWidget() is panel.start
    try:
        panel.start.hide() if how == "hide" else panel.start.setEnabled(False)
        focused = desk.window.focusWidget()
        assert focused is not None
        assert panel.isAncestorOf(focused)
        assert not isinstance(focused, QPushButton)
    finally:
        panel.start.setVisible(True)
        panel.start.setEnabled(True)


@pytest.fixture
def page(application):
    """Many buttons in a scroll area, and two below it."""
    page, inside, area = QWidget(), QWidget(), QScrollArea()
    column = QVBoxLayout(inside)
    for i in range(20):
        column.addWidget(QPushButton(f"inside {i}"))
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    outer = QVBoxLayout(page)
    outer.addWidget(area)
    page.hidden, page.off = QPushButton("hidden"), QPushButton("off")
    page.last = QPushButton("last")
    for button in (page.hidden, page.off, page.last):
        outer.addWidget(button)
    page.hidden.hide()
    page.off.setEnabled(False)
    page.resize(200, 200)
    page.show()
    yield page
    page.hide()
    page.deleteLater()
    vars(page).clear()


def test_what_is_scrolled_out_comes_into_sight(page):
    names = [stop.text() for stop in tab_stops(page)]
    assert names == [*(f"inside {i}" for i in range(20)), "last"]
    page.activateWindow()
    page.last.setFocus()
    assert move_focus(page, forward=False)
    focused = page.focusWidget()
    assert focused.text() == "inside 19"
    assert not seen_part(focused).isEmpty()
    assert not move_focus(QWidget(page), forward=True)
