"""Train panel: presets, search, and the warning before a long run."""

from pathlib import Path

import pytest

from latentlab.session.recipes import EstimateTime, ListPresets, SaveRecipe, TimePresets
from latentlab.session.runs import Run, TrainingStatus
from latentlab.widgets.kit import start_training as starting

BUILT = ("train",)


@pytest.fixture
def panel(desk):
    panel = desk.panel("train")
    desk.settle()
    return panel


def entries(panel):
    """Return the entries of the menu of presets: text, and whether they can be chosen."""
    actions = panel.presets.menu().actions()
    return [(a.text(), a.isEnabled()) for a in actions if not a.isSeparator()]


def test_presets_are_listed_with_lesson_and_time(desk, panel):
    assert entries(panel) == [
        ("Two: See all.\tmeasuring…", True),
        ("Labels && all: Choose.\tmeasuring…", True),
        ("Faces: Morph.\tFaces are not here", False),
    ]
    assert not [request for request in desk.lab.asked if isinstance(request, TimePresets)]
    panel.presets.opened.emit()
    desk.settle()
    assert [text.partition("\t")[2] for text, _ in entries(panel)] == [
        "about 1.5 min",
        "about 1.5 min",
        "Faces are not here",
    ]
    assert all(one.seconds for one in desk.state.answer(ListPresets) if not one.unavailable)


def test_preset_fills_the_form_and_can_be_undone(desk, panel):
    panel.form.row("model.hidden").editor.line.setText("99")
    before = panel.form.values()
    action = next(a for a in panel.presets.menu().actions() if a.text().startswith("Two"))
    action.trigger()
    assert panel.form.values()["model"] == {
        "kind": "vae",
        "latent_dim": 2,
        "hidden": [16, 8],
        "beta": 4.0,
    }
    assert desk.state.draft.values == panel.form.values()
    (line,) = desk.window.messages.lines
    desk.hand.click(line.undo)
    assert panel.form.values() == before
    assert desk.state.draft.values == before


def test_search_line_shows_matching_rows_only(desk, panel):
    panel.search.setFocus()
    desk.hand.type("beta")
    assert panel.form.row("model.beta").isVisible()
    assert not panel.form.row("device").isVisible()
    panel.search.clear()
    assert panel.form.row("device").isVisible()


def test_time_of_the_draft_is_shown_and_not_measured_during_a_run(desk, panel):
    assert panel.time.text() == "Takes about 3 min on this machine"
    desk.lab.run_seconds = None
    panel.form.row("model.beta").editor.box.setValue(3.0)
    assert panel.time.text() == ""
    desk.settle()
    assert panel.time.text() == ""
    asked = desk.lab.asked[-1]
    assert isinstance(asked, EstimateTime)
    assert asked.values["model"]["beta"] == 3.0


@pytest.fixture
def questions(monkeypatch):
    """Answer questions with No, and record them."""
    asked = []

    def confirm(parent, text, more, yes):
        asked.append((text, yes))
        return asked[0] == "yes"

    monkeypatch.setattr(starting, "confirm", confirm)
    return asked


def change(desk, panel, seconds):
    """Change the draft so that its run takes some seconds."""
    desk.lab.run_seconds = seconds
    panel.form.row("model.beta").editor.box.setValue(3.0)
    desk.settle()


@pytest.mark.parametrize("way", ["button", "menu"])
def test_a_run_of_hours_is_started_only_if_confirmed(desk, panel, questions, way):
    change(desk, panel, 4 * 3600.0)
    start = panel.start.click if way == "button" else desk.window.menus.train.trigger
    start()
    assert questions == [("This run takes about 4 h on this machine.", "Train anyway")]
    assert desk.state.training.run is None
    questions[:] = ["yes"]
    start()
    assert desk.state.training.run is not None


def test_a_short_run_starts_at_once(desk, panel, questions):
    change(desk, panel, 600.0)
    desk.window.menus.train.trigger()
    assert desk.state.training.run is not None
    assert not questions


def test_recipe_is_saved(desk, panel, monkeypatch):
    monkeypatch.setattr(starting, "ask_save_path", lambda *words: Path("/toys/my.toml"))
    asked = []
    monkeypatch.setattr(desk.controller.files, "save", asked.append)
    assert desk.window.menus.training.save.isEnabled()
    desk.window.menus.training.save.trigger()
    assert asked == [SaveRecipe(panel.form.values(), Path("/toys/my.toml"))]


def test_the_queue_is_counted_where_the_next_run_is_set_up(desk, panel):
    """The Library, which lists the queue, is not shown in this workspace."""
    run = Run("training", epoch=1, epochs=9)
    recipe = desk.state.draft.values
    desk.controller.store.set(training=TrainingStatus(run=run, queue=(recipe,) * 2, beside=(run,)))
    desk.until(
        lambda: panel.next_label.text() == "Next run · 1 run beside this one · 2 in the queue"
    )
    desk.controller.store.set(training=TrainingStatus(run=run))
    desk.until(lambda: panel.next_label.text() == "Next run")
    desk.controller.store.set(training=TrainingStatus())
