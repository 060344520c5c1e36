"""The precision of a run is measured where its recipe leaves it open, and kept."""

from dataclasses import replace

import pytest
import torch
from training_support import recipe_of, run, same, trained

from latentlab.data.condition import Condition
from latentlab.data.image_set import ImageSpec
from latentlab.learning import fit as fitting
from latentlab.learning.events import Started
from latentlab.learning.fast import precision
from latentlab.learning.fast.precision import choose_precision, kept_precision
from latentlab.learning.steering import Controls
from latentlab.learning.step_time import random_splits
from latentlab.learning.trainer import Trainer

CPU = torch.device("cpu")
SPEC = ImageSpec((1, 16, 16), ("a", "b"))
OPEN = {"precision": "auto", "epochs": 1000}


@pytest.fixture(autouse=True)
def hardware(monkeypatch):
    """Have bf16 in hardware, and nothing measured."""
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    monkeypatch.setattr(precision, "_measured", {})


@pytest.fixture
def clock(monkeypatch):
    """Real steps that take the seconds that are set here; counts them by precision."""
    seconds, counts = {"fp32": 0.02, "bf16": 0.01}, {"fp32": 0, "bf16": 0}
    step = precision.step_seconds

    def timed(trainer, size):
        assert step(trainer, size) > 0
        counts[trainer.precision] += 1
        return seconds[trainer.precision]

    monkeypatch.setattr(precision, "step_seconds", timed)
    return seconds, counts


def choose(images=10_000, spec=SPEC, **values):
    return choose_precision(recipe_of(**OPEN | values), random_splits(spec, images), CPU)


@pytest.mark.parametrize(
    ("bf16", "chosen"), [(0.01, "bf16"), (0.018, "bf16"), (0.0195, "fp32"), (0.03, "fp32")]
)
def test_the_faster_is_chosen_and_the_exact_one_if_there_is_no_difference(clock, bf16, chosen):
    clock[0]["bf16"] = bf16
    assert choose() == chosen


def test_a_shape_is_measured_once_in_this_process(clock):
    _, counts = clock
    choose()
    once = dict(counts)
    assert min(once.values()) >= precision.MIN_STEPS
    assert choose(seed=7, learning_rate=0.01, epochs=500) == "bf16"
    assert counts == once
    choose(hidden=(8,))
    assert counts["bf16"] > once["bf16"]


def test_a_short_run_is_not_measured_and_is_exact(clock):
    seconds, counts = clock
    seconds["fp32"] = 0.002
    assert choose(images=100, epochs=1) == "fp32"
    assert counts == {"fp32": 0, "bf16": 0}
    assert choose(hidden=(512, 512), epochs=5) == "fp32"  # which only its steps can tell
    assert counts["fp32"] > counts["bf16"] == 0
    seconds["bf16"] = 0.001
    assert choose() == "bf16"  # a longer one of the same shape is


def test_slow_steps_are_measured_with_fewer_images(clock, monkeypatch):
    clock[0].update(fp32=1.0, bf16=1.0)
    sizes = []
    learn = Trainer.learn_rows
    monkeypatch.setattr(
        Trainer, "learn_rows", lambda self, rows: sizes.append(len(rows)) or learn(self, rows)
    )
    choose()
    assert set(sizes) == {8}


def test_real_steps_take_half_a_second(monkeypatch):
    monkeypatch.setattr(precision, "MAX_STEPS", 10**9)
    began = precision.time.perf_counter()
    assert choose(hidden=(64,)) in {"fp32", "bf16"}
    assert precision.time.perf_counter() - began < 10.0  # other programs may use the machine


def test_a_model_with_conditions_is_measured():
    spec = ImageSpec((1, 16, 16), (), (Condition("age", low=18.0, high=67.0),))
    assert choose(spec=spec, model={"kind": "cvae"}) in {"fp32", "bf16"}


def test_a_run_that_explodes_is_left_to_say_so_itself():
    assert choose(learning_rate=1.0, objective={"beta": 1e3}, optimizer="sgd") == "fp32"


@pytest.mark.parametrize("wanted", ["fp32", "bf16"])
def test_what_the_recipe_says_is_not_measured(clock, wanted):
    assert choose(precision=wanted) == wanted
    assert kept_precision(recipe_of(precision=wanted), "bf16", CPU) == wanted
    assert not any(clock[1].values())


def test_bf16_is_never_emulated_unasked(clock, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: False)
    assert choose() == kept_precision(recipe_of(**OPEN), "bf16", CPU) == "fp32"
    assert not any(clock[1].values())


def test_a_run_of_an_earlier_version_goes_on_as_it_did():
    assert kept_precision(recipe_of(**OPEN), None, CPU) == "bf16"


@pytest.mark.parametrize("chosen", ["fp32", "bf16"])
def test_a_resumed_run_keeps_what_was_chosen_to_the_last_bit(monkeypatch, chosen):
    recipe = recipe_of(precision="auto", epochs=2)
    monkeypatch.setattr(fitting, "choose_precision", lambda *_: chosen)
    expected = trained(recipe)
    kept = []
    (started,) = run(recipe_of(precision="auto"), keep=kept.append)[Started]
    assert started.precision == chosen == kept[-1].position.precision
    other = {"fp32": "bf16", "bf16": "fp32"}[chosen]
    monkeypatch.setattr(fitting, "choose_precision", lambda *_: other)
    assert same(trained(recipe, resume=kept[-1].position), expected)
    assert not same(trained(recipe), expected)
    changed = replace(kept[-1].position, precision=other)
    assert not same(trained(recipe, resume=changed), expected)


def test_a_run_computes_as_the_others_of_its_sweep(monkeypatch):
    monkeypatch.setattr(fitting, "choose_precision", None)
    for each in ("fp32", "bf16"):
        (started,) = run(recipe_of(precision="auto"), controls=Controls(precision=each))[Started]
        assert started.precision == each
