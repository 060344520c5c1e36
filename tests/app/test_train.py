"""Training in the window, on the bundled digits, with a tiny network."""

import json
import time

import numpy as np
import pytest
from gui_support import TINY
from PySide6.QtCore import Qt, QTimer

from latentlab.directories import resources, runs
from latentlab.learning.checkpoint import load_model
from latentlab.learning.recipe import Recipe
from latentlab.runs.library import DISCARDED
from latentlab.session.export import DescribeForm
from latentlab.session.form import describe
from latentlab.session.model import Decode
from latentlab.widgets.kit import dialogs as asking
from latentlab.widgets.kit.settings import recent

DIGITS_2D = resources() / "models" / "digits-2d"
CVAE = resources() / "models" / "digits-cvae"
SHIPPED = [str(resources() / "models" / name) for name in ("digits-2d", "digits-cvae", "faces")]


def fill(desk, values):
    """Fill the form as a hand does, field by field."""
    form = desk.panel("train").form
    form.set_values(values)
    return form


def started_runs():
    found = sorted(runs().iterdir()) if runs().is_dir() else []
    return [folder for folder in found if folder.name != DISCARDED]


def entries(desk):
    library = desk.panel("library").list
    return [str(library.entry(row).path) for row in range(library.count())]


def until_ended(desk):
    desk.until(lambda: desk.state.training.run is None)
    desk.settle()


# From start to end


def test_train_watch_stop_keep_and_reopen(often, desk):
    """The main path: press Train, see a model form, keep it, find it again."""
    fill(desk, TINY)
    panel = desk.panel("train")
    assert desk.state.draft.values["model"]["hidden"] == [16]
    desk.controller.training.set_rhythm(0.1)
    desk.hand.click(panel.start)
    assert not panel.start.isVisible()
    assert panel.stop.isVisible()
    assert panel.cancel.isVisible()
    assert desk.window.run_bar.isVisible()
    # Curves from the first second, and they move.
    desk.until(lambda: ("running", "loss") in desk.state.log.curves)
    first = len(desk.state.log.curves["running", "loss"][0])
    desk.until(lambda: len(desk.state.log.curves["running", "loss"][0]) > first + 3)
    # The map shows the model under training, and its codes change.
    desk.until(lambda: desk.state.model.source != DIGITS_2D)
    (folder,) = started_runs()
    assert desk.state.model.source == folder
    codes = [desk.state.codes.mu]
    for _ in range(2):
        desk.until(lambda: not np.array_equal(desk.state.codes.mu, codes[-1]))
        codes.append(desk.state.codes.mu)
    # How many are encoded while it trains depends on how fast the machine is.
    assert codes[0].shape[1] == 2
    assert 256 <= len(codes[0]) <= 5000
    desk.until(lambda: desk.state.training.run.best_loss is not None)
    assert "validation" in desk.window.run_bar.text.text()
    assert "epoch" in desk.window.run_bar.text.text()
    curve = desk.panel("curves").plots["loss"].curves["running"]
    desk.until(lambda: len(curve.getData()[0]) > 3)
    # Stop and keep.
    desk.hand.click(panel.stop)
    until_ended(desk)
    assert panel.start.isVisible()
    assert not desk.window.run_bar.isVisible()
    state = desk.state
    assert state.failure is None
    assert state.model.source == folder
    assert state.model.epoch > 0
    assert not state.training.following
    assert ("validation", "loss") in state.log.curves
    # It learned: a mean digit alone costs about 206 nats.
    losses = state.log.curves["validation", "loss"][1]
    assert losses[-1] < losses[0]
    assert entries(desk) == [*SHIPPED, str(folder)]
    assert desk.panel("library").list.currentIndex().row() == 3
    # It can be read back, by the program and by people.
    model, checkpoint = load_model(folder)
    assert checkpoint.recipe.model.hidden == (16,)
    assert model.latent_dim == 2
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert {line["split"] for line in lines} == {"train", "validation"}
    np.testing.assert_allclose(
        [line["loss"] for line in lines if line["split"] == "validation"], losses
    )
    # Away and back again.
    kept = state.codes.mu
    library = desk.panel("library").list
    for row, source in ((0, DIGITS_2D), (3, folder)):
        desk.hand.click(
            library.viewport(), library.visualRect(library.model().index(row, 0)).center()
        )
        desk.settle()
        assert desk.state.model.source == source
    np.testing.assert_allclose(desk.state.codes.mu, kept, atol=1e-5)


def test_runs_that_end_by_themselves_are_opened(desk):
    fill(desk, {**TINY, "training": {**TINY["training"], "epochs": 2}})
    desk.hand.key(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.training.run is not None
    until_ended(desk)
    (folder,) = started_runs()
    assert desk.state.model.source == folder
    assert desk.state.model.epoch == 2
    assert desk.state.failure is None
    assert "epoch 2" in desk.window.model_label.text()
    assert len(desk.state.log.curves["validation", "loss"][0]) == 2
    # A conditional model.
    recipe = {**TINY, "model": {"kind": "cvae", "hidden": [16], "latent_dim": 3}}
    fill(desk, {**recipe, "training": {**TINY["training"], "epochs": 1}})
    desk.hand.click(desk.panel("train").start)
    until_ended(desk)
    assert desk.state.model.title == "Conditional VAE 3-D"
    assert desk.panel("sliders").label.isVisible()
    assert len(desk.panel("sliders").rows) == 3


def test_cancel_and_discard(training, monkeypatch):
    """The folder is gone, the model before is back; and undone, the run is."""
    (folder,) = started_runs()
    assert training.state.model.source == folder
    monkeypatch.setattr(asking, "confirm", lambda *words: True)
    training.hand.click(training.panel("train").cancel)
    until_ended(training)
    training.until(lambda: not folder.exists())
    training.settle()
    assert training.state.model.source == DIGITS_2D
    assert training.state.codes.mu.shape == (5000, 2)
    assert ("validation", "loss") in training.state.log.curves
    assert entries(training) == SHIPPED
    assert str(folder) not in recent()
    assert training.state.failure is None
    # What is decoded now comes from the old model, not from the cancelled one.
    row = training.state.original.row
    training.controller.point.pick(row)
    training.settle()
    assert training.state.point.z == pytest.approx(training.state.codes.mu[row], abs=1e-4)
    (line,) = training.window.messages.lines
    training.hand.click(line.undo)
    training.until(folder.exists)
    training.settle()
    assert training.state.model.source == folder
    assert len(entries(training)) == len(SHIPPED) + 1


def test_cancel_at_once_leaves_nothing_behind_and_stop_keeps_what_there_is(desk):
    fill(desk, TINY)
    before = desk.state
    desk.controller.training.start()
    desk.controller.training.cancel()
    until_ended(desk)
    desk.until(lambda: started_runs() == [])
    desk.settle()
    assert desk.state.model.source == DIGITS_2D
    assert desk.state.point == before.point
    assert ("validation", "loss") in desk.state.log.curves
    desk.controller.training.start()
    desk.controller.training.stop()
    until_ended(desk)
    assert desk.state.failure is None
    assert desk.state.model is not None
    assert desk.panel("train").start.isEnabled()


def test_second_run_is_refused_and_stop_takes_effect_within_a_moment(training):
    training.controller.training.start()
    assert "already in training" in training.window.failure_bar.text.text()
    assert training.state.training.run is not None
    assert len(started_runs()) == 1
    assert not training.window.menus.train.isEnabled()
    start = time.perf_counter()
    training.hand.key(Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    if run := training.state.training.run:
        assert run.phase == "stopping"
        assert not training.panel("train").stop.isEnabled()
        assert training.window.run_bar.text.text().startswith("Stopping")
    training.until(lambda: training.state.training.run is None)
    assert time.perf_counter() - start < 5


def is_on_its_image(state):
    return np.allclose(state.point.z, state.codes.mu[state.original.row], atol=1e-3)


def test_exploring_goes_on_while_it_trains(training):
    """z first follows its image, then stays where one puts it, and its picture changes."""
    seen = set()
    for _ in range(3):
        codes = training.state.codes
        training.until(lambda codes=codes: training.state.codes is not codes)
        training.until(lambda: is_on_its_image(training.state))
        seen.add(training.state.point.z)
    assert len(seen) > 1
    training.controller.workspaces.go("explore")
    training.until(lambda: training.state.answer(Decode))
    training.hand.click(training.map.viewport(), training.pixel_of(1.0, 1.0))
    z = training.state.point
    pictures = set()
    for _ in range(3):
        codes = training.state.codes
        training.until(lambda codes=codes: training.state.codes is not codes)
        training.until(lambda: training.state.answer(Decode).point == z)
        pictures.add(training.state.answer(Decode).pixels.tobytes())
    assert training.state.point == z
    assert len(pictures) > 1
    training.panel("sliders").rows[0].slider.setValue(200)
    training.until(lambda: training.state.answer(Decode).point == training.state.point)
    ticks = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    codes = training.state.codes
    training.until(lambda: training.state.codes is not codes and len(ticks) > 100)
    timer.stop()
    gaps = np.diff(ticks)
    assert np.median(gaps) < 0.05
    assert gaps.max() < 1.0


# More than one thing at a time


def test_look_elsewhere_and_watch_again(training):
    (folder,) = started_runs()
    watch = training.window.run_bar.watch
    assert not watch.isVisible()
    training.controller.open_path(CVAE)
    training.until(lambda: training.state.model.source == CVAE)
    epoch = training.state.training.run.epoch
    training.until(lambda: training.state.training.run.epoch > epoch + 2)
    assert training.state.model.source == CVAE
    assert ("running", "loss") not in training.state.log.curves
    assert len(training.panel("sliders").rows) == 20
    assert training.state.failure is None
    assert watch.isVisible()
    training.hand.click(watch)
    training.until(lambda: training.state.model.source == folder)
    assert not watch.isVisible()
    assert ("running", "loss") in training.state.log.curves
    assert len(training.panel("sliders").rows) == 2
    # A run that ends unwatched is kept, and forced on nobody.
    training.controller.open_path(CVAE)
    training.until(lambda: training.state.model.source == CVAE)
    training.controller.training.stop()
    until_ended(training)
    assert training.state.model.source == CVAE
    assert str(folder) in entries(training)


# Failures


def bad(**tables):
    return {key: {**TINY.get(key, {}), **tables.get(key, {})} for key in (*TINY, *tables)}


def test_bad_value_is_told_under_its_field(desk):
    """Nothing else changes, and it trains once the value is mended."""
    before = desk.state
    form = fill(desk, TINY)
    form.row("model.hidden").editor.line.setText("16, x")
    start = desk.panel("train").start
    desk.until(lambda: not start.isEnabled())
    label = form.row("model.hidden")._problem
    assert label.isVisible()
    assert "x" in label.text()
    assert "x" in start.toolTip()
    assert not form.row("model.latent_dim")._problem.isVisible()
    desk.hand.click(start)
    desk.controller.training.start()
    assert desk.window.failure_bar.isVisible()
    for name in ("model", "point", "codes", "log"):
        assert getattr(desk.state, name) is getattr(before, name), name
    assert desk.state.answer(Decode) is before.answer(Decode)
    assert started_runs() == []
    form.row("model.hidden").editor.line.setText("16")
    desk.hand.click(desk.panel("train").start)
    assert not label.isVisible()
    assert not desk.window.failure_bar.isVisible()
    desk.until(lambda: desk.state.training.run.phase == "training")
    desk.controller.training.cancel()
    until_ended(desk)


def test_form_offers_all_that_a_recipe_holds_and_shows_every_problem_at_once(desk):
    assert desk.state.answer(DescribeForm) == describe(Recipe)
    values = desk.panel("train").form.values()
    assert set(values) == {"model", "data", "objective", "training"}
    choices = desk.panel("train").form.row("data").editor.choice
    assert {choices.itemData(i) for i in range(choices.count())} >= {
        "digits",
        "mnist",
        "fashion-mnist",
    }
    form = fill(desk, {**TINY, "data": {"kind": "folder", "root": ""}})
    form.row("model.hidden").editor.line.setText("0, 16")
    desk.hand.click(desk.panel("train").start)
    until_ended(desk)
    for key in ("model.hidden", "data.root"):
        assert form.row(key)._problem.isVisible(), key
    assert "missing" in form.row("data.root")._problem.text()
    assert not form.row("training.epochs")._problem.isVisible()
    assert started_runs() == []
    # Values as from a settings file of another version: each is told, and none is replaced.
    form = fill(desk, bad(model={"latent_dim": 0}, training={"epochs": -3, "learning_rate": 9.0}))
    for key in ("model.latent_dim", "training.epochs", "training.learning_rate"):
        assert form.row(key)._problem.isVisible(), key
    desk.controller.training.start()
    assert "at least 1" in desk.window.failure_bar.text.text()
    assert started_runs() == []


def test_data_that_is_not_there_and_a_runs_folder_that_cannot_be_made(desk, tmp_path):
    before = desk.state
    fill(desk, {**TINY, "data": {"kind": "mnist", "root": str(tmp_path / "nowhere")}})
    desk.hand.click(desk.panel("train").start)
    until_ended(desk)
    text = desk.window.failure_bar.text.text()
    assert "nowhere" in text
    assert desk.state.failure.details == ""
    assert desk.state.model is before.model
    assert desk.state.log.curves is before.log.curves
    assert started_runs() == []
    runs().rmdir()
    runs().write_text("a file in the way")
    fill(desk, TINY)
    desk.hand.click(desk.panel("train").start)
    until_ended(desk)
    assert "cannot be written" in desk.window.failure_bar.text.text()
    assert desk.state.failure.details == ""
    assert desk.state.model is before.model
    runs().unlink()
    desk.hand.click(desk.panel("train").start)
    desk.until(lambda: desk.state.training.run and desk.state.training.run.phase == "training")
    assert not desk.window.failure_bar.isVisible()


def test_run_that_cannot_be_written_any_more(training):
    """The disk fills, or someone is in the way: told, kept, and the window goes on."""
    (folder,) = started_runs()
    training.until((folder / "metrics.jsonl").exists)
    (folder / "metrics.jsonl").unlink()
    (folder / "metrics.jsonl").mkdir()
    until_ended(training)
    assert "cannot be written" in training.window.failure_bar.text.text()
    assert training.state.model.source == folder
    assert load_model(folder)[1].epoch > 0
    assert training.panel("train").start.isEnabled()
    training.go("explore")
    training.hand.key(Qt.Key.Key_R)
    training.settle()
    assert training.state.answer(Decode).point == training.state.point


def test_loss_that_explodes_keeps_the_last_good_weights(desk):
    desk.controller.training.set_draft(
        bad(objective={"beta": 1e3}, training={"learning_rate": 1.0})
    )
    desk.controller.training.start()
    until_ended(desk)
    assert "Learning rate" in desk.window.failure_bar.text.text()
    assert np.isfinite(desk.state.codes.mu).all()


# What is trained next time


def test_fast_schedule_is_a_click_in_the_form_and_trains_to_its_end(desk):
    panel = desk.panel("train")
    fill(desk, {**TINY, "training": {**TINY["training"], "epochs": 20}})
    rate = desk.state.draft.values["training"]["learning_rate"]
    desk.hand.click(panel.fast)
    training = panel.form.values()["training"]
    assert training["epochs"] == training["schedule"]["epochs"] == 4
    assert training["schedule"]["kind"] == "one-cycle"
    assert training["learning_rate"] == 4 * rate
    assert not panel.fast.isEnabled()
    (line,) = desk.window.messages.lines
    assert "4 epochs" in line.undo.accessibleName()
    desk.hand.click(panel.start)
    until_ended(desk)
    (folder,) = started_runs()
    assert load_model(folder)[1].epoch == 4
    assert 'kind = "one-cycle"' in (folder / "recipe.toml").read_text("utf-8")


def test_fast_schedule_can_be_undone(desk):
    panel = desk.panel("train")
    before = panel.form.values()
    desk.hand.click(panel.fast)
    assert panel.form.values() != before
    (line,) = desk.window.messages.lines
    desk.hand.click(line.undo)
    assert panel.form.values() == before
    assert panel.fast.isEnabled()


def test_form_is_remembered(make_desk):
    desk = make_desk()
    fill(desk, TINY)
    desk.window.close()
    desk.clear()
    again = make_desk()
    again.until(lambda: again.panel("train").form)
    values = again.panel("train").form.values()
    assert values["model"]["hidden"] == [16]
    assert values["training"]["epochs"] == 100_000
    assert again.state.draft.values == values
