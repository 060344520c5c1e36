"""The Library panel: runs, what one can do with them, and the queue."""

from dataclasses import replace
from pathlib import Path

import pytest
import toy
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from stub_controller import StubController, discard

from latentlab.session.runs import Compare, ComparedRun, LibraryEntry, ListLibrary, Run
from latentlab.widgets.kit.queue_view import recipe_title
from latentlab.widgets.panels.library.panel import LibraryPanel
from latentlab.widgets.panels.library.run_list import run_tooltip
from latentlab.widgets.panels.library.run_row import TAG

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
PLAIN = Qt.KeyboardModifier.NoModifier
SHIPPED = LibraryEntry("toy", "VAE 2-D · toys", Path("/toys/toy"), shipped=True)
HALF = LibraryEntry("half", "VAE 2-D · 9 nats", Path("/runs/half"), False, None, 12, 30, True)
DONE = LibraryEntry("done", "CVAE 5-D · 8 nats", Path("/runs/done"), False, None, 30, 30, True)
RECIPE = {
    "model": {"kind": "vae", "latent_dim": 2},
    "data": {"kind": "toys"},
    "objective": {"beta": 1.0},
    "training": {"epochs": 30},
}


@pytest.fixture
def panel(application, own_place):
    panel = LibraryPanel(
        StubController(model=toy.card(), answers={ListLibrary: (SHIPPED, HALF, DONE)})
    )
    panel.resize(280, 400)
    panel.show()
    yield panel
    discard(panel)


def click(panel, row, modifier=PLAIN):
    place = panel.list.visualItemRect(panel.list.item(row)).center()
    QTest.mouseClick(panel.list.viewport(), LEFT, modifier, place)


def choose(panel, row):
    """Select one alone without the click that opens it."""
    panel.list.setCurrentRow(row, QItemSelectionModel.SelectionFlag.ClearAndSelect)


def tags(panel):
    return [panel.list.item(row).data(TAG) for row in range(panel.list.count())]


def offered(panel):
    menu = panel.actions_.menu()
    texts = [a.text() for a in menu.actions() if a.isEnabled() and a.text()]
    menu.deleteLater()
    return texts


def test_says_how_far_each_run_is(panel):
    assert tags(panel) == ["", "12 of 30", "30 epochs"]
    assert "Stopped at epoch 12 of 30; training can go on" in run_tooltip(HALF)
    assert "Finished after 30 epochs" in run_tooltip(DONE)
    panel.controller.show(opening="half")
    assert tags(panel)[1] == "opening…"


@pytest.mark.parametrize(("phase", "text"), [("training", "training"), ("paused", "paused")])
def test_says_which_is_under_way(panel, phase, text):
    panel.controller.show(run=Run(phase, folder=HALF.path))
    assert tags(panel)[1] == text
    panel.actions_.update()
    assert not panel.actions_.delete.isEnabled()
    assert not panel.actions_.resume.isEnabled()


def test_a_damaged_run_says_so_and_offers_what_can_still_be_done(panel):
    damage = "/runs/bad/checkpoint.json is damaged: step: must be a valid integer."
    bad = LibraryEntry("bad", "checkpoint.json is damaged", Path("/runs/bad"), False, damage=damage)
    panel.controller.show(answers={ListLibrary: (SHIPPED, bad, HALF)})
    assert tags(panel) == ["", "damaged", "12 of 30"]
    assert damage in panel.list.item(1).toolTip()
    choose(panel, 1)
    assert offered(panel) == ["Open", "Rename", "Show folder", "Move to trash"]
    click(panel, 1)
    assert panel.controller.asked == [("runs.open", bad.path)]


def test_click_opens(panel):
    click(panel, 1)
    assert panel.controller.asked == [("runs.open", HALF.path)]
    panel.controller.asked.clear()
    click(panel, 0)
    assert not panel.controller.asked  # it is open


def test_several_are_compared(panel):
    click(panel, 1, CTRL)
    assert panel.controller.asked == [("runs.compare", (SHIPPED.path, HALF.path))]
    click(panel, 2, Qt.KeyboardModifier.ShiftModifier)
    assert panel.controller.asked[-1] == ("runs.compare", (SHIPPED.path, HALF.path, DONE.path))
    panel.controller.asked.clear()
    click(panel, 2)
    assert panel.controller.asked == [("runs.compare", ()), ("runs.open", DONE.path)]


def test_selection_outlives_what_changes_meanwhile(panel):
    click(panel, 1, CTRL)
    panel.controller.show(answers={ListLibrary: (SHIPPED, DONE, HALF)})
    panel.controller.show(model=replace(toy.card(), epoch=9))
    assert [entry.name for entry in panel.list.entries()] == ["toy", "half"]
    assert len(panel.controller.asked) == 1


def test_end_of_comparing_leaves_the_open_one_selected(panel):
    click(panel, 1, CTRL)
    compared = tuple(ComparedRun(e.name, e.path, {}) for e in (SHIPPED, HALF))
    panel.controller.show(answers={Compare: compared})
    assert panel.actions_.alone.isVisible()
    panel.controller.show(answers={Compare: ()})
    assert [entry.name for entry in panel.list.entries()] == ["toy"]


def test_open_one_is_selected_alone_though_it_was_the_current_row(panel):
    click(panel, 1, CTRL)
    panel.list.show_open(HALF.path)
    assert [entry.name for entry in panel.list.entries()] == ["half"]


def test_menu_offers_what_can_be_done(panel):
    choose(panel, 0)
    assert offered(panel) == ["Duplicate with changes", "Show folder"]
    choose(panel, 1)
    everything = offered(panel)
    assert everything[:3] == ["Open", "Resume", "Train more epochs…"]
    assert everything[-2:] == ["Show folder", "Move to trash"]
    choose(panel, 2)
    assert "Resume" not in offered(panel)
    assert "Train more epochs…" in offered(panel)
    click(panel, 1, CTRL)
    assert offered(panel) == ["Move 2 to trash"]


def test_actions_reach_the_controller(panel, monkeypatch):
    monkeypatch.setattr("latentlab.widgets.panels.library.run_actions.ask_epochs", lambda *asked: 5)
    shown = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    choose(panel, 1)
    for action in ("resume", "more", "duplicate", "folder"):
        getattr(panel.actions_, action).trigger()
    assert panel.controller.asked == [
        ("training.resume", HALF.path),
        ("training.resume", HALF.path, 17),
        ("runs.duplicate", HALF.path),
    ]
    assert shown == [str(HALF.path)]


def test_compare_with_the_open_run(panel):
    choose(panel, 1)
    panel.actions_.compare.trigger()
    assert panel.controller.asked == [("runs.compare", (SHIPPED.path, HALF.path))]


@pytest.mark.parametrize("sure", [True, False])
def test_delete_asks_first(panel, monkeypatch, sure):
    asked = []
    monkeypatch.setattr(
        "latentlab.widgets.panels.library.run_actions.confirm",
        lambda *words: asked.append(words) or sure,
    )
    choose(panel, 1)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert "“half”" in asked[0][1]
    assert panel.controller.asked == ([("runs.delete", HALF.path)] if sure else [])


def test_shipped_model_can_be_neither_deleted_nor_renamed(panel, monkeypatch):
    choose(panel, 0)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    QTest.keyClick(panel.list, Qt.Key.Key_F2)
    assert not panel.controller.asked
    assert not panel.list.findChildren(QLineEdit)


def test_rename_in_place(panel, until):
    choose(panel, 1)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_F2)
    (line,) = panel.list.findChildren(QLineEdit)
    assert line.text() == "half"
    line.selectAll()
    QTest.keyClicks(line, "best one")
    QTest.keyClick(line, Qt.Key.Key_Return)
    until(lambda: panel.controller.asked == [("runs.rename", HALF.path, "best one")])


def test_own_runs_are_promised_while_there_are_none(panel):
    assert not panel._hint.isVisible()
    panel.controller.show(answers={ListLibrary: (SHIPPED,)})
    assert panel._hint.isVisible()


# The queue


def test_no_queue_takes_no_room(panel):
    assert not panel.queue.isVisible()


def test_queue_says_what_is_trained_and_what_waits(panel):
    sweep = tuple({**RECIPE, "objective": {"beta": beta}} for beta in (0.5, 4.0))
    panel.controller.show(run=Run("training", epoch=3, epochs=30, recipe=RECIPE), queue=sweep)
    assert panel.queue.now.name.text() == "VAE 2-D · toys"
    assert panel.queue.now.detail.text() == "3/30"
    assert [row.detail.text() for row in panel.queue.waiting] == ["beta 0.5", "beta 4.0"]
    panel.controller.show(run=Run("paused", epoch=3, epochs=30, recipe=RECIPE), queue=sweep[:1])
    assert panel.queue.now.detail.text() == "paused 3/30"
    assert [row.detail.text() for row in panel.queue.waiting] == ["30 epochs"]
    panel.controller.show(run=None, queue=())
    assert not panel.queue.isVisible()


def test_waiting_run_is_taken_out(panel):
    panel.controller.show(queue=(RECIPE, RECIPE, RECIPE))
    panel.grab()
    QTest.mouseClick(panel.queue.waiting[1].remove, LEFT)
    assert panel.controller.asked == [("training.unqueue", 1)]


def test_titles_of_recipes():
    assert recipe_title(RECIPE) == "VAE 2-D · toys"
    assert recipe_title({"model": "cvae", "data": "digits"}) == "CVAE · digits"
    assert recipe_title({}) == ""
