"""Steering: the card of the run under way, the run bar, the sweep and the Train menu."""

from dataclasses import replace
from pathlib import Path

import pytest
import toy
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QPushButton
from stub_controller import StubController, discard

from latentlab.session.export import DescribeForm
from latentlab.session.failure import Failure
from latentlab.session.form import Field, Kind
from latentlab.session.library.entries import LibraryEntry, ListLibrary
from latentlab.session.runs import Draft, Run, TrainingStatus
from latentlab.widgets.kit.sweep_dialog import SweepDialog, parse_values
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.train.panel import TrainPanel
from latentlab.widgets.window.run_bar import RunBar, describe, duration, size
from latentlab.widgets.window.train_menu import TrainMenu

LEFT = Qt.MouseButton.LeftButton
BETA = Field("beta", "Beta", "Weight of KL.", "float", 1.0, 0.0, 1000.0)
BITS = Field("free_bits", "Free bits", "A floor.", "float", 0.0, 0.0, 100.0, "nats")
FACTOR = Field("epochs", "Warm-up", "How long.", "float", 10.0, 0.0)
FORM = (
    Field("model", "Model", "It.", "kind", {"kind": "vae"}, kinds=(Kind("vae", "A.", ()),)),
    Field(
        "objective",
        "Objective",
        "What is made small.",
        "kind",
        {"kind": "elbo"},
        kinds=(
            Kind(
                "elbo",
                "The usual one.",
                (
                    BETA,
                    BITS,
                    Field(
                        "schedule",
                        "Schedule",
                        "How.",
                        "kind",
                        {"kind": "linear"},
                        kinds=(Kind("linear", "L.", (FACTOR,)),),
                    ),
                ),
            ),
        ),
    ),
    Field(
        "training",
        "Training",
        "How.",
        "kind",
        {},
        kinds=(
            Kind(
                "",
                "",
                (
                    Field("epochs", "Epochs", "How often.", "int", 30, 1, 1000),
                    Field("learning_rate", "Learning rate", "Step.", "float", 1e-3, 0.0, 1.0),
                ),
            ),
        ),
    ),
)
RECIPE = {
    "model": {"kind": "vae", "latent_dim": 2},
    "data": {"kind": "toys"},
    "objective": {"kind": "elbo", "beta": 1.0, "free_bits": 0.0},
    "training": {"epochs": 30, "learning_rate": 1e-3},
}
GOING = Run(
    "training",
    device="toy",
    epoch=3,
    epochs=30,
    images_per_second=54321.0,
    seconds_per_epoch=1.25,
    seconds_left=200.0,
    validation_loss=141.3,
    best_loss=140.9,
    best_epoch=2,
    plateau=1,
    patience=5,
    memory=3 * 2**29,
    recipe=RECIPE,
)


def with_beta(run, beta):
    return replace(run, recipe={**RECIPE, "objective": {**RECIPE["objective"], "beta": beta}})


@pytest.fixture
def panel(application, own_place):
    panel = TrainPanel(
        StubController(answers={DescribeForm: FORM}, training=TrainingStatus(run=GOING))
    )
    panel.resize(280, 600)
    panel.show()
    yield panel
    discard(panel)


def enter(row, text):
    row.editor.box.selectAll()
    QTest.keyClicks(row.editor.box, text)
    QTest.keyClick(row.editor.box, Qt.Key.Key_Return)


def asked(panel):
    """Return what was asked besides the contents of the form."""
    return [call for call in panel.controller.asked if call[0] not in ("training.set_draft", "ask")]


# The card


def test_card_holds_the_numbers_that_may_change(panel):
    values = {key: row.editor.value() for key, row in panel.card.rows.items()}
    assert values == {
        "objective.beta": 1.0,
        "objective.free_bits": 0.0,
        "training.learning_rate": 1e-3,
    }
    assert panel.card._title.text() == "VAE 2-D · toys"
    assert panel.card._epoch.text() == "· epoch 3/30"


def test_card_is_there_only_while_a_run_is(panel):
    assert panel.card.isVisible()
    assert panel.queue.isVisible()
    assert not panel.start.isVisible()
    panel.controller.show(run=None)
    assert not panel.card.isVisible()
    assert not panel.queue.isVisible()
    assert panel.start.isVisible()


def test_card_takes_on_any_numbers_at_first(panel):
    """The rows are filled one after another, and tell of edits as they are."""
    panel.controller.show(run=None)
    other = {"beta": 4.0, "free_bits": 0.25}
    recipe = {**RECIPE, "objective": other, "training": {"learning_rate": 3e-4}}
    panel.card.rows.clear()
    panel.controller.show(run=replace(GOING, recipe=recipe))
    assert [row.editor.value() for row in panel.card.rows.values()] == [4.0, 0.25, 3e-4]
    assert not any(row.is_edited for row in panel.card.rows.values())


def test_enter_steers(panel):
    row = panel.card.rows["objective.beta"]
    enter(row, "4")
    assert asked(panel) == [("training.steer", "objective.beta", 4.0)]
    assert panel.card._hint.text() == "Taking effect…"
    panel.controller.show(run=with_beta(GOING, 4.0))
    assert panel.card._hint.text() == "Enter applies a change at once."
    assert not row.is_edited


def test_what_is_typed_waits_for_enter(panel):
    row = panel.card.rows["training.learning_rate"]
    row.editor.box.selectAll()
    QTest.keyClicks(row.editor.box, "3e-4")
    assert panel.card._hint.text() == "Learning rate 0.001 → 0.0003"
    panel.controller.show(run=with_beta(GOING, 2.0))  # what happens meanwhile leaves it alone
    assert row.editor.value() == 3e-4
    assert panel.card.rows["objective.beta"].editor.value() == 2.0
    assert asked(panel) == []
    QTest.mouseClick(panel.card.apply, LEFT)
    assert asked(panel) == [("training.steer", "training.learning_rate", 3e-4)]
    assert not panel.card.apply.isVisible()


def test_the_present_value_of_a_schedule_is_shown(panel):
    """During a warm-up the run trains with another beta than the one that can be set."""
    row = panel.card.rows["objective.beta"]
    assert row.label.text() == "Beta"
    assert not row.present.isVisible()
    panel.controller.show(run=replace(GOING, epoch=4, scheduled={"objective.beta": 0.25}))
    assert row.present.isVisible()
    assert row.present.text() == "now 0.25"
    assert row.editor.value() == 1.0
    assert not panel.card.rows["objective.free_bits"].present.isVisible()
    panel.controller.show(run=replace(GOING, epoch=5, scheduled={"objective.beta": 1.0}))
    assert row.present.text() == "now 1"
    rate = panel.card.rows["training.learning_rate"]
    panel.controller.show(run=replace(GOING, epoch=6, scheduled={rate.key: 0.00042}))
    assert rate.present.text() == "now 0.00042"


def test_escape_takes_back(panel):
    row = panel.card.rows["objective.beta"]
    row.editor.box.selectAll()
    QTest.keyClicks(row.editor.box, "7")
    QTest.keyClick(row.editor.box, Qt.Key.Key_Escape)
    assert row.editor.value() == 1.0
    assert asked(panel) == []


def test_paused_run_says_when_a_change_takes_effect(panel):
    panel.controller.show(run=replace(GOING, phase="paused"))
    enter(panel.card.rows["objective.beta"], "4")
    assert panel.card._hint.text() == "Takes effect when it goes on."


def test_refused_change_can_be_tried_again(panel):
    row = panel.card.rows["objective.beta"]
    enter(row, "4")
    panel.controller.show(failure=Failure("No."))
    assert row.is_edited
    enter(row, "4")
    assert len(asked(panel)) == 2


def test_buttons_end_pause_and_prolong(panel, monkeypatch):
    monkeypatch.setattr("latentlab.widgets.panels.train.steering.ask_epochs", lambda *words: 7)
    monkeypatch.setattr("latentlab.widgets.kit.dialogs.confirm", lambda *words: True)
    for button in (panel.card.pause, panel.card.more, panel.stop, panel.cancel):
        QTest.mouseClick(button, LEFT)
    assert asked(panel) == [
        ("training.pause",),
        ("training.train_more", 7),
        ("training.stop",),
        ("training.cancel",),
    ]
    panel.controller.asked.clear()
    panel.controller.show(run=replace(GOING, phase="paused"))
    assert panel.card.pause.text() == "Continue"
    QTest.mouseClick(panel.card.pause, LEFT)
    assert asked(panel) == [("training.go_on",)]


@pytest.mark.parametrize(
    ("fraction", "sure", "discards"),
    [(0.0, None, True), (1 / 30, None, True), (2 / 30, False, False), (2 / 30, True, True)],
)
def test_more_than_an_epoch_is_not_discarded_unasked(panel, monkeypatch, fraction, sure, discards):
    asked_for = []

    def confirm(*words):
        asked_for.append(words)
        return sure

    monkeypatch.setattr("latentlab.widgets.kit.dialogs.confirm", confirm)
    panel.controller.show(run=replace(GOING, fraction=fraction))
    QTest.mouseClick(panel.cancel, LEFT)
    assert len(asked_for) == (sure is not None)
    assert (("training.cancel",) in asked(panel)) is discards


def test_a_question_of_a_run_discards_no_other(panel, monkeypatch):
    """The queue may begin the next run while the question stands there."""

    def confirm(*words):
        panel.controller.show(run=replace(GOING, folder=Path("/runs/next")))
        return True

    monkeypatch.setattr("latentlab.widgets.kit.dialogs.confirm", confirm)
    panel.controller.show(run=replace(GOING, fraction=0.5, folder=Path("/runs/one")))
    QTest.mouseClick(panel.cancel, LEFT)
    assert ("training.cancel",) not in asked(panel)


def test_a_run_that_was_there_before_cannot_be_discarded(panel):
    panel.controller.show(run=replace(GOING, resumed=True))
    assert panel.stop.isEnabled()
    assert not panel.cancel.isEnabled()
    assert "was there before" in panel.cancel.toolTip()


def test_what_loses_a_run_stands_apart(panel):
    """Neither beside what keeps it nor in its dress."""
    panel.resize(300, 700)
    panel.layout().activate()
    keeps = [button.geometry() for button in (panel.card.pause, panel.card.more, panel.stop)]
    assert panel.cancel.geometry().top() - max(place.bottom() for place in keeps) >= UNIT
    assert panel.cancel.objectName() == "danger" != panel.stop.objectName()


@pytest.mark.parametrize("phase", ["loading", "stopping"])
def test_nothing_can_be_steered_before_and_after(panel, phase):
    panel.controller.show(run=replace(GOING, phase=phase))
    assert not any(row.isEnabled() for row in panel.card.rows.values())
    assert not panel.card.pause.isEnabled()
    assert panel.stop.isEnabled() == (phase == "loading")


def test_form_below_prepares_the_next_run(panel):
    assert panel.form.isEnabled()
    panel.form.row("objective.beta").editor.box.setValue(9.0)
    assert panel.controller.asked[-1][0] == "training.set_draft"
    assert panel.controller.asked[-1][1]["objective"]["beta"] == 9.0
    panel.controller.asked.clear()
    QTest.mouseClick(panel.queue, LEFT)
    assert asked(panel) == [("training.enqueue",)]


def test_draft_of_another_run_replaces_all_of_the_form(panel):
    panel.form.row("objective.free_bits").editor.box.setValue(0.5)
    panel.controller.show(draft=Draft(values={"objective": {"kind": "elbo", "beta": 3.0}}))
    assert panel.form.values()["objective"]["beta"] == 3.0
    assert panel.form.values()["objective"]["free_bits"] == 0.0


# The sweep


@pytest.mark.parametrize(
    ("text", "values", "wrong"),
    [
        ("0.5, 1,4 10", (0.5, 1.0, 4.0, 10.0), ""),
        ("1e-3;2", (1e-3, 2.0), ""),
        ("", (), ""),
        ("1, two", (1.0,), "“two” is not a number."),
        ("-1", (), "-1 is not between 0 and 1000."),
        ("1, 2, 1.0", (1.0, 2.0), "1.0 is listed twice."),
        ("nan", (), "“nan” is not a number."),
        ("0,5; 1,5", (0.5, 1.5), ""),
        ("0,5 1,5", (0.5, 1.5), ""),
        ("0,5;", (0.5,), ""),
        ("1,4,10", (1.0, 4.0, 10.0), ""),
    ],
)
def test_values_are_read_as_people_write_them(text, values, wrong):
    assert parse_values(text, BETA) == (values, wrong)


def test_whole_numbers_stay_whole():
    field = Field("epochs", "Epochs", "", "int", 30, 1, 1000)
    values, _ = parse_values("10, 20", field)
    assert all(type(value) is int for value in values)
    assert "whole" in parse_values("1.5", field)[1]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("0,5", "float"), ("0,5, 1,5", "float"), ("1.125,2", "float"), ("128,256", "int")],
)
def test_what_could_be_one_number_or_several_is_not_guessed(text, kind):
    """And what is advised instead means what it says."""
    field = Field("f", "F", "", kind, 1, 0, 1_000_000)
    values, wrong = parse_values(text, field)
    assert values == ()
    several, one = wrong.partition("Write ")[2].split(" for several numbers, or ")
    assert len(parse_values(several, field)[0]) > 1
    assert len(parse_values(one.removesuffix(" for one."), field)[0]) == 1


@pytest.fixture
def dialog(application, own_place):
    dialog = SweepDialog(FORM, RECIPE)
    dialog.show()
    yield dialog
    discard(dialog)


def test_sweep_says_how_many_runs_and_what_is_wrong(dialog):
    heard = []
    dialog.asked.connect(lambda *what: heard.append(what))
    assert dialog.key.currentData() == "objective.beta"
    assert dialog.queue.text() == "Queue 4 runs"
    assert dialog._now.text() == "The form has 1. 4 runs of 30 epochs each."
    dialog.values.setText("1, x")
    assert dialog._problem.isVisible()
    assert not dialog.queue.isEnabled()
    dialog.values.setText("2")
    assert dialog.queue.text() == "Queue 1 run"
    dialog.key.setCurrentIndex(dialog.key.findData("training.epochs"))
    assert dialog._now.text() == "The form has 30. 1 run."
    QTest.mouseClick(dialog.queue, LEFT)
    assert heard == [("training.epochs", (2,))]
    assert not dialog.isVisible()


def test_sweep_is_asked_for_from_the_panel(panel):
    QTest.mouseClick(panel.sweep, LEFT)
    dialog = panel.findChild(SweepDialog)
    dialog.values.setText("2, 3")
    QTest.keyClick(dialog.values, Qt.Key.Key_Return)
    assert asked(panel) == [("training.sweep", "objective.beta", (2.0, 3.0))]


# The run bar


@pytest.fixture
def bar(application, own_place):
    bar = RunBar(StubController(training=TrainingStatus(run=GOING)))
    bar.resize(1400, 30)
    bar.show_run(bar._controller.state)
    yield bar
    discard(bar)


def test_run_bar_tells_all_where_there_is_room(bar):
    assert (
        bar.text.text()
        == describe(GOING)
        == (
            "VAE 2-D · toys · toy · 1.5 GB in use · epoch 3/30 · 54,321 images/s · 1.2 s/epoch · "
            "3 min 20 s left · validation 141.3 (best 140.9 at 2) · plateau 1/5"
        )
    )


def test_run_bar_leaves_out_what_matters_least(bar):
    bar.resize(560, 30)
    assert "epoch 3/30" in bar.text.text()
    assert "left" in bar.text.text()
    assert "GB" not in bar.text.text()
    assert bar.toolTip().startswith(describe(GOING))


def test_a_click_on_the_run_bar_shows_the_run(bar):
    assert not bar.watch.isHidden(), "another workspace is shown"
    bar._controller.show(following=False)
    QTest.mouseClick(bar.text, LEFT)
    shown = [("training.watch",), ("workspaces.go", "train")]
    assert bar._controller.asked == shown
    bar._controller.show(following=True)
    QTest.mouseClick(bar.progress, LEFT)
    assert bar._controller.asked == [*shown, ("workspaces.go", "train")]
    bar._controller.show(workspaces=("train",))
    bar.show_run(bar._controller.state)
    assert bar.watch.isHidden()


def test_run_bar_pauses(bar):
    QTest.mouseClick(bar.pause, LEFT)
    paused = replace(GOING, phase="paused")
    bar._controller.show(run=paused)
    bar.show_run(bar._controller.state)
    assert bar.text.text().startswith("Paused")
    QTest.mouseClick(bar.pause, LEFT)
    assert bar._controller.asked == [("training.pause",), ("training.go_on",)]


def test_sizes_and_times_as_people_say_them():
    assert (size(5 * 2**20), size(3 * 2**30)) == ("5 MB", "3.0 GB")
    assert (duration(29), duration(200), duration(7500)) == ("29 s", "3 min 20 s", "2 h 5 min")


# The menu


@pytest.fixture
def window(application, own_place):
    window = QMainWindow()
    window.controller = StubController(
        answers={DescribeForm: FORM}, training=TrainingStatus(run=GOING)
    )
    window.button = QPushButton("x")
    window.setCentralWidget(window.button)
    window.training = TrainMenu(window, window.menuBar().addMenu("Train"), window.controller)
    window.training.show_state(window.controller.state, frozenset({"run", "form", "rhythm"}))
    window.show()
    yield window
    discard(window)


def test_space_pauses_only_where_nothing_else_wants_it(window):
    QTest.keyClick(window.button, Qt.Key.Key_Space)
    assert window.controller.asked == []
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert window.controller.asked == [("training.pause",)]
    window.controller.show(run=None)
    window.training.show_state(window.controller.state, frozenset({"run"}))
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert len(window.controller.asked) == 1


def test_menu_offers_what_makes_sense(window):
    menu = window.training
    on = [action.text() for action in menu.actions if action.isEnabled()]
    assert on[:3] == ["Add to queue", "Sweep…", "Save recipe…"]
    assert on[3:] == ["Pause", "Train more epochs…", "Stop and keep", "Cancel and discard"]
    entry = LibraryEntry("toy", "", toy.card().source, False, None, 3, 3, True)
    window.controller.show(model=toy.card(), answers={ListLibrary: (entry,)}, run=None)
    menu.show_state(window.controller.state, frozenset({"run"}))
    on = [action.text() for action in menu.actions if action.isEnabled()]
    assert on == ["Train", "Sweep…", "Save recipe…", "Train more epochs…"]


def test_rhythm_is_chosen(window):
    actions = {action.text(): action for action in window.training._rhythms.actions()}
    assert [text for text, action in actions.items() if action.isChecked()] == ["1 s"]
    actions["5 s"].trigger()
    assert window.controller.asked == [("training.set_rhythm", 5.0)]
