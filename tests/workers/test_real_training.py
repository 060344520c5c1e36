"""Training for real, on the bundled digits: controller, lane, job and run folders together."""

import time

import numpy as np
import pytest
from gui_support import freeze

from latentlab import app
from latentlab.directories import runs
from latentlab.learning.checkpoint import load_model, read_checkpoint
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record
from latentlab.runs.run_log import read_changes
from latentlab.session.diagnosis.finding import Remedy
from latentlab.session.library.entries import ListLibrary
from latentlab.session.runs import Compare
from latentlab.workers.controller import Controller
from latentlab.workers.intents import training as intents
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

TINY = {
    "model": {"kind": "vae", "hidden": [8], "latent_dim": 2},
    "data": {"kind": "digits"},
    "objective": {"kind": "elbo", "beta": 1.0},
    "training": {"epochs": 100_000, "batch_size": 1000, "device": "cpu", "seed": 0},
}


def tiny(epochs, **model):
    training = {**TINY["training"], "epochs": epochs}
    return {**TINY, "training": training, "model": {**TINY["model"], **model}}


@pytest.fixture(scope="session")
def frozen():
    """Load torch, and take it out of the garbage collector's sight."""
    from latentlab.explorer import model as exploring  # noqa: F401

    freeze()


class Lab:
    """A controller with real workers, and what it has said."""

    def __init__(self, until):
        self.training = Training(app.train)
        self.controller = Controller(Lane(app.make_answerer), self.training)
        self.until, self.said = until, []
        self.controller.changed.connect(self.on_changed)

    def on_changed(self, state, fields):
        if "message" in fields and state.message:
            self.said.append(state.message)

    @property
    def state(self):
        return self.controller.state

    def train(self, recipe):
        self.controller.training.set_draft(recipe)
        self.controller.training.start()

    def until_step(self, more=1):
        """Wait until the run has told of so many more steps."""
        before = self.steps
        self.until(lambda: self.steps >= before + more)

    @property
    def steps(self):
        return len(self.training.past.curves.get(("running", "loss"), ((),))[0])

    def until_ended(self):
        self.until(lambda: not (self.state.training.run or self.state.training.queue))
        self.until(lambda: not self.state.training.beside)


@pytest.fixture
def lab(until):
    made = Lab(until)
    yield made
    made.controller.close()


def own_runs():
    return sorted(runs().iterdir())


def test_a_paused_run_makes_no_step_and_its_clock_stands_still(lab):
    lab.train(tiny(400))
    lab.until_step(3)
    lab.controller.training.pause()
    assert lab.state.training.run.phase == "paused"
    # What was on its way when the hand came down arrives yet.
    end = time.monotonic() + 0.15
    lab.until(lambda: time.monotonic() > end)
    steps, left = lab.steps, lab.state.training.run.seconds_left
    end = time.monotonic() + 1.2
    lab.until(lambda: time.monotonic() > end)
    assert lab.steps == steps
    epoch = lab.state.training.run.epoch
    lab.controller.training.go_on()
    assert lab.state.training.run.phase == "training"
    seconds = []
    lab.until(
        lambda: (
            seconds.append(lab.state.training.run.seconds_per_epoch)
            or lab.state.training.run.epoch > epoch
        )
    )
    lab.until_step(2)
    # 1.2 of so few seconds would more than double them.
    assert lab.state.training.run.seconds_left < 2 * left + 1
    assert max(value for value in seconds if value) < 1.2
    assert lab.state.training.run.images_per_second > 1000


def test_a_run_beside_the_current_one_is_stopped_alone_and_kept(lab, monkeypatch):
    monkeypatch.setattr(intents, "core_count", lambda: 2)
    lab.controller.training.set_draft(TINY)
    lab.controller.training.sweep("objective.beta", (1.0, 4.0))
    lab.until(lambda: any(run.epoch > 1 for run in lab.state.training.beside))
    assert lab.state.training.queue == ()
    lab.until_step()
    lab.controller.training.stop_beside(0)
    lab.until(lambda: not lab.state.training.beside)
    assert lab.state.training.run.phase == "training"
    lab.controller.training.stop()
    lab.until_ended()
    kept = [read_checkpoint(folder) for folder in own_runs()]
    assert {each.recipe.objective.beta for each in kept} == {1.0, 4.0}
    assert all(each.step > 0 for each in kept)


def test_a_paused_run_can_be_stopped_and_is_kept(lab):
    lab.train(TINY)
    lab.until_step(2)
    lab.controller.training.pause()
    lab.controller.training.stop()
    lab.until_ended()
    (folder,) = own_runs()
    assert load_model(folder)[1].step > 0
    lab.until(lambda: lab.state.model and lab.state.model.source == folder)
    assert lab.state.failure is None


def test_steering_through_the_controller_is_marked_and_kept(lab):
    lab.train(TINY)
    lab.until_step(2)
    lab.controller.training.steer("objective.beta", 4.0)
    lab.until(lambda: lab.state.log.changes)
    (change,) = lab.state.log.changes
    assert (change.key, change.value, change.problem) == ("objective.beta", 4.0, "")
    assert lab.state.training.run.recipe["objective"]["beta"] == 4.0
    lab.controller.training.steer("objective.beta", -1.0)
    lab.until(lambda: lab.state.failure)
    assert "objective.beta" in lab.state.failure.title
    lab.controller.training.apply_remedy(Remedy("Less", (("training.learning_rate", 1e-4),)))
    lab.until(lambda: len(lab.state.log.changes) == 2)
    lab.controller.training.stop()
    lab.until_ended()
    (folder,) = own_runs()
    assert [(c.key, c.value) for c in read_changes(folder)] == [
        ("objective.beta", 4.0),
        ("training.learning_rate", 1e-4),
    ]
    recipe = read_checkpoint(folder).recipe
    assert (recipe.objective.beta, recipe.training.learning_rate) == (4.0, 1e-4)
    lab.until(lambda: lab.state.model and lab.state.model.source == folder)
    assert len(lab.state.log.changes) == 2, "the open run shows what was changed too"


def test_more_epochs_while_it_runs_and_after_it(lab):
    lab.train(tiny(2))
    lab.until(lambda: lab.state.training.run and lab.state.training.run.phase == "training")
    lab.controller.training.train_more(1)
    lab.until_ended()
    (folder,) = own_runs()
    lab.until(lambda: lab.state.model and lab.state.model.epoch in (2, 3))
    epochs = lab.state.model.epoch
    lab.controller.training.train_more(2)
    lab.until(lambda: lab.state.training.run and lab.state.training.run.phase == "training")
    lab.until_ended()
    lab.until(lambda: lab.state.model.epoch == epochs + 2)
    assert own_runs() == [folder]
    x, losses = lab.state.log.curves["validation", "loss"]
    assert x.tolist() == list(range(1, epochs + 3))
    assert losses[-1] < losses[0]
    assert lab.state.log.moments[-1] == epochs + 2
    assert lab.state.log.latents.epochs.tolist() == x.tolist()


def test_a_resumed_run_remembers_its_best_epoch_and_its_curves(lab):
    folder = runs() / "run"
    for _ in record(make_recipe(tiny(3)), folder):
        pass
    lab.controller.training.resume(folder, 5)
    lab.until(lambda: lab.state.training.run and lab.state.training.run.best_loss)
    assert lab.state.training.run.epochs == 5
    lab.until_ended()
    lab.until(lambda: lab.state.model and lab.state.model.epoch == 5)
    assert lab.state.log.curves["validation", "loss"][0].tolist() == [1, 2, 3, 4, 5]


def test_cancelling_what_was_resumed_keeps_the_run(lab):
    folder = runs() / "run"
    for _ in record(make_recipe(tiny(1)), folder):
        pass
    lab.controller.training.resume(folder, 100_000)
    # The steps of its first epoch are told before there are others.
    lab.until(lambda: lab.steps and lab.training.past.curves["running", "loss"][0][-1] > 1)
    lab.controller.training.cancel()
    lab.until_ended()
    lab.until(lambda: lab.state.model and lab.state.model.source == folder)
    assert load_model(folder)[1].step > 4
    assert any("was kept" in message.text for message in lab.said if message)


def test_a_sweep_runs_one_after_another_and_can_be_compared(lab):
    lab.controller.training.set_draft(tiny(1))
    lab.controller.training.sweep("objective.beta", (0.5, 4.0))
    assert lab.state.training.run is not None
    assert len(lab.state.training.queue) == 1
    lab.until_ended()
    lab.until(
        lambda: (
            len([entry for entry in lab.state.answer(ListLibrary) or () if not entry.shipped]) == 2
        )
    )
    folders = own_runs()
    assert [read_checkpoint(folder).recipe.objective.beta for folder in folders] == [0.5, 4.0]
    first, second = (folder / "checkpoint.json" for folder in folders)
    assert first.stat().st_mtime_ns <= second.stat().st_mtime_ns
    lab.controller.runs.compare(tuple(folders))
    lab.until(lambda: lab.state.answer(Compare) or ())
    assert [run.name for run in (lab.state.answer(Compare) or ())] == ["beta 0.5", "beta 4"]
    out = runs() / "curves.csv"
    lab.controller.runs.export_curves(out)
    lab.until(lambda: lab.said)
    text = out.read_text()
    assert "beta 0.5,validation,loss,1," in text
    assert "beta 4,validation,kl,1," in text
    lab.controller.runs.compare(())
    assert (lab.state.answer(Compare) or ()) == ()


def test_a_run_can_be_looked_back_at_while_it_goes_on_and_afterwards(lab, monkeypatch):
    monkeypatch.setattr("latentlab.learning.monitor.PREVIEW_INTERVAL_S", 0.0)
    lab.train(TINY)
    lab.until(lambda: len(lab.state.log.moments) >= 3)
    lab.controller.runs.show_moment(1)
    lab.until(lambda: lab.state.moment == 1)
    then = lab.state.portrait
    assert then.epoch == 1
    count = len(lab.state.log.moments)
    lab.until(lambda: len(lab.state.log.moments) > count)
    assert lab.state.portrait is then, "live pictures do not push the past aside"
    lab.controller.runs.show_moment(None)
    lab.until(lambda: lab.state.portrait.epoch > count)
    lab.controller.training.stop()
    lab.until_ended()
    (folder,) = own_runs()
    lab.until(
        lambda: lab.state.model and lab.state.model.source == folder and not lab.state.opening
    )
    last = lab.state.portrait.epoch
    assert last == lab.state.log.moments[-1]
    lab.controller.runs.show_moment(1)
    lab.until(lambda: lab.state.moment == 1)
    assert np.array_equal(lab.state.portrait.reconstructions, then.reconstructions)
    lab.controller.runs.show_moment(None)
    assert (lab.state.moment, lab.state.portrait.epoch) == (None, last)
    lab.controller.runs.show_moment(10**6)
    lab.until(lambda: lab.state.failure)
    assert "no preview" in lab.state.failure.title


def test_a_run_that_cannot_be_resumed_says_why(lab):
    (runs() / "empty").mkdir(parents=True)
    lab.controller.training.resume(runs() / "empty")
    lab.until(lambda: lab.state.failure)
    assert "cannot be resumed" in lab.state.failure.title
    assert lab.state.training.run is None


def test_names_and_drafts_of_other_runs(lab):
    folder = runs() / "run"
    for _ in record(make_recipe(tiny(1, latent_dim=3)), folder):
        pass
    lab.controller.runs.duplicate(folder)
    lab.until(lambda: lab.state.draft.values)
    assert lab.state.draft.values["model"]["latent_dim"] == 3
    lab.controller.runs.rename(folder, "three")
    lab.until(lambda: any(entry.name == "three" for entry in lab.state.answer(ListLibrary) or ()))
