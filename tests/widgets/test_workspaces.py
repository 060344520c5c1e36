"""Workspaces: which panels each shows, how one gets there and back, and what is remembered."""

import pytest
import toy
from gui_support import TINY, Desk, wait
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMainWindow

from latentlab.session.diagnosis.finding import Finding, Remedy
from latentlab.session.runs import RunLog
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.panel import find_panels
from latentlab.widgets.window.layout import WORKSPACES
from latentlab.widgets.window.main_window import MainWindow
from latentlab.workers.controller import Controller
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
KEYS = [workspace.key for workspace in WORKSPACES]
CONTENTS = {w.key: [panel.key for panel in w.contents(find_panels())] for w in WORKSPACES}
IN_VIEW = {
    w.key: [p.key for p in w.contents(find_panels()) if not p.places[w.key].is_behind]
    for w in WORKSPACES
}
"""Panels of a workspace that are not tabs behind another one."""


@pytest.fixture
def make_window(application, own_place, until):
    """Windows without a model, and only what can be seen of them."""
    desks = []

    def make(size=(1280, 720)):
        lab = toy.ToyLab()
        window = MainWindow(Controller(Lane(lambda: lab), Training(lambda *_: toy.training())))
        desks.append(Desk(window))
        window.resize(*size)
        window.show()
        until(lambda: not window.unbuilt())
        return window

    make.desks = desks
    yield make
    for desk in desks:
        desk.clear()


@pytest.fixture
def empty(make_window):
    """A desk and no window: pytest keeps what a fixture returns longer than a window may live."""
    make_window()
    return make_window.desks[0]


def seen(window):
    """Return the keys of the panels that can be seen."""
    docks = window.docks.items()
    return {k for k, dock in docks if dock.isVisible() and not dock.visibleRegion().isEmpty()}


def go(window, key):
    window.controller.workspaces.go(key)
    wait(20)
    Desk.until(lambda: not window.unbuilt())


def test_each_workspace_has_four_to_seven_panels_and_each_panel_a_workspace():
    assert KEYS == ["explore", "train", "edit", "analyse", "compare", "learn"]
    assert all(4 <= len(inside) <= 7 for inside in IN_VIEW.values()), IN_VIEW
    assert all(len(CONTENTS[key]) <= len(IN_VIEW[key]) + 1 for key in KEYS), CONTENTS
    assert {key for inside in CONTENTS.values() for key in inside} == {
        panel.key for panel in find_panels()
    }


@pytest.mark.parametrize("size", [(1024, 640), (1280, 720), (1440, 900), (1920, 1080)])
def test_all_panels_of_a_workspace_have_room_at_any_size(make_window, size):
    window = make_window(size)
    for key in KEYS:
        go(window, key)
        assert (window.width(), window.height()) == size, key
        assert seen(window) == {*IN_VIEW[key]}
        for panel in IN_VIEW[key]:
            dock = window.docks[panel]
            assert min(dock.width(), dock.height()) >= 100, (key, panel, dock.size())
            assert not window.tabifiedDockWidgets(dock) or dock._in_front
        for panel in {*CONTENTS[key]} - {*IN_VIEW[key]}:
            front = window.tabifiedDockWidgets(window.docks[panel])
            assert {dock.panel.key for dock in front} & {*IN_VIEW[key]}, panel
            window.docks[panel].raise_()
            Desk.until(lambda panel=panel: panel in seen(window))


def test_panels_of_other_workspaces_are_not_built(empty):
    window = empty.window
    built = {key for key, dock in window.docks.items() if dock.is_built}
    assert built == {*CONTENTS["explore"]}
    go(window, "edit")
    built = {key for key, dock in window.docks.items() if dock.is_built}
    assert built == {*CONTENTS["explore"], *CONTENTS["edit"]}


def test_buttons_keys_and_the_way_back(desk):
    bar, state = desk.window.workspace_bar, lambda: desk.state.workspace
    button = bar.widgetForAction(bar.actions_by_key["analyse"])
    desk.hand.click(button)
    assert state() == "analyse"
    assert bar.actions_by_key["analyse"].isChecked()
    desk.hand.key(Qt.Key.Key_3, CTRL)
    assert state() == "edit"
    for expected in ("analyse", "explore", "explore"):
        desk.hand.key(Qt.Key.Key_Left, ALT)
        assert state() == expected
    assert not bar.back.isEnabled()


def test_what_is_done_leads_to_its_workspace_and_back(desk, tmp_path):
    workspaces, state = desk.controller.workspaces, lambda: desk.state.workspace
    desk.controller.training.set_draft(TINY)
    desk.controller.training.start()
    assert state() == "train"
    desk.controller.training.stop()
    desk.until(lambda: desk.state.training.run is None)
    workspaces.back()
    assert state() == "explore"
    desk.lab.EncodeFile = lambda request: desk.lab.PickImage(type("Row", (), {"row": 5}))
    desk.controller.open_path(tmp_path / "five.png")
    desk.until(lambda: state() == "edit")
    workspaces.back()
    desk.controller.training.apply_remedy(Remedy("Longer", (("training.epochs", 5),)))
    assert state() == "train"


def test_an_arrangement_is_kept_for_each_workspace_and_can_be_reset(make_window):
    first = make_window()
    first.docks["library"].close()
    go(first, "train")
    assert first.docks["train"].isVisible()
    first.tabifyDockWidget(first.docks["latents"], first.docks["samples"])
    go(first, "explore")
    assert seen(first) == {*CONTENTS["explore"]} - {"library"}
    go(first, "train")
    assert first.tabifiedDockWidgets(first.docks["latents"]) == [first.docks["samples"]]
    first.close()
    again = make_window()
    assert again.controller.state.workspace == "train"
    assert again.docks["samples"] in again.tabifiedDockWidgets(again.docks["latents"])
    again.reset_workspace()
    assert not again.tabifiedDockWidgets(again.docks["latents"])
    go(again, "explore")
    assert not again.docks["library"].isVisible()


def test_own_workspaces_are_saved_shown_and_deleted(make_window, monkeypatch):
    window = make_window()
    go(window, "analyse")
    window.docks["traversals"].close()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Mine", True))
    window.menus.view._save()
    assert window.controller.state.workspace == "Mine"
    go(window, "explore")
    window.workspace_bar.actions_by_key["Mine"].trigger()
    mine = {*CONTENTS["analyse"]} - {"traversals"}
    assert seen(window) == mine
    window.docks["image"].close()
    window.reset_workspace()
    assert seen(window) == mine
    window.close()
    again = make_window()
    assert again.controller.state.workspace == "Mine"
    assert seen(again) == mine
    again.menus.view._remove()
    assert again.controller.state.workspace == "explore"
    assert "Mine" not in again.workspace_bar.actions_by_key
    assert "Mine" not in str(settings().value("workspaces", []))


def test_a_name_that_is_taken_is_refused(empty, monkeypatch):
    window = empty.window
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Train", True))
    window.menus.view._save()
    assert "exists already" in window.controller.state.failure.title
    assert [one.key for one in window.workspaces.all()] == KEYS


def test_a_panel_of_another_workspace_opens_as_a_tab_with_one_title(empty, until):
    window = empty.window
    dock, front = window.docks["latents"], window.docks["image"]
    dock.toggleViewAction().trigger()
    until(lambda: "latents" in seen(window))
    (neighbour,) = (d for d in window.tabifiedDockWidgets(dock) if d.isVisible())
    until(lambda: not dock.titleBarWidget()._text.isVisible())
    assert not neighbour.titleBarWidget()._text.isVisible()
    assert front.titleBarWidget()._text.isVisible()
    dock.close()
    until(lambda: neighbour.titleBarWidget()._text.isVisible())
    assert seen(window) == {*CONTENTS["explore"]}


def test_alt_and_a_number_focus_a_panel_in_reading_order(empty, until):
    window = empty.window
    window.activateWindow()
    until(window.isActiveWindow)
    order = window.workspaces.contents()
    assert order[0] == "library"
    assert sorted(order) == sorted(CONTENTS["explore"])
    for number in (1, 0):
        window.focus_panel(number)
        assert window.docks[order[number]].isAncestorOf(window.focusWidget())


def test_the_tab_counts_findings_that_ask_for_attention(empty):
    window = empty.window
    dock = window.docks["diagnosis"]
    levels = ("trouble", "watch", "advice", "fine")
    found = tuple(Finding(level, level, "So it is.", "1.0.") for level in levels)
    window.controller.store.set(log=RunLog(findings=found))
    assert dock.windowTitle() == "Diagnosis · 2"
    window.controller.store.set(log=RunLog(findings=found[2:]))
    assert dock.windowTitle() == "Diagnosis"


def test_a_damaged_or_older_layout_gives_way_to_the_default(make_window):
    settings().setValue("workspaces/explore/layout", QMainWindow().saveState(1).data())
    settings().setValue("workspace", "gone")
    window = make_window()
    assert seen(window) == {*CONTENTS["explore"]}
    assert window.controller.state.workspace == "explore"


def test_nothing_has_the_focus_at_first(empty, until):
    window = empty.window
    window.activateWindow()
    until(window.isActiveWindow)
    assert window.focusWidget() in (None, window)
