"""Panels that stand behind others: what is seen at first, and what an older layout leaves."""

import pytest
import toy
from gui_support import Desk
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from latentlab.session.runs import Finding, RunLog
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.panel import find_panels
from latentlab.widgets.window.main_window import LAYOUT_VERSION, MainWindow
from latentlab.workers.controller import Controller
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

ALT = Qt.KeyboardModifier.AltModifier
BEHIND = {panel.key: panel.behind for panel in find_panels() if panel.behind}


@pytest.fixture
def make_empty_desk(application, own_place, until):
    """Windows that have no model: tabs need none."""
    desks = []

    def make():
        lab = toy.ToyLab()
        window = MainWindow(Controller(Lane(lambda: lab), Training(lambda *_: toy.training())))
        desks.append(Desk(window))
        window.show()
        until(lambda: not window._unbuilt)
        return desks[-1]

    yield make
    for desk in desks:
        desk.clear()


@pytest.fixture
def desk(make_empty_desk):
    return make_empty_desk()


def is_seen(dock):
    return dock.isVisible() and not dock.visibleRegion().isEmpty()


def together(window, key):
    docks = window.tabifiedDockWidgets(window.docks[key])
    return {dock.panel.key for dock in docks}


def test_each_stands_behind_another_at_first(desk):
    window = desk.window
    known = {
        "latents": "curves",
        "diagnosis": "curves",
        "anomalies": "curves",
        "replay": "samples",
        "neighbours": "interpolate",
        "directions": "sliders",
        "picture": "manifold",
        "arithmetic": "interpolate",
        "traversals": "manifold",
        "bookmarks": "samples",
    }
    assert known.items() <= BEHIND.items()
    for key, front in BEHIND.items():
        assert front in together(window, key)
        assert not is_seen(window.docks[key]), key
        assert is_seen(window.docks[front]), front


def test_what_lies_behind_is_drawn_when_it_comes_to_the_front(desk, until):
    window = desk.window
    panel = window.docks["diagnosis"].build()
    finding = Finding("fine", "fine", "Nothing looks wrong.", "Loss 1.0.")
    window.controller.store.set(log=RunLog(findings=(finding,)))
    assert panel.cards == []
    window.docks["diagnosis"].raise_()
    until(lambda: [card.finding for card in panel.cards] == [finding])
    window.docks["curves"].raise_()
    until(lambda: is_seen(window.docks["curves"]))
    window.controller.store.set(log=RunLog(findings=()))
    assert len(panel.cards) == 1


def test_shortcut_brings_to_the_front_before_it_hides(desk, until):
    window = desk.window
    dock = window.docks["latents"]
    window.activateWindow()
    until(window.isActiveWindow)
    for expected in (True, False, True):
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_L, ALT)
        until(lambda expected=expected: is_seen(dock) is expected)
        assert dock.toggleViewAction().isChecked() is expected
    assert together(window, "latents") == {"curves", "diagnosis", "anomalies"}


def test_the_tab_counts_findings_that_ask_for_attention(desk):
    window = desk.window
    dock = window.docks["diagnosis"]
    levels = ("trouble", "watch", "fine")
    found = tuple(Finding(level, level, "So it is.", "1.0.") for level in levels)
    window.controller.store.set(log=RunLog(findings=found))
    assert dock.windowTitle() == "Diagnosis · 2"
    window.controller.store.set(log=RunLog(findings=found[2:]))
    assert dock.windowTitle() == "Diagnosis"


def test_reset_puts_tabs_back(desk, until):
    window = desk.window
    for key in BEHIND:
        window.docks[key].setFloating(True)
    window.docks["curves"].close()
    window.reset_layout()
    until(lambda: all(is_seen(window.docks[front]) for front in BEHIND.values()))
    for key, front in BEHIND.items():
        assert front in together(window, key)
        assert not is_seen(window.docks[key])


def test_a_layout_from_before_there_were_tabs_still_holds(make_empty_desk, until):
    """Panels that it does not know stay where they start, and all can be reached."""
    old = make_empty_desk().window
    for key in BEHIND:
        old.removeDockWidget(old.docks[key])
    old.docks["library"].close()
    old.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, old.docks["map"])
    settings().setValue("layout", old.saveState(LAYOUT_VERSION).data())
    new = make_empty_desk().window
    assert not new.docks["library"].isVisible()
    assert new.dockWidgetArea(new.docks["map"]) is Qt.DockWidgetArea.RightDockWidgetArea
    for key, front in BEHIND.items():
        assert front in together(new, key), key
        new.docks[key].raise_()
        until(lambda key=key: is_seen(new.docks[key]))


def test_the_tab_in_front_is_remembered(make_empty_desk, until):
    first = make_empty_desk().window
    first.docks["replay"].raise_()
    until(lambda: is_seen(first.docks["replay"]))
    settings().setValue("layout", first.saveState(LAYOUT_VERSION).data())
    again = make_empty_desk().window
    until(lambda: is_seen(again.docks["replay"]))
    assert not is_seen(again.docks["samples"])


def test_it_scrolls_only_where_its_widgets_would_not_fit(desk):
    """Not already where they would like more room than there is."""
    desk.window.resize(1300, 760)
    panel, dock = desk.panel("picture"), desk.window.docks["picture"]
    dock.raise_()
    desk.until(panel.result.back.isVisible)
    room = panel.parentWidget()
    desk.until(lambda: panel.height() == room.height())
    assert room.height() < panel.sizeHint().height()
