"""Terms with a discriminator: what it learns, and that its gradients are apart from the model's."""

import math

import pytest
import torch
from term_support import codes_batch, rng
from training_support import recipe_of

from latentlab.config import parse
from latentlab.errors import RecipeError
from latentlab.learning.batch_loss import minimized
from latentlab.learning.terms.adversarial import Adversarial
from latentlab.learning.terms.factor import Factor
from latentlab.learning.terms.term import DISCRIMINATOR, TERMS
from latentlab.learning.trainer import Trainer

CPU = torch.device("cpu")
KINDS = ("adversarial", "factor")


def extra(kind, **values):
    return {"kind": "elbo", "extra": {"kind": kind, "units": 8, "layers": 2, **values}}


def make(term, latent_dim):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return term.network(latent_dim)


def learned(term, mu, sigma, steps=300):
    """Train the discriminator of a term on codes of fixed posteriors; return it and its losses."""
    network, losses = make(term, mu.shape[1]), []
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    for step in range(steps):
        loss = term.network_loss(codes_batch(mu, sigma, seed=step, network=network)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return network, losses


def test_a_discriminator_learns_to_tell_codes_from_the_prior():
    term = Adversarial(units=16, layers=1)
    mu = torch.full((200, 2), 3.0)
    network, losses = learned(term, mu, torch.ones_like(mu))
    assert losses[-1] < 0.2 < losses[0]
    off, on = (
        term.value(codes_batch(at, torch.ones_like(mu), network=network)).mean()
        for at in (mu, torch.zeros_like(mu))
    )
    assert on < 0.5 < 2 < off


def test_codes_like_the_prior_cannot_be_told_from_it():
    mu = torch.zeros(200, 2)
    _, losses = learned(Adversarial(units=16, layers=1), mu, torch.ones_like(mu))
    assert sum(losses[-50:]) / 50 == pytest.approx(math.log(2), abs=0.02)


def test_the_discriminator_of_factors_estimates_their_total_correlation():
    shared = torch.randn(2000, 1, generator=rng())
    shared = (shared - shared.mean()) / shared.std()
    correlation = 0.6
    mu = math.sqrt(correlation) * shared.expand(2000, 2)
    sigma = torch.full_like(mu, math.sqrt(1 - correlation))
    term = Factor(units=32, layers=2)
    network, _ = learned(term, mu, sigma, steps=900)
    got = term.value(codes_batch(mu, sigma, seed=999, network=network)).mean()
    assert got.item() == pytest.approx(-0.5 * math.log(1 - correlation**2), abs=0.04)


def test_permuted_codes_have_the_same_values_in_each_dimension():
    batch = codes_batch(torch.randn(40, 3, generator=rng()), torch.full((40, 3), 0.1))
    codes, permuted = Factor().classes(batch)
    assert torch.equal(codes.sort(0).values, permuted.sort(0).values)
    assert not any(torch.equal(codes[:, d], permuted[:, d]) for d in range(3))


def gradients(trainer, names):
    """Return the gradients that the sum of some losses gives to all weights, by name."""
    x, y = trainer.train_feed.batch(torch.arange(64))
    state = trainer.noise.generator.get_state()
    values = trainer.losses(trainer.recipe.objective, (x, y, None), {"beta": 1.0})
    trainer.noise.generator.set_state(state)
    loss = minimized(values) if names == ["all"] else sum(values[name] for name in names)
    weights = dict(trainer.losses.named_parameters())
    found = torch.autograd.grad(loss.mean(), list(weights.values()), allow_unused=True)
    return dict(zip(weights, found, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_no_gradient_mixes(digits, kind):
    """Each has a gradient for its own weights only, and their sum gives each the same gradient."""
    trainer = Trainer(recipe_of(objective=extra(kind)), digits, CPU)
    of_term, of_network = gradients(trainer, [kind]), gradients(trainer, [DISCRIMINATOR])
    of_loss, of_both = gradients(trainer, ["loss"]), gradients(trainer, ["all"])
    for name in of_term:
        if name.startswith("network."):
            assert of_term[name] is None, name
            assert of_loss[name] is None, name
            assert of_network[name].any(), name
            assert torch.equal(of_both[name], of_network[name]), name
        else:
            assert of_network[name] is None, name
            assert torch.equal(of_both[name], of_loss[name]), name
    assert of_term["model.encoder.heads.weight"].any()
    assert of_term["model.decoder.head.weight"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_its_loss_is_no_part_of_the_loss_of_the_model(digits, kind):
    trainer = Trainer(recipe_of(objective=extra(kind, weight=3)), digits, CPU)
    x, y = trainer.train_feed.batch(torch.arange(64))
    values = trainer.losses(trainer.recipe.objective, (x, y, None), {"beta": 1.0})
    assert list(values) == ["loss", "reconstruction", "kl", kind, DISCRIMINATOR]
    expected = values["reconstruction"] + values["kl"] + 3 * values[kind]
    torch.testing.assert_close(values["loss"], expected)


def test_the_model_starts_with_the_same_weights_with_and_without_it(digits):
    plain, other = (
        Trainer(recipe_of(objective=objective), digits, CPU) for objective in ({}, extra("factor"))
    )
    for name, weight in plain.model.state_dict().items():
        assert torch.equal(weight, other.model.state_dict()[name])


@pytest.mark.parametrize("clip", [0.0, 1e-3])
def test_clipping_limits_each_by_itself(digits, clip):
    """A large gradient of the discriminator must not shrink that of the model."""
    trainer = Trainer(recipe_of(objective=extra("factor"), clip=clip), digits, CPU)
    x, y = trainer.train_feed.batch(torch.arange(64))
    trainer.begin_step(64)
    trainer.learn(trainer.gradients((x, y, None), 64))
    norms = [
        torch.stack([weight.grad.norm() for weight in part.parameters()]).norm().item()
        for part in (trainer.model, trainer.network)
    ]
    if clip:
        assert norms == pytest.approx([clip, clip], rel=0.01)
    else:
        assert min(norms) > 1e-3


@pytest.mark.parametrize(
    ("before", "key", "value"),
    [
        (extra("factor"), "objective.extra.units", 9),
        (extra("factor"), "objective.extra.kind", "none"),
        ({}, "objective.extra", {"kind": "adversarial"}),
        ({"extra": "mmd"}, "objective.extra", {"kind": "factor"}),
    ],
)
def test_a_change_of_a_discriminator_is_refused_with_the_reason(digits, before, key, value):
    trainer = Trainer(recipe_of(objective=before), digits, CPU)
    try:
        changed = trainer.recipe.changed(key, value)
    except RecipeError:
        changed = recipe_of(objective={})
    with pytest.raises(RecipeError, match="start a new run"):
        trainer.change(changed)
    assert trainer.recipe.objective.extra != changed.objective.extra


def test_the_weight_and_terms_without_a_discriminator_may_change(digits):
    trainer = Trainer(recipe_of(objective=extra("factor")), digits, CPU)
    trainer.change(trainer.recipe.changed("objective.extra.weight", 0.5))
    trainer.change(trainer.recipe.changed("objective.beta", 2.0))
    assert trainer.recipe.objective.extra.weight == 0.5
    other = Trainer(recipe_of(), digits, CPU)
    other.change(other.recipe.changed("objective.extra", {"kind": "mmd"}))
    assert other.recipe.objective.extra.kind == "mmd"


@pytest.mark.parametrize("kind", sorted(TERMS.kinds()))
@pytest.mark.parametrize("bf16", [False, True])
def test_every_term_gives_one_number_an_image_or_none(kind, bf16):
    term = parse(TERMS.kinds()[kind], {})
    mu = torch.randn(5, 3, generator=rng())
    batch = codes_batch(mu, torch.ones_like(mu), network=term.network(3), images=20)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        values = [term.value(batch), term.network_loss(batch)]
    for value in values:
        assert value is None or (value.shape, value.dtype) == ((5,), torch.float32)
        assert value is None or value.isfinite().all()
