"""The measured time of a step predicts the time of a run."""

import pytest

from latentlab.data.image_set import ImageSpec
from latentlab.data.parts import Outline
from latentlab.learning import step_time
from latentlab.learning.recipe import make_recipe
from latentlab.learning.step_time import (
    is_measurable,
    run_seconds,
    seconds_per_image,
)
from latentlab.learning.trainer import Trainer
from latentlab.work import finish

SPEC = ImageSpec((1, 16, 16), ("a", "b"))


def recipe(**training):
    model = {"kind": "cvae", "hidden": [64], "latent_dim": 2}
    return make_recipe({"model": model, "training": {"device": "cpu", **training}})


def test_real_steps_are_made(monkeypatch):
    """With a small batch first and then that of the recipe, and each image counted."""
    batches = []
    learn = Trainer.learn_rows

    def learn_rows(trainer, rows):
        batches.append(len(rows))
        learn(trainer, rows)

    monkeypatch.setattr(Trainer, "learn_rows", learn_rows)
    monkeypatch.setattr(step_time, "SLOW_STEP_S", 60.0)
    time = finish(seconds_per_image(recipe(batch_size=50), SPEC))
    assert 0 < time.fastest <= time.usual < 60
    assert list(dict.fromkeys(batches)) == [8, 50]


def test_validation_counts_less_than_training():
    tested = recipe(epochs=3)
    trained = run_seconds(tested, Outline(SPEC, 600, 0), 1e-3)
    assert trained == pytest.approx(1.8)
    assert run_seconds(tested, Outline(SPEC, 600, 600), 1e-3) == pytest.approx(2.4)


def test_a_slow_step_is_measured_with_few_images(monkeypatch):
    sizes = []

    def step(trainer, size):
        sizes.append(size)
        return 0.01 * size

    monkeypatch.setattr(step_time, "step_seconds", step)
    assert finish(seconds_per_image(recipe(batch_size=256), SPEC)) == pytest.approx((0.01, 0.01))
    assert list(dict.fromkeys(sizes)) == [8, 50]
    sizes.clear()
    finish(seconds_per_image(recipe(batch_size=5), SPEC))
    assert set(sizes) == {5}


def test_a_step_that_is_slow_whatever_its_size_is_measured_as_a_whole(monkeypatch):
    """As where other programs keep the threads of each product waiting."""
    monkeypatch.setattr(step_time, "step_seconds", lambda trainer, size: 0.1 + 1e-5 * size)
    time = finish(seconds_per_image(recipe(batch_size=128), SPEC))
    assert time.fastest == pytest.approx(0.1 / 128 + 1e-5)


def test_large_networks_and_images_are_not_built():
    assert is_measurable(recipe(), SPEC)
    assert not is_measurable(make_recipe({"model": {"hidden": [8192, 8192]}}), SPEC)
    assert not is_measurable(recipe(), ImageSpec((3, 2048, 2048)))
