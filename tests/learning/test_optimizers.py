"""Optimizers, the bound on gradients, and the average of weights."""

import numpy as np
import pytest
import torch
from torch.nn.utils import get_total_norm
from training_support import recipe_of, run, same

from latentlab.learning.evaluate import validate
from latentlab.learning.events import EpochEnd, EpochPreview, Snapshot
from latentlab.learning.optimizers import OPTIMIZERS
from latentlab.learning.steering import Controls
from latentlab.learning.trainer import Trainer

CPU = torch.device("cpu")
RATES = {"adam": 2e-3, "adamw": 2e-3, "sgd": 1e-3}


def stepped(recipe, digits, steps):
    trainer = Trainer(recipe, digits, CPU)
    made = trainer.epoch_steps()
    for _ in range(steps):
        next(made)
    return trainer


@pytest.mark.parametrize("kind", OPTIMIZERS.kinds())
def test_each_lowers_the_loss(kind):
    recipe = recipe_of(optimizer=kind, learning_rate=RATES[kind], epochs=3, batch_size=100)
    first, *_, last = run(recipe)[EpochEnd]
    assert last.train["loss"] < first.train["loss"] - 10
    assert last.validation["loss"] < 250  # an even grey costs 543


@pytest.mark.parametrize("kind", OPTIMIZERS.kinds())
def test_each_is_torchs_own_with_the_values_of_its_recipe(kind):
    weight = torch.nn.Parameter(torch.ones(3))
    config = OPTIMIZERS.kinds()[kind](weight_decay=0.25)
    (group,) = config.build([weight], 0.125, fused=True).param_groups
    assert (group["lr"], group["weight_decay"], group["fused"]) == (0.125, 0.25, True)
    values = config.model_dump(exclude={"kind", "weight_decay"})
    kept = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False)) | group
    assert values == {name: kept[name] for name in values}


@pytest.mark.parametrize("kind", OPTIMIZERS.kinds())
def test_weight_decay_shrinks_the_weights(kind, digits):
    def size(decay):
        optimizer = {"kind": kind, "weight_decay": decay}
        rate = 10 * RATES[kind]
        recipe = recipe_of(optimizer=optimizer, learning_rate=rate, batch_size=200)
        weights = stepped(recipe, digits, 20).snapshot().weights
        return sum(float((value**2).sum()) for value in weights.values())

    assert size(1.0) < 0.9 * size(0.0)


def test_adamw_decays_beside_the_gradient():
    """A weight without a gradient shrinks by rate times decay at each step, and no more."""
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = OPTIMIZERS.kinds()["adamw"](weight_decay=0.5).build([weight], 0.1, fused=True)
    for _ in range(3):
        weight.grad = torch.zeros(1)
        optimizer.step()
    assert weight.item() == pytest.approx(0.95**3)


# The bound


def norms(clip, digits):
    trainer = Trainer(recipe_of(clip=clip), digits, CPU)
    found = []
    for _ in trainer.epoch_steps():
        grads = [weight.grad for weight in trainer.model.parameters()]
        found.append(get_total_norm(grads).item())
    return found, trainer


def test_no_gradient_is_longer_than_the_bound(digits):
    free, loose = norms(0.0, digits)
    bound = min(free) / 2
    clipped, tight = norms(bound, digits)
    assert clipped == pytest.approx([bound] * 14, rel=1e-4)
    assert not same(loose.snapshot().weights, tight.snapshot().weights)


def test_a_bound_never_reached_changes_nothing(digits):
    free, wide = norms(0.0, digits)[1], norms(1e9, digits)[1]
    assert same(free.snapshot().weights, wide.snapshot().weights)


# The average


def test_the_average_follows_its_formula(digits):
    """Mean of weights, exponentially weighted, from the first weights on."""
    plain = Trainer(recipe_of(), digits, CPU)
    want = {name: value.clone().double() for name, value in plain.model.state_dict().items()}
    for _ in plain.epoch_steps():
        for name, value in plain.model.state_dict().items():
            want[name] = 0.9 * want[name] + 0.1 * value.double()
    shown = stepped(recipe_of(average=0.9), digits, 14)
    for name, value in shown.snapshot().weights.items():
        np.testing.assert_allclose(value, want[name], rtol=1e-4, atol=1e-6)


def test_the_average_does_not_change_what_is_learned(digits):
    plain, averaged = (stepped(recipe_of(average=decay), digits, 9) for decay in (0.0, 0.99))
    one, other = plain.model.state_dict(), averaged.model.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not same(plain.snapshot().weights, averaged.snapshot().weights)


def test_the_average_is_what_is_shown_judged_and_kept(digits):
    recipe = recipe_of(average=0.95, model={"norm": "batch"})
    kept = []
    events = run(recipe, keep=kept.append, controls=Controls(1000.0))
    trainer = Trainer(recipe, digits, CPU)
    assert len(list(trainer.epoch_steps())) == 14
    average = {name: value.numpy() for name, value in trainer.ema.state_dict().items()}
    assert same(events[Snapshot][-1].weights, average)
    assert same(kept[-1].snapshot.weights, average)
    assert same(kept[-1].best.weights, average)
    judged = events[EpochEnd][0].validation
    assert judged == pytest.approx(validate(trainer)[0], rel=1e-9)
    x, y = trainer.validation_feed.batch(torch.arange(1000))
    mu = trainer.ema.eval().encode(x, y).mean.detach().numpy()
    np.testing.assert_allclose(events[EpochPreview][-1].mu, mu, atol=1e-5)
    trainer.ema = None
    assert abs(judged["loss"] - validate(trainer)[0]["loss"]) > 1, "the same as the model's own"


def test_the_statistics_of_normalisation_are_those_of_the_model(digits):
    trainer = stepped(recipe_of(average=0.99, model={"norm": "batch"}), digits, 5)
    own, average = dict(trainer.model.named_buffers()), dict(trainer.ema.named_buffers())
    assert own
    assert all(torch.equal(value, average[name]) for name, value in own.items())
