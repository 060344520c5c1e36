"""Scores against what is known in closed form."""

import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from latentlab.config import parse
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.latent import elbo_scores as module
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.models.base import MODELS, Model
from latentlab.models.mlp_vae import CVAEConfig, VAEConfig
from latentlab.models.thread_rng import SeededRng
from latentlab.work import finish

SPEC = ImageSpec((1, 3, 4), ("ant", "bee"))
SIGMA = 0.3


def score_now(*values, **more):
    return finish(elbo_scores(*values, **more))


class LinearGaussian(Model):
    """q(z|x) = N(Ax, S²) and p(x|z) = N(Wz + b, sigma²): the ELBO is known in closed form."""

    latent_dim = 2

    def __init__(self):
        super().__init__()
        noise = torch.Generator().manual_seed(1)
        self.a, self.w, self.s, self.b = (
            nn.Parameter(torch.empty(size).uniform_(0.1, 0.9, generator=noise))
            for size in ((12, 2), (2, 12), (2,), (12,))
        )

    def encode(self, x, y=None):
        mu = x.flatten(1) @ self.a
        return Independent(Normal(mu, self.s.expand_as(mu)), 1)

    def decode(self, z, y=None):
        mean = (z @ self.w + self.b).unflatten(1, SPEC.shape)
        return Independent(Normal(mean, torch.full_like(mean, SIGMA)), 3)

    def expected(self, x):
        """Return the expected negative ELBO and the deviation of one draw's -log p(x|z)."""
        with torch.no_grad():
            mu = x.flatten(1) @ self.a
            miss = x.flatten(1) - mu @ self.w - self.b
            variance = self.s**2
            squares = miss.square().sum(1) + (variance[:, None] * self.w**2).sum()
            constant = 12 * math.log(SIGMA * math.sqrt(2 * math.pi))
            rate = 0.5 * (mu**2 + variance - 1 - variance.log()).sum(1)
            # e'Me - 2 r'Le with e ~ N(0, I) has the variance 2 tr(M²) + 4 |L'r|².
            spread = self.s[:, None] * self.w
            m = spread @ spread.T
            grad = miss @ spread.T
            var = 2 * (m @ m).trace() + 4 * grad.square().sum(1)
            return constant + squares / (2 * SIGMA**2) + rate, var.sqrt() / (2 * SIGMA**2)


class TwoBells(LinearGaussian):
    """A posterior that has no closed KL, and a decoder that does not look at z."""

    def encode(self, x, y=None):
        mu = x.flatten(1) @ self.a
        centres = torch.stack([mu - 1, mu + 1], 1)
        bells = Independent(Normal(centres, torch.ones_like(centres)), 1)
        return MixtureSameFamily(Categorical(torch.ones(len(x), 2)), bells)

    def decode(self, z, y=None):
        return super().decode(0 * z)


def images(count=20, labels=True, seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, *SPEC.shape), np.uint8)
    return ImageSet(pixels, np.arange(count) % 2 if labels else None, SPEC)


def pixels(some):
    return torch.from_numpy(some.images / np.float32(255))


def made(config):
    torch.manual_seed(0)
    return config.build(SPEC)


def test_the_negative_elbo_is_the_closed_form_within_its_error():
    model, some, samples = LinearGaussian(), images(), 4000
    want, deviation = model.expected(pixels(some))
    got = score_now(model, some, samples)
    error = deviation.numpy() / math.sqrt(samples)
    assert (np.abs(got.elbo - want.numpy()) < 4 * error).all()
    assert (error < 0.02 * want.abs().numpy()).all()


def test_other_seeds_scatter_about_the_closed_form_as_much_as_50_draws_do():
    model, some = LinearGaussian(), images(1)
    want, deviation = model.expected(pixels(some))
    found = [score_now(model, some, 50, seed).elbo[0] for seed in range(200)]
    error = float(deviation) / math.sqrt(50)
    assert abs(np.mean(found) - float(want)) < 4 * error / math.sqrt(200)
    assert np.std(found) == pytest.approx(error, rel=0.25)


def test_rate_and_error_are_exact():
    model, some = LinearGaussian(), images()
    x = pixels(some)
    got = score_now(model, some, 3)
    with torch.no_grad():
        mu = x.flatten(1) @ model.a
        rate = 0.5 * (mu**2 + model.s**2 - 1 - 2 * model.s.log()).sum(1)
        error = (mu @ model.w + model.b - x.flatten(1)).square().mean(1)
    np.testing.assert_allclose(got.rate, rate, rtol=1e-5)
    np.testing.assert_allclose(got.error, error, rtol=1e-5)
    assert (got.samples, got.seed, len(got)) == (3, 0, 20)


def test_a_rate_without_closed_form_is_the_mean_over_the_draws():
    """The sampled KL of 20,000 draws against 100,000 others."""
    model, some = TwoBells(), images(2)
    with torch.no_grad():
        q, p = model.encode(pixels(some)), model.prior()
        z = q.sample((100_000,))
        each = q.log_prob(z) - p.log_prob(z)
    got = score_now(model, some, 20_000)
    error = each.std(0).numpy() * math.sqrt(1 / 20_000 + 1 / 100_000)
    assert (np.abs(got.rate - each.mean(0).numpy()) < 4 * error).all()


@pytest.mark.parametrize("model", [LinearGaussian, TwoBells])
def test_the_same_seed_gives_the_same_scores_and_another_does_not(model):
    one, two, other = (score_now(model(), images(), 5, seed) for seed in (3, 3, 4))
    np.testing.assert_allclose(one.elbo, two.elbo, rtol=1e-6)
    moved = one.rate if model is TwoBells else one.elbo
    assert not np.allclose(moved, (other.rate if model is TwoBells else other.elbo), rtol=1e-6)


def test_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    score_now(TwoBells(), images(), 5)
    score_now(LinearGaussian(), images(), 5)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_scores_do_not_depend_on_the_pieces(monkeypatch, seconds):
    want = score_now(LinearGaussian(), images(), 7)
    monkeypatch.setattr(module, "PIECE_S", seconds)
    got = score_now(LinearGaussian(), images(), 7)
    np.testing.assert_allclose(got.elbo, want.elbo, rtol=1e-5)


def test_a_score_does_not_depend_on_what_else_is_scored():
    some = images()
    alone = [score_now(LinearGaussian(), some[i : i + 1], 7).elbo[0] for i in range(len(some))]
    np.testing.assert_allclose(score_now(LinearGaussian(), some, 7).elbo, alone, rtol=1e-5)


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian-per-pixel", "continuous-bernoulli"])
@pytest.mark.parametrize("config", [VAEConfig, CVAEConfig])
def test_real_models_against_torchs_own_arithmetic(config, kind):
    model = made(config(hidden=(8,), latent_dim=3, likelihood={"kind": kind}))
    some, samples = images(6), 9
    got = score_now(model, some, samples, seed=2)
    x, y = pixels(some), torch.from_numpy(some.labels)
    noise = torch.empty(samples, 1, 3).normal_(generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        q = model.encode(x, y)
        z = q.mean + q.stddev * noise
        minus = [-model.decode(each, y).base_dist.log_prob(x).sum((1, 2, 3)) for each in z]
        error = (model.decode(q.mean, y).mean - x).square().mean((1, 2, 3))
    want = torch.stack(minus).mean(0).numpy() + got.rate
    np.testing.assert_allclose(got.elbo, want, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(got.error, error, rtol=1e-5)


def test_a_conditional_model_is_told_each_images_own_label():
    model = made(CVAEConfig(hidden=(8,), latent_dim=3))
    some = images(10)
    swapped = ImageSet(some.images, 1 - some.labels, SPEC)
    assert not np.allclose(score_now(model, some).elbo, score_now(model, swapped).elbo)
    with pytest.raises(ValueError, match="labels"):
        score_now(model, images(2, labels=False))


def test_progress_grows_to_the_end_in_small_pieces():
    model, some = made(VAEConfig(hidden=(8,), latent_dim=2)), images(40)
    shares = list(elbo_scores(model, some, 30))
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1)
    assert shares == sorted(shares)
    assert len(shares) >= 2 * 40 / module.ENCODE_BATCH_SIZE


def test_no_images_no_scores():
    got = score_now(LinearGaussian(), images(0))
    assert len(got) == 0
    assert got.error.dtype == got.rate.dtype == np.float64


SCORED = {
    f"{kind}-{posterior}": {"kind": kind, "posterior": {"kind": posterior}}
    for kind in ("vae", "cvae", "conv-vae")
    for posterior in ("gaussian", "flow")
} | {"ladder": {"kind": "ladder-vae"}, "mixture": {"kind": "vae", "prior": {"kind": "mixture"}}}


@cache
def scored(name):
    """Return a model with random weights, images of any values, and their scores in order."""
    values = {"hidden": (8,), "latent_dim": 3, **SCORED[name]}
    config = MODELS.kinds()[values["kind"]]
    known = {key: value for key, value in values.items() if key in config.model_fields}
    spec = ImageSpec((1, 8, 8), ("ant", "bee"))
    with SeededRng(3):
        model = parse(config, known).build(spec).eval().requires_grad_(False)
    pixels = np.random.default_rng(0).integers(0, 256, (12, *spec.shape), np.uint8)
    some = ImageSet(pixels, np.arange(12) % 2, spec)
    return model, some, score_now(model, some, 5)


@settings(max_examples=6)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=12), st.sampled_from([1, 3, 8, 64]))
@pytest.mark.parametrize("name", sorted(SCORED))
def test_no_score_depends_on_the_batch_or_the_order(name, rows, size):
    model, some, whole = scored(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ENCODE_BATCH_SIZE", size)
        found = score_now(model, some[np.array(rows)], 5)
    for part in ("elbo", "error", "rate"):
        np.testing.assert_allclose(getattr(found, part), getattr(whole, part)[rows], rtol=1e-4)
