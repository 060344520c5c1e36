"""The training form, on a toy description."""

import threading

import pytest
import toy
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from latentlab.session.failure import Failure
from latentlab.session.form import Field, Kind
from latentlab.widgets.kit.form import editors
from latentlab.widgets.kit.form.form import FormWidget

DEFAULTS = {
    "model": {"kind": "vae", "latent_dim": 2, "hidden": [16, 8], "beta": 1.0},
    "data": {},
    "device": "auto",
}


@pytest.fixture
def form(qtbot, application):
    form = FormWidget(toy.FORM)
    qtbot.addWidget(form)
    form.show()
    form.changes = []
    form.changed.connect(lambda: form.changes.append(form.values()))
    return form


def editor(form, key):
    return form.row(key).editor


@pytest.fixture
def make_editor(qtbot, application):
    def make(kind, default=None, **more):
        widget = editors.make_editor(Field("f", "F", "Help.", kind, default, **more))
        qtbot.addWidget(widget)
        widget.show()
        return widget

    return make


def test_shows_the_defaults(form):
    assert form.values() == DEFAULTS


def test_takes_values_and_leaves_the_rest(form):
    form.set_values({"model": {"beta": 4.0}, "device": "cpu", "unknown": 3})
    assert form.values() == {
        **DEFAULTS,
        "model": {**DEFAULTS["model"], "beta": 4.0},
        "device": "cpu",
    }
    assert form.changes[-1] == form.values()


def choose(form, key, name):
    """Choose an alternative by its name in a recipe."""
    choice = editor(form, key).choice
    choice.setCurrentIndex(choice.findData(name))


def test_another_kind_has_fields_and_defaults_of_its_own(form):
    choose(form, "model", "cvae")
    assert form.values()["model"] == {"kind": "cvae", "latent_dim": 20}
    assert form.changes[-1]["model"]["kind"] == "cvae"


def test_nothing_of_the_kind_before_is_left_below_the_fields(form):
    """Not even until the event loop takes it away, which a dialog above puts off."""
    before = form.row("model.beta")
    assert before.isVisible()
    assert before.label.isVisible()
    choose(form, "model", "cvae")
    assert not before.isVisible()
    assert not before.label.isVisible()


def test_kinds_share_what_both_have(form):
    """Changing one's mind about the model keeps the numbers that both kinds know."""
    editor(form, "model.latent_dim").set_value(7)
    choose(form, "model", "cvae")
    assert form.values()["model"]["latent_dim"] == 7


def test_kind_is_set_with_its_fields(form):
    form.set_values({"model": {"kind": "cvae", "latent_dim": 5}})
    assert form.values()["model"] == {"kind": "cvae", "latent_dim": 5}
    form.set_values({"model": "vae"})
    assert form.values()["model"]["kind"] == "vae"


def test_unknown_kind_changes_nothing(form):
    form.set_values({"model": {"kind": "gan", "latent_dim": 9}})
    assert form.values()["model"]["kind"] == "vae"


def test_single_kind_offers_no_choice(form):
    assert form.row("data") is None
    assert editor(form, "model").choice.isVisible()


def test_choices_are_shown_by_title_and_the_impossible_ones_are_disabled(form):
    choice = editor(form, "device").choice
    assert [choice.itemText(i) for i in range(choice.count())] == ["Auto", "CPU", "Tpu"]
    assert choice.itemData(2, Qt.ItemDataRole.ToolTipRole) == "There is none."
    enabled = [bool(choice.model().item(i).flags() & Qt.ItemFlag.ItemIsEnabled) for i in range(3)]
    assert enabled == [True, True, False]
    # A recipe of another machine keeps its value.
    form.set_values({"device": "tpu"})
    assert form.values()["device"] == "tpu"


def test_what_a_kind_needs_is_told_below_its_title(qtbot, application):
    kinds = (Kind("a", "A."), Kind("celeba", "Faces.", title="CelebA", requirement="Choose one."))
    form = FormWidget((Field("data", "Data", "It.", "kind", kinds=kinds),))
    qtbot.addWidget(form)
    choice = form.row("data").editor.choice
    assert choice.itemText(1) == "CelebA"
    assert choice.itemData(1, Qt.ItemDataRole.ToolTipRole) == "Faces. Choose one."
    form.show()
    note = form.row("data")._note
    assert not note.isVisible()
    form.set_values({"data": "celeba"})
    assert note.isVisible()
    assert note.text() == "Choose one."


def test_problem_stands_under_its_field(form):
    form.show_problem(form.row("model.beta"), "must be at least 0 (not -1)")
    assert form.row("model.beta")._problem.isVisible()
    assert "at least 0" in form.row("model.beta")._problem.text()
    others = [form.row(key)._problem for key in ("model", "model.latent_dim", "device")]
    assert not any(label.isVisible() for label in others)
    form.clear_problems()
    assert not form.row("model.beta")._problem.isVisible()


@pytest.mark.parametrize("key", ["model.beta", "model.latent_dim"])
def test_a_kind_that_is_left_is_found_again_as_it_was(form, key):
    """Also what only that kind knows."""
    editor(form, key).set_value(7)
    for kind in ("cvae", "vae"):
        choose(form, "model", kind)
    assert editor(form, key).value() == 7
    form.set_values({}, whole=True)
    for kind in ("cvae", "vae"):
        choose(form, "model", kind)
    assert form.values() == DEFAULTS


def test_problem_of_an_unknown_key_stands_at_its_table(form):
    assert form.row("model.no.such") is form.row("model")
    assert form.row("nowhere.at.all") is None


def test_list_of_numbers(make_editor):
    ints = make_editor("ints", [512, 256])
    assert ints.line.text() == "512, 256"
    ints.line.setText(" 64,32 , 16,")
    assert ints.value() == [64, 32, 16]
    ints.line.setText("64, x")
    assert ints.value() == [64, "x"]  # the recipe says what is wrong with it
    ints.line.setText("")
    assert ints.value() == []


def test_number_beyond_its_limits_is_shown_and_refused(make_editor):
    number = make_editor("int", 5, minimum=1, maximum=10, unit="images")
    assert number.box.text() == "5 images"
    number.set_value(99)
    assert number.box.text() == "99 images"
    assert number.problem == "At most 10"
    assert number.value() == 5
    number.set_value(7)
    assert (number.value(), number.problem) == (7, "")


@pytest.mark.parametrize("text", ["0.001", "1e-3", "1E-3"])
def test_small_number_is_typed_as_people_write_it(make_editor, text):
    number = make_editor("float", 0.5, minimum=0, maximum=1)
    number.box.selectAll()
    QTest.keyClicks(number.box, text)
    QTest.keyClick(number.box, Qt.Key.Key_Return)
    assert number.value() == 0.001
    assert number.box.text() == "0.001"


def test_letters_are_no_number(make_editor):
    number = make_editor("float", 0.5, minimum=0, maximum=1)
    number.box.selectAll()
    QTest.keyClicks(number.box, "abc")
    QTest.keyClick(number.box, Qt.Key.Key_Return)
    assert number.value() == 0.5


def test_small_number_steps_by_its_own_size(make_editor):
    number = make_editor("float", 0.001, minimum=0, maximum=1)
    number.box.stepUp()
    assert number.value() == pytest.approx(0.0011)


def test_empty_path_is_no_path(make_editor, monkeypatch):
    path = make_editor("path")
    assert path.value() is None
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: "/some/folder")
    path.findChildren(type(path.layout_.itemAt(1).widget()))[0].click()
    assert path.value() == "/some/folder"


@pytest.mark.parametrize("kind", ["int", "float"])
def test_wheel_scrolls_the_form_and_not_a_number_without_focus(make_editor, kind):
    number = make_editor(kind, 5, minimum=0, maximum=10)
    number.box.clearFocus()
    turn = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(number.box, turn)
    assert number.value() == 5
    assert not turn.isAccepted()


def test_tiny_number_is_shown_with_an_exponent(make_editor):
    number = make_editor("float", 3e-4, minimum=0, maximum=1)
    assert number.box.text() == "0.0003"
    number.set_value(1e-5)
    assert number.box.text() == "1e-5"
    assert number.value() == 1e-5


def test_switch_is_yes_or_no(make_editor):
    switch = make_editor("bool", True)
    heard = []
    switch.changed.connect(lambda: heard.append(switch.value()))
    QTest.mouseClick(switch.switch, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert heard == [False]
    switch.set_value(True)
    assert switch.value() is True


@pytest.mark.parametrize("kind", ["int", "float"])
def test_number_may_be_left_out(make_editor, kind):
    number = make_editor(kind, None, minimum=1, maximum=9, optional=True)
    assert number.value() is None
    assert not number._number.isEnabled()
    number.switch.click()
    number._number.set_value(3)
    assert number.value() == 3
    number.set_value(None)
    assert number.value() is None
    number.set_value(5)
    assert number.switch.isChecked()
    assert number.value() == 5


# Groups and search

STEPS = Kind("", "", (Field("width", "Width", "How wide.", "int", 3, group="Network"),))
PEAKS = (Field("peaks", "Peaks", "Number of maxima.", "int", 1),)
SHAPES = (Kind("line", "Straight."), Kind("cosine", "Round.", PEAKS, title="Half a cosine"))
GROUPED = (
    Field("epochs", "Epochs", "How often.", "int", 30),
    Field("clip", "Clip", "Longest gradient.", "float", 0.0, 0.0, group="Optimizer"),
    Field("steps", "Steps", "How.", "kind", {"width": 3}, kinds=(STEPS,), group="Network"),
    Field("shape", "Shape", "Form.", "kind", kinds=SHAPES, group="Network"),
)


@pytest.fixture
def grouped(qtbot, application):
    form = FormWidget(GROUPED)
    qtbot.addWidget(form)
    form.show()
    return form


def visible(form):
    """Return the keys of the rows that are seen."""
    keys = ("epochs", "clip", "steps.width", "shape")
    return {key for key in keys if form.row(key).isVisible()}


def test_groups_are_folded(grouped):
    assert visible(grouped) == {"epochs"}
    assert grouped.values() == {
        "epochs": 30,
        "clip": 0.0,
        "steps": {"width": 3},
        "shape": {"kind": "line"},
    }
    fold = grouped.sections["Optimizer"].fold
    QTest.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert visible(grouped) == {"epochs", "clip"}
    QTest.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert visible(grouped) == {"epochs"}


def test_form_without_groups_shows_all_rows(qtbot, application):
    form = FormWidget(GROUPED, grouped=False)
    qtbot.addWidget(form)
    form.show()
    assert visible(form) == {"epochs", "clip", "steps.width", "shape"}


def test_group_tells_how_many_of_its_values_were_changed(grouped):
    fold = grouped.sections["Network"].fold
    assert fold.text() == "Network"
    grouped.set_values({"steps": {"width": 4}, "epochs": 5, "clip": 1.0})
    assert fold.text() == "Network · 1 changed"
    grouped.set_values({"shape": "cosine"})
    assert fold.text() == "Network · 2 changed"
    grouped.set_values({}, whole=True)
    assert fold.text() == "Network"


def test_problem_unfolds_its_group(grouped):
    grouped.show_problem(grouped.row("epochs"), "is not to be hidden")
    assert visible(grouped) == {"epochs"}
    grouped.show_problem(grouped.row("steps.width"), "must be at least 1")
    assert grouped.row("steps.width")._problem.isVisible()
    assert visible(grouped) == {"epochs", "steps.width", "shape"}


def test_invalid_value_unfolds_its_group(grouped):
    """As from a settings file of another version."""
    grouped.set_values({"clip": 2.0})
    assert visible(grouped) == {"epochs"}
    grouped.set_values({"clip": -1.0})
    assert visible(grouped) == {"epochs", "clip"}
    assert grouped.wrong() == "Clip: at least 0"


def test_open_group_stays_open_as_the_kind_changes(qtbot, application):
    inner = (Field("width", "Width", "How wide.", "int", 3, group="Network"),)
    other = (Field("width", "Width", "How wide.", "int", 4, group="Network"),)
    field = Field("m", "M", "It.", "kind", kinds=(Kind("a", "A.", inner), Kind("b", "B.", other)))
    form = FormWidget((field,))
    qtbot.addWidget(form)
    form.show()
    form.sections["Network"].fold.click()
    choose(form, "m", "b")
    assert form.values() == {"m": {"kind": "b", "width": 4}}
    assert form.row("m.width").isVisible()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("clip", {"clip"}),
        ("steps.wid", {"steps.width"}),
        ("GRADIENT longest", {"clip"}),
        ("half a cos", {"shape"}),
        ("half a co-s", {"shape"}),
        ("how", {"epochs", "steps.width"}),
        ("peaks", {"shape"}),  # of another kind
        ("nothing like it", set()),
    ],
)
def test_search_finds_title_key_help_and_alternatives_in_any_group(grouped, text, keys):
    grouped.sections["Optimizer"].fold.click()
    grouped.search(text)
    assert visible(grouped) == keys
    assert grouped._nothing.isVisible() == (not keys)
    grouped.search("")
    assert visible(grouped) == {"epochs", "clip"}
    assert not grouped._nothing.isVisible()


def test_a_choice_is_not_found_for_a_field_that_has_a_row(grouped):
    grouped.set_values({"shape": "cosine"})
    grouped.search("peaks")
    assert grouped.row("shape.peaks").isVisible()
    assert not grouped.row("shape").isVisible()


def test_search_goes_on_as_the_kind_changes(form):
    form.search("latent")
    choose(form, "model", "cvae")
    assert form.row("model.latent_dim").isVisible()
    assert not form.row("device").isVisible()


def test_whole_recipe_leaves_nothing_of_the_one_before(form):
    form.set_values({"model": {"kind": "cvae", "latent_dim": 7}, "device": "cpu"})
    form.set_values({"model": {"latent_dim": 5}, "data": {"root": "/a"}}, whole=True)
    assert form.values() == {
        **DEFAULTS,
        "model": {**DEFAULTS["model"], "latent_dim": 5},
        "data": {"root": "/a"},
    }
    form.set_values({}, whole=True)
    assert form.values() == DEFAULTS


# In the Train panel


def test_problems_stand_at_their_fields(desk):
    problems = (
        ("model.beta", "must be at least 0 (not -1)"),
        ("model.sizes", "unknown key"),
        ("objective.beta", "has no field in this form"),
    )
    desk.controller.store.set(failure=Failure("Bad recipe.", problems=problems))
    panel = desk.panel("train")
    shown = {
        key: panel.form.row(key)._problem.text()
        for key in ("model", "model.latent_dim", "model.beta", "device")
        if panel.form.row(key)._problem.isVisible()
    }
    assert shown == {"model": "unknown key", "model.beta": "must be at least 0 (not -1)"}
    assert panel.problem.isVisible()
    assert panel.problem.text() == "objective.beta: has no field in this form"
    panel.form.row("model.beta").editor.box.setValue(2.0)
    assert not panel.form.row("model.beta")._problem.isVisible()
    assert panel.form.row("model")._problem.isVisible()
    assert [key for key, _ in desk.state.failure.problems] == ["model.sizes", "objective.beta"]
    desk.controller.store.dismiss_failure()
    assert not panel.form.row("model")._problem.isVisible()
    assert not panel.problem.isVisible()


def test_message_vanishes_when_its_value_is_corrected(desk):
    panel = desk.panel("train")
    problems = (("model.hidden.0", "must be a whole number (not 'x')"),)
    desk.controller.store.set(failure=Failure("Bad.", problems=problems))
    assert panel.form.row("model.hidden")._problem.isVisible()
    panel.form.row("model.latent_dim").editor.box.setValue(3)
    assert desk.state.failure is not None
    panel.form.row("model.hidden").editor.line.setText("32")
    assert desk.state.failure is None
    assert not panel.form.row("model.hidden")._problem.isVisible()


def test_draft_fills_the_form_and_the_form_the_draft(desk):
    panel = desk.panel("train")
    desk.controller.training.set_draft({"model": {"kind": "cvae", "latent_dim": 9}})
    assert panel.form.values()["model"] == {"kind": "cvae", "latent_dim": 9}
    assert desk.state.draft.values == panel.form.values()
    panel.form.row("model.latent_dim").editor.box.setValue(3)
    assert desk.state.draft.values["model"]["latent_dim"] == 3


def test_form_prepares_the_next_run_while_one_goes_on(make_desk):
    go_on = threading.Event()

    def train(order, controls):
        yield toy.started()
        assert go_on.wait(20)

    desk = make_desk(train=train)
    panel = desk.panel("train")
    desk.hand.click(panel.start)
    desk.until(lambda: desk.state.training.run and desk.state.training.run.phase == "training")
    assert panel.form.isEnabled()
    assert panel.queue.isVisible()
    assert not panel.start.isVisible()
    assert desk.window.menus.stop.isEnabled()
    assert not desk.window.menus.train.isEnabled()
    go_on.set()
    desk.until(lambda: desk.state.training.run is None)
    assert panel.start.isVisible()
    assert not desk.window.menus.stop.isEnabled()
