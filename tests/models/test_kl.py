"""KL against its textbook form, against sampling, and where no closed form is known."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    Normal,
    kl_divergence,
)

from latentlab.config import parse
from latentlab.data.image_set import ImageSpec
from latentlab.models.base import MODELS
from latentlab.models.kl import kl, kl_per_dimension
from latentlab.models.posteriors.posterior import POSTERIORS
from latentlab.models.priors.prior import PRIORS
from latentlab.models.thread_rng import SeededRng


def gaussian(mu, sigma):
    return Independent(Normal(mu, sigma), 1)


def random_gaussian(images, dim, seed):
    noise = torch.Generator().manual_seed(seed)
    mu = torch.randn(images, dim, generator=noise)
    return mu, torch.rand(images, dim, generator=noise) + 0.2


def standard(dim):
    return gaussian(torch.zeros(dim), torch.ones(dim))


def two_bells(dim, apart):
    """Half the mass around -apart, half around +apart, along every dimension."""
    centres = torch.stack([torch.full((dim,), -apart), torch.full((dim,), apart)])
    return MixtureSameFamily(
        Categorical(torch.ones(2)), gaussian(centres, torch.ones(2, dim)), validate_args=False
    )


@pytest.mark.parametrize("dim", [1, 2, 20])
def test_kl_to_the_standard_normal_is_the_textbook_formula(dim):
    mu, sigma = random_gaussian(6, dim, seed=dim)
    want = 0.5 * (sigma**2 + mu**2 - 1 - 2 * sigma.log()).sum(1)
    got = kl(gaussian(mu, sigma), standard(dim), mu)
    assert got.shape == (6,)
    torch.testing.assert_close(got, want)


def test_kl_between_any_two_diagonal_gaussians_is_the_textbook_formula():
    (m1, s1), (m2, s2) = random_gaussian(5, 3, 1), random_gaussian(5, 3, 2)
    want = ((s2 / s1).log() + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5).sum(1)
    torch.testing.assert_close(kl(gaussian(m1, s1), gaussian(m2, s2), m1), want)


def test_kl_is_never_negative_and_zero_only_for_equals():
    prior = standard(4)
    mu, sigma = random_gaussian(500, 4, seed=3)
    assert (kl(gaussian(mu, sigma), prior, mu) > 0).all()
    same = gaussian(torch.zeros(2, 4), torch.ones(2, 4))
    assert kl(same, prior, torch.zeros(2, 4)).tolist() == [0.0, 0.0]
    assert kl(gaussian(torch.full((1, 4), 1e-2), torch.ones(1, 4)), prior, mu).item() > 0


def test_sampling_agrees_with_the_closed_form_within_four_standard_errors():
    mu, sigma = random_gaussian(3, 5, seed=4)
    q, p = gaussian(mu, sigma), standard(5)
    noise = torch.Generator().manual_seed(0)
    z = mu + sigma * torch.randn(20_000, 3, 5, generator=noise)
    draws = q.log_prob(z) - p.log_prob(z)
    error = draws.std(0) / math.sqrt(len(draws))
    assert (error < 0.05).all(), "too few draws to say anything"
    assert ((draws.mean(0) - kl(q, p, mu)).abs() < 4 * error).all()


def test_a_pair_without_a_closed_form_is_estimated_from_its_samples():
    mu, sigma = random_gaussian(4, 2, seed=5)
    q, prior = gaussian(mu, sigma), two_bells(2, 1.5)
    with pytest.raises(NotImplementedError):
        kl_divergence(q, prior)
    z = mu + 0.3 * sigma
    got = kl(q, prior, z)
    assert got.shape == (4,)
    bells = [-0.5 * (z - centre).square().sum(1) - math.log(2 * math.pi) for centre in (-1.5, 1.5)]
    log_p = torch.logsumexp(torch.stack(bells), 0) - math.log(2)
    torch.testing.assert_close(got, q.log_prob(z) - log_p)


def test_the_estimate_is_exact_on_average():
    """A mixture of two equal bells is one bell, whose divergence is known."""
    mu, sigma = random_gaussian(1, 2, seed=6)
    noise = torch.Generator().manual_seed(1)
    z = mu + sigma * torch.randn(20_000, 2, generator=noise)
    many = gaussian(mu.expand(len(z), 2), sigma.expand(len(z), 2))
    draws = kl(many, two_bells(2, 0.0), z)
    error = (draws.std() / math.sqrt(len(z))).item()
    known = kl(gaussian(mu, sigma), standard(2), mu).item()
    assert error < 0.05
    assert abs(draws.mean().item() - known) < 4 * error


def test_the_estimate_passes_gradients_to_the_sample():
    mu = torch.zeros(1, 2, requires_grad=True)
    z = mu + torch.ones(1, 2)
    kl(gaussian(mu, torch.ones(1, 2)), two_bells(2, 1.0), z).sum().backward()
    assert mu.grad.abs().sum() > 0


# Of any posterior and prior

SPEC = ImageSpec((1, 3, 4), ("ant", "bee"))
PAIRS = [
    (kind, posterior, prior)
    for kind in ("vae", "cvae")
    for posterior in sorted(POSTERIORS.kinds())
    for prior in sorted(PRIORS.kinds())
    if POSTERIORS.kinds()[posterior].has_sigma
    and (kind == "cvae" or not PRIORS.kinds()[prior].depends_on_label)
    and (posterior, prior) != ("flow", "vamp")  # refused
]
DRAWS = 400


def wild(kind, seed, scale, **parts):
    """Return a model whose weights are moved far away from their start."""
    choices = {name: {"kind": part} for name, part in parts.items()}
    with SeededRng(seed):
        values = {"kind": kind, "hidden": (4,), "latent_dim": 2, **choices}
        model = parse(MODELS.kinds()[kind], values).build(SPEC).eval().requires_grad_(False)
        for weight in model.parameters():
            weight.add_(scale * torch.randn_like(weight))
    return model


@pytest.mark.parametrize(("kind", "posterior", "prior"), PAIRS)
@settings(max_examples=8)
@given(st.integers(0, 99), st.floats(0, 0.7))
def test_no_posterior_has_a_negative_kl_to_any_prior(kind, posterior, prior, seed, scale):
    """In closed form to rounding, and from samples within four standard errors."""
    model = wild(kind, seed, scale, posterior=posterior, prior=prior)
    with SeededRng(seed):
        x, y = torch.rand(3, *SPEC.shape), torch.tensor([0, 1, 1])
        labels = y if kind == "cvae" else None
        q, p = model.encode(x, labels), model.prior(labels)
        z = q.sample((DRAWS,))
    found = kl(q, p, z)
    assert found.isfinite().all()
    each = q.log_prob(z) - p.log_prob(z)
    error = each.std(0) / math.sqrt(DRAWS)
    if found.shape == (3,):  # in closed form
        assert (found >= -1e-5).all()
        assert ((each.mean(0) - found).abs() < 5 * error + 1e-4 * (1 + found)).all()
    else:
        torch.testing.assert_close(found, each)
        assert (found.mean(0) > -4 * error - 1e-4).all()


@given(st.integers(0, 9999), st.integers(1, 9))
def test_the_kl_of_any_gaussians_is_that_of_their_dimensions_in_any_order(seed, dim):
    (m1, s1), (m2, s2) = random_gaussian(4, dim, seed), random_gaussian(4, dim, seed + 1)
    whole = kl(gaussian(m1, s1), gaussian(m2, s2), m1)
    each = kl_per_dimension(gaussian(m1, s1), gaussian(m2, s2))
    assert (each >= 0).all()
    torch.testing.assert_close(each.sum(1), whole)
    back = slice(None), torch.arange(dim).flip(0)
    torch.testing.assert_close(
        kl(gaussian(m1[back], s1[back]), gaussian(m2[back], s2[back]), m1), whole
    )
