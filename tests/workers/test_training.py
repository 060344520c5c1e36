import gc
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy

from latentlab.errors import RecipeError
from latentlab.learning.events import EpochEnd, LatentStatistics, Step
from latentlab.session.runs import TrainingJob
from latentlab.work import Progress
from latentlab.workers.training import Training

RUN = Path("/runs/1")
LATENTS = LatentStatistics(np.ones(2), 1.5, 0.5, 90)


class Gate:
    """A run that goes on step by step, as the test lets it."""

    def __init__(self, folder=RUN):
        self.folder = folder
        self.open = threading.Event()
        self.closed = threading.Event()

    def __call__(self, order, controls):
        try:
            yield toy.started(self.folder)
            step = 0
            while True:
                step += 1
                yield Step(step, 1, toy.losses(10.0), 1.0, 1.0)
                assert self.open.wait(20)
        finally:
            self.closed.set()


class Heard:
    def __init__(self, training):
        self.runs, self.adoptable, self.ends = [], [], []
        training.progressed.connect(self.runs.append)
        training.adoptable.connect(self.adoptable.append)
        training.ended.connect(lambda *end: self.ends.append(end))


@pytest.fixture
def make(until):
    """Make trainings whose runs end with the test."""
    made = []

    def make(train):
        training = Training(train)
        made.append(training)
        return training, Heard(training)

    yield make
    for training in made:
        training.close()
    until(lambda: not any(training.running for training in made))


def test_tells_of_a_run_from_start_to_end(make, until):
    recipes = []

    def train(order, controls):
        recipes.append(order.recipe)
        yield Progress("Reading", 0.5)
        yield from toy.training(RUN)

    training, heard = make(train)
    training.start(TrainingJob({"model": "vae"}))
    assert training.running
    assert heard.runs[0].phase == "loading"
    until(lambda: heard.ends)
    assert recipes == [{"model": "vae"}]
    assert [run.phase for run in heard.runs[:3]] == ["loading", "loading", "training"]
    assert (heard.runs[1].message, heard.runs[1].fraction) == ("Reading", 0.5)
    fractions = [run.fraction for run in heard.runs[2:] if run.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    last = heard.runs[-1]
    assert (last.epoch, last.epochs, last.device) == (2, 2, "toy")
    assert (last.images_per_second, last.seconds_left) == (1000.0, 2.0)
    assert last.seconds_per_epoch == 0.75
    (outcome, folder, discard), *others = heard.ends
    assert not others
    assert (outcome.how, folder, discard) == ("succeeded", RUN, False)
    assert not training.running


def test_curves_grow_and_what_was_shown_stays(make, until):
    training, heard = make(lambda order, controls: toy.training(RUN, epochs=40, steps_per_epoch=5))
    shown = []
    training.progressed.connect(lambda run: shown.append(training.past.curves))
    training.start(TrainingJob())
    until(lambda: heard.ends)
    x, y = training.past.curves["running", "loss"]
    np.testing.assert_allclose(x, np.arange(1, 201) / 5)
    np.testing.assert_allclose(y, 100 / np.arange(1, 201))
    x, y = training.past.curves["validation", "kl"]
    np.testing.assert_array_equal(x, np.arange(1, 41))
    np.testing.assert_array_equal(y, np.ones(40))
    lengths = [len(curves.get(("running", "loss"), ((),))[0]) for curves in shown]
    assert lengths == sorted(lengths)
    assert max(lengths) == 200
    early = next(curves for curves in shown if ("running", "loss") in curves)
    np.testing.assert_allclose(early["running", "loss"][1], 100.0)


def test_remembers_the_best_epoch(make, until):
    def train(order, controls):
        yield toy.started(RUN, epochs=3)
        bests = ((1, 5.0), (2, 3.0), (2, 3.0))
        for epoch, (loss, best) in enumerate(zip((5.0, 3.0, 4.0), bests, strict=True), 1):
            found = toy.losses(loss)
            yield EpochEnd(epoch, epoch, found, found, 1.0, 0.0, LATENTS, *best, memory=7)

    training, heard = make(train)
    training.start(TrainingJob())
    until(lambda: heard.ends)
    last = heard.runs[-1]
    assert (last.best_loss, last.best_epoch, last.validation_loss) == (3.0, 2, 4.0)
    assert (last.plateau, last.memory) == (1, 7)
    assert heard.ends[0][0].how == "succeeded"


def test_snapshots_become_adopt_requests(make, until):
    training, heard = make(lambda order, controls: toy.training(RUN))
    training.start(TrainingJob())
    until(lambda: heard.ends)
    assert [request.epoch for request in heard.adoptable] == [1, 2]
    assert {request.folder for request in heard.adoptable} == {RUN}
    np.testing.assert_array_equal(heard.adoptable[1].weights["weight"], [2, 2])


@pytest.mark.parametrize(("device", "at_once"), [("CPU", False), ("H200", True)])
def test_a_run_on_the_same_cores_is_looked_at_again_once_it_can_spare_that(
    make, until, device, at_once
):
    def train(order, controls):
        yield replace(toy.started(RUN), device=device)
        controls.taken()
        yield Step(1, 1, toy.losses(10.0), 1.0, 1.0)
        assert gate.wait(20)
        seen.append(controls.wants_snapshot)

    gate, seen = threading.Event(), []
    training, heard = make(train)
    training.start(TrainingJob())
    until(lambda: heard.runs[-1].epoch == 1)
    training.adopted()
    gate.set()
    until(lambda: heard.ends)
    assert seen == [at_once]


@pytest.mark.parametrize("discard", [False, True])
def test_stop(make, until, discard):
    gate = Gate()
    training, heard = make(gate)
    training.start(TrainingJob())
    until(lambda: heard.runs[-1].epoch)
    training.stop(discard=discard)
    assert heard.runs[-1].phase == "stopping"
    gate.open.set()
    until(lambda: heard.ends)
    outcome, folder, discarded = heard.ends[0]
    assert (outcome.how, folder, discarded) == ("stopped", RUN, discard)
    assert gate.closed.is_set()
    assert not training.running


def test_stays_stopping_until_it_ends(make, until):
    """A step already on its way does not make a stopping run look alive."""
    gate = Gate()
    training, heard = make(gate)
    training.start(TrainingJob())
    until(lambda: heard.runs[-1].epoch)
    training.stop(discard=False)
    before = len(heard.runs)
    training._on_event(toy.started(RUN))
    assert len(heard.runs) > before
    assert heard.runs[-1].phase == "stopping"
    gate.open.set()


def test_failure_names_no_folder_before_the_run_began(make, until):
    def train(order, controls):
        raise RecipeError({"model.latent_dim": "must be greater than 0 (not 0)"})

    training, heard = make(train)
    training.start(TrainingJob())
    until(lambda: heard.ends)
    outcome, folder, _ = heard.ends[0]
    assert folder is None
    assert outcome.failure.problems == (("model.latent_dim", "must be greater than 0 (not 0)"),)


def test_second_run_starts_afresh(make, until):
    training, heard = make(lambda order, controls: toy.training(RUN))
    for count in (1, 2):
        training.start(TrainingJob())
        until(lambda count=count: len(heard.ends) == count)
        assert len(training.past.curves["running", "loss"][0]) == 6
    firsts = [run for run in heard.runs if run.phase == "loading"]
    assert len(firsts) == 2
    assert firsts[1].best_loss is None


def test_a_run_that_has_ended_keeps_none_of_its_images(make, until):
    run = Gate()
    training, heard = make(run)
    training.start(TrainingJob({}))
    until(lambda: training.folder)
    images = weakref.ref(training._started.splits.train.images)
    training.stop(discard=False)
    run.open.set()
    until(lambda: heard.ends)
    del run
    gc.collect()
    assert images() is None


def test_close_waits_until_the_run_is_saved(make, until):
    gate = Gate()
    training, heard = make(gate)
    training.start(TrainingJob())
    until(lambda: heard.runs[-1].epoch)
    timer = threading.Timer(0.1, gate.open.set)
    timer.start()
    training.close()
    assert gate.closed.is_set()
    assert not training.running
    assert [(outcome.how, folder, discard) for outcome, folder, discard in heard.ends] == [
        ("stopped", RUN, False)
    ]
    timer.join()


def test_stop_and_close_without_a_run_do_nothing(make):
    training, heard = make(lambda order, controls: toy.training(RUN))
    training.stop(discard=True)
    training.close()
    assert not training.running
    assert heard.runs == heard.ends == []
