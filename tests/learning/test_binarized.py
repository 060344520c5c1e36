"""Training on binarized images: what is drawn again, and that a run can be repeated."""

import numpy as np
import pytest
import torch
from training_support import STEPS, recipe_of, same, trained

from latentlab.data.binarize import read_binarized
from latentlab.learning.events import Step
from latentlab.learning.fit import fit
from latentlab.learning.trainer import Trainer
from latentlab.work import finish

CPU = torch.device("cpu")
ROWS = torch.arange(64)


def data(how, **values):
    return {"kind": "digits", "binarize": how, **values}


def trainer_of(how, **training):
    recipe = recipe_of(data=data(how), **training)
    return Trainer(recipe, finish(read_binarized(recipe.data)), CPU)


def batch(trainer, rows=ROWS):
    x, y = trainer.train_feed.batch(rows)
    trainer.begin_step(len(rows))
    return trainer.augmented((x, y, None))[0]


@pytest.mark.parametrize("how", ["static", "dynamic"])
@pytest.mark.parametrize("augment", [{}, {"rotate": 20.0}])
def test_the_model_sees_black_and_white_only(how, augment):
    trainer = trainer_of(how, augment=augment)
    assert set(batch(trainer).unique().tolist()) == {0, 1}
    x, _ = trainer.validation_feed.batch(ROWS)
    assert set(x.unique().tolist()) == {0, 1}


def test_training_images_are_drawn_again_if_dynamic_and_others_never():
    static, dynamic = trainer_of("static"), trainer_of("dynamic")
    assert torch.equal(batch(static), batch(static))
    first, second = batch(dynamic), batch(dynamic)
    assert 0.02 < (first != second).float().mean() < 0.2
    held_out = [each.validation_feed.batch(ROWS)[0] for each in (static, dynamic, dynamic)]
    assert torch.equal(held_out[0], held_out[1])
    assert torch.equal(held_out[1], held_out[2])


def test_the_mean_of_dynamic_draws_is_the_grey_image():
    trainer = trainer_of("dynamic")
    mean = torch.stack([batch(trainer, ROWS[:8]) for _ in range(400)]).mean(0)
    assert (mean - trainer.train_feed.batch(ROWS[:8])[0]).abs().max() < 0.15


def test_without_it_nothing_is_drawn():
    trainer = trainer_of("none")
    before = trainer.noise.generator.get_state()
    x, _ = trainer.train_feed.batch(ROWS)
    assert trainer.augmented((x, None, None))[0] is x
    assert torch.equal(trainer.noise.generator.get_state(), before)


def test_a_dynamic_run_is_repeated_and_resumed_exactly():
    recipe = recipe_of(data=data("dynamic"), epochs=2)
    whole = trained(recipe)
    assert same(whole, trained(recipe))
    assert not same(whole, trained(recipe_of(data=data("static"), epochs=2)))
    kept = []
    running = fit(recipe, keep=kept.append)
    for event in running:
        if isinstance(event, Step) and event.step == STEPS + 3:
            break
    running.close()
    assert same(whole, trained(recipe, resume=kept[-1].position))


def test_images_from_disk_are_drawn_as_those_in_memory(digits):
    streamed = trainer_of("static", resident_mb=1)
    resident = trainer_of("static", resident_mb=1000)
    assert (streamed.train_feed.resident, resident.train_feed.resident) == (False, True)
    assert torch.equal(batch(streamed), batch(resident))
    assert np.asarray(digits.train.images).max() == 255
