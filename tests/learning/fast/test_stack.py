"""Runs whose steps are made at once are those that train alone."""

import math
from itertools import islice

import numpy as np
import pytest
import torch
from torch.fx import interpreter
from training_support import STEPS, recipe_of, same

from latentlab.learning.events import Change, EpochEnd, Started, Waiting
from latentlab.learning.fast import stack as stacks
from latentlab.learning.fast.stack import Stack
from latentlab.learning.fast.step_runner import make_runner
from latentlab.learning.fit import fit
from latentlab.learning.steering import Controls
from latentlab.work import Progress

SCHEDULE = {"kind": "cosine", "epochs": 2, "start": 1, "end": 0}
FULL = {
    "augment": {"shift": 0.1},
    "missing": 0.2,
    "clip": 50.0,
    "average": 0.9,
    "schedule": SCHEDULE,
}
RECIPES = {
    "vae": {},
    "cvae": {"kind": "cvae"},
    "full": FULL,
    "dropout": {"model": {"dropout": 0.3}},
    "adamw": {"optimizer": "adamw"},
    "sgd": {"optimizer": {"kind": "sgd", "momentum": 0.5}},
    "dynamic": {"data": {"kind": "digits", "binarize": "dynamic"}},
    "iwae": {"objective": {"kind": "iwae", "samples": 3}},
    "capacity": {"objective": {"kind": "capacity"}},
    "factor": {"objective": {"kind": "elbo", "extra": {"kind": "factor", "units": 8}}},
    "mmd": {"objective": {"kind": "elbo", "extra": "mmd"}},
    "mixture": {"model": {"prior": "mixture"}},
    "vamp": {"kind": "cvae", "model": {"prior": {"kind": "vamp", "pseudo_inputs": 5}}},
    "ladder": {"model": {"kind": "ladder-vae", "latent_dim": None}},
}
ALONE = {
    "norm": ({"model": {"norm": "batch"}}, "has buffers"),
    "flow": ({"model": {"posterior": "flow"}}, "has buffers"),
    "convolutions": (
        {"model": {"kind": "conv-vae", "hidden": None, "width": 2, "latent_dim": 3}},
        "grouped ones",
    ),
}


class Runs:
    """Some runs, driven as the training process does."""

    def __init__(self, *recipes):
        self.stack = Stack()
        self.controls = [Controls(stack=self.stack) for _ in recipes]
        self.saved = [[] for _ in recipes]
        self.events = [[] for _ in recipes]
        self.failed = {}
        self.live = dict(enumerate(map(self._fit, recipes, self.controls, self.saved)))

    @staticmethod
    def _fit(recipe, controls, saved):
        return fit(recipe, controls=controls, keep=saved.append)

    def go(self, rounds=math.inf, without=()):
        """Make steps; `without` those of runs that are paused."""
        while self.live and rounds > 0:
            rounds -= 1
            for i in [i for i in self.live if i not in without]:
                self._advance(i)
            self.stack.make_steps()
        return self

    def _advance(self, i):
        try:
            for event in self.live[i]:
                if isinstance(event, Waiting):
                    return
                self.events[i].append(event)
        except Exception as error:
            self.failed[i] = error
        del self.live[i]

    def stop(self, i):
        self.live.pop(i).close()

    def of(self, kind, i):
        return [event for event in self.events[i] if isinstance(event, kind)]

    def arrays(self, i):
        return self.saved[i][-1].position.arrays


def alone(recipe, *, steps=math.inf, **options):
    """Train alone, also for some steps only; return the state and the ends of epochs."""
    saved, ends = [], []
    events = fit(recipe, keep=saved.append, **options)
    for event in events:
        if isinstance(event, EpochEnd):
            ends.append(event)
        if getattr(event, "step", 0) >= steps:
            break
    events.close()
    return saved[-1].position.arrays, ends


def close(one, other, tolerance=1e-4):
    """Return whether states are equal but for rounding, and for sums that are read in between."""
    one, other = (
        {k: v for k, v in each.items() if k not in ("meter", "whole")} for each in (one, other)
    )
    assert one.keys() == other.keys()
    return all(np.allclose(one[k], other[k], tolerance, tolerance) for k in one)


def several(**values):
    """Return recipes that differ in what each run of a stack has for itself."""
    objective = values.pop("objective", {})
    betas = (0.5, 2.0, 4.0) if objective.get("kind", "elbo") == "elbo" else (None,) * 3
    return [
        recipe_of(
            **values,
            objective={**objective, **({"beta": beta} if beta else {})},
            epochs=2,
            seed=seed,
            learning_rate=0.003 if seed == 2 else 0.001,
        )
        for seed, beta in enumerate(betas)
    ]


@pytest.mark.parametrize("values", RECIPES.values(), ids=RECIPES)
def test_runs_of_a_stack_are_those_that_train_alone(values, caplog):
    recipes = several(**values)[1:]
    runs = Runs(*recipes).go()
    assert "not trained together" not in caplog.text
    for i, recipe in enumerate(recipes):
        arrays, ends = alone(recipe)
        assert close(runs.arrays(i), arrays)
        for one, other in zip(runs.of(EpochEnd, i), ends, strict=True):
            for part in ("train", "validation"):
                assert getattr(one, part) == pytest.approx(getattr(other, part), rel=1e-5)


def test_in_bf16_products_round_as_those_of_one_model():
    """Else the bias would be added to what is rounded already, and the losses part by 1e-3."""
    recipes = several(precision="bf16")
    runs = Runs(*recipes).go(2)
    products = [
        node for node in runs.stack._step._losses._graph.graph.nodes if "baddbmm" in node.name
    ]
    assert len(products) == 4, "one of each layer"
    runs.go()
    for i, recipe in enumerate(recipes):
        last, *_ = reversed(alone(recipe)[1])
        assert runs.of(EpochEnd, i)[-1].validation == pytest.approx(last.validation, rel=1e-4)


@pytest.mark.parametrize(("values", "reason"), ALONE.values(), ids=ALONE)
def test_what_cannot_be_stacked_is_said_once_and_trained_step_by_step(values, reason, caplog):
    recipes = several(**values)[1:]
    runs = Runs(*recipes).go()
    (record,) = [each for each in caplog.records if "not trained together" in each.message]
    assert reason in record.message
    for i, recipe in enumerate(recipes):
        assert same(runs.arrays(i), alone(recipe)[0])


def test_networks_of_different_sizes_are_trained_step_by_step(caplog):
    recipes = [recipe_of(hidden=(8,)), recipe_of(hidden=(9,))]
    runs = Runs(*recipes).go()
    assert "different sizes" in caplog.text
    assert all(same(runs.arrays(i), alone(recipe)[0]) for i, recipe in enumerate(recipes))


def test_settings_that_are_constants_of_a_step_are_told_apart(caplog):
    """Else the second would learn with the free bits of the first."""
    recipes = [recipe_of(objective={"kind": "elbo", "free_bits": bits}) for bits in (0.5, 2.0)]
    runs = Runs(*recipes).go()
    assert "different operations" in caplog.text
    assert all(same(runs.arrays(i), alone(recipe)[0]) for i, recipe in enumerate(recipes))


def test_images_are_read_and_kept_once(monkeypatch):
    read = []

    def note(config):
        read.append(config)
        return (yield from original(config))

    original = stacks.read_binarized
    monkeypatch.setattr(stacks, "read_binarized", note)
    runs = Runs(*several())
    for _ in range(40):  # in turn, as the process does
        for i in range(3):
            next(runs.live[i])
    assert len(read) == 1
    runs.go(1)
    assert len({id(member.trainer.train_feed) for member in runs.stack._members}) == 1
    for i in range(3):
        runs.stop(i)


def test_images_that_one_run_fails_to_read_are_read_by_the_next(monkeypatch):
    def fail_once(config):
        monkeypatch.setattr(stacks, "read_binarized", original)
        yield Progress("Reading")
        raise RuntimeError("no such disk")

    original = stacks.read_binarized
    monkeypatch.setattr(stacks, "read_binarized", fail_once)
    stack = Stack()
    one, other = [fit(recipe, controls=Controls(stack=stack)) for recipe in several()[:2]]
    next(one)
    assert next(other).message == "Waiting for the images"
    with pytest.raises(RuntimeError):
        next(one)
    assert any(isinstance(event, Started) for event in islice(other, 1000))
    other.close()


def test_one_is_stopped_alone_and_its_state_is_that_of_a_run_alone():
    recipes = several()
    runs = Runs(*recipes).go(6)
    runs.stop(1)
    assert runs.saved[1][-1].position.step == 6
    runs.go()
    assert close(runs.arrays(1), alone(recipes[1], steps=6)[0])
    for i in (0, 2):
        assert close(runs.arrays(i), alone(recipes[i])[0])


def test_one_that_never_makes_a_step_is_not_waited_for(caplog):
    recipes = several()
    runs = Runs(*recipes)
    events = fit(recipes[1], controls=runs.controls[1])
    next(event for event in events if isinstance(event, Started))
    events.close()
    runs.go(2)
    assert len(runs.stack._step.members) == 3
    for i in range(3):
        runs.stop(i)


def test_one_that_diverges_ends_alone():
    recipes = several()
    runs = Runs(*recipes).go(3)
    spoilt = runs.stack._members[1].trainer.model
    with torch.no_grad():
        next(spoilt.parameters()).fill_(math.nan)
    runs.go()
    assert "no longer a finite number" in str(runs.failed[1])
    assert close(runs.arrays(0), alone(recipes[0])[0])


def test_one_that_is_paused_is_waited_for_by_none():
    recipes = several(schedule=SCHEDULE)
    runs = Runs(*recipes).go(5).go(4, without=(1,))
    assert [each.trainer.step_count for each in runs.stack._step.members] == [9, 9]
    runs.go()
    for i, recipe in enumerate(recipes):
        assert close(runs.arrays(i), alone(recipe)[0])


def test_the_last_one_goes_on_with_a_runner_of_each_size_of_its_batches(monkeypatch):
    """A graph is of the size of its first batch; the last of an epoch is smaller."""
    sizes = []

    class Recorded:
        def __init__(self, trainer):
            self._runner, self._sizes = make_runner(trainer), set()
            sizes.append(self._sizes)

        def steps(self, batches):
            self._sizes |= set(map(len, batches))
            return self._runner.steps(batches)

    monkeypatch.setattr(stacks, "make_runner", Recorded)
    short, long, _ = several()
    recipes = [short.changed("training.epochs", 1), long]
    runs = Runs(*recipes).go()
    assert all(len(each) == 1 for each in sizes)
    assert {300, 100} == set().union(*sizes)
    assert close(runs.arrays(1), alone(long)[0])


def test_one_is_steered_alone():
    recipes = several()
    runs = Runs(*recipes).go(STEPS + 1)
    runs.controls[2].steer("objective.beta", 8.0)
    runs.controls[2].steer("training.learning_rate", 0.01)
    runs.go()
    changes = runs.of(Change, 2)
    assert [(change.key, change.value) for change in changes] == [
        ("objective.beta", 8.0),
        ("training.learning_rate", 0.01),
    ]
    assert close(runs.arrays(2), alone(recipes[2], changes=changes)[0])
    assert close(runs.arrays(0), alone(recipes[0])[0])


def test_steps_over_a_buffer_of_rows_are_the_same(monkeypatch):
    """As CUDA replays them: all that changes is read from the same places."""

    class Replayed:
        def __init__(self, step, generators):
            self._step, self._rows = step, None
            assert len(generators) == 6

        def __call__(self, rows):
            self._rows = rows.clone() if self._rows is None else self._rows
            self._rows.copy_(rows)
            self._step(self._rows)

    class OnDevice(stacks.StackedStep):
        def __init__(self, members):
            super().__init__(members)
            generators = [each for t in self._trainers for each in (t.noise.generator, t.rng)]
            self._step = Replayed(self._learn, tuple(generators))

    monkeypatch.setattr(stacks, "StackedStep", OnDevice)
    recipes = several()
    runs = Runs(*recipes).go()
    assert all(close(runs.arrays(i), alone(recipe)[0]) for i, recipe in enumerate(recipes))


def test_an_error_of_a_step_ends_every_run_and_loses_none(monkeypatch):
    runs = Runs(*several()).go(4)

    def fail(inputs):
        raise RuntimeError("The device is gone.")

    monkeypatch.setattr(runs.stack._step, "_losses", fail)
    runs.go()
    assert [str(error) for error in runs.failed.values()] == ["The device is gone."] * 3
    assert all(saved[-1].position.step == 4 for saved in runs.saved)


def test_a_trace_takes_no_lock_that_a_killed_process_may_hold(monkeypatch):
    """Forked processes share the lock of progress bars; a killed one would keep it for ever."""

    def refuse(*args, **options):
        raise AssertionError("a progress bar")

    monkeypatch.setattr(interpreter, "tqdm", refuse)
    runs = Runs(*several()).go(2)
    assert runs.stack._step._losses is not None
    for i in range(3):
        runs.stop(i)
