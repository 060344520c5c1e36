"""Decoder distributions against the formulas by hand, in nats."""

import math

import pytest
import torch

from latentlab.models.likelihoods import LIKELIHOODS, BernoulliLikelihood, GaussianLikelihood

BATCH, SHAPE = 5, (3, 4, 6)


@pytest.fixture
def h():
    return 3 * torch.randn((BATCH, *SHAPE), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def x():
    """Grey pixels, pure black and white among them."""
    x = torch.rand((BATCH, *SHAPE), generator=torch.Generator().manual_seed(1))
    x[:, :, 0, 0], x[:, :, 1, 1] = 0, 1
    return x


def test_bernoulli_is_the_cross_entropy_of_grey_pixels(h, x):
    p = BernoulliLikelihood().distribution(h)
    share = 1 / (1 + (-h.double()).exp())
    by_hand = -(x * share.log() + (1 - x) * (1 - share).log()).sum((1, 2, 3))
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(p.mean.double(), share, rtol=1e-5, atol=1e-6)


def test_bernoulli_of_one_pixel_by_pencil():
    p = BernoulliLikelihood().distribution(torch.full((1, 1, 1, 1), math.log(3)))  # 3/4 on
    nll = -p.log_prob(torch.full((1, 1, 1, 1), 0.25)).item()
    assert nll == pytest.approx(-(0.25 * math.log(3 / 4) + 0.75 * math.log(1 / 4)))


def test_bernoulli_stays_finite_where_the_network_is_sure_and_wrong():
    h = torch.tensor([200.0, -200.0]).reshape(2, 1, 1, 1)
    x = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)
    nll = -BernoulliLikelihood().distribution(h).log_prob(x)
    torch.testing.assert_close(nll, torch.tensor([200.0, 200.0]))


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_gaussian_is_the_squared_error_and_the_normalisation(h, x, sigma):
    p = GaussianLikelihood(sigma=sigma).distribution(h)
    mean = 1 / (1 + (-h.double()).exp())
    pixels = math.prod(SHAPE)
    by_hand = 0.5 * ((x - mean) ** 2).sum((1, 2, 3)) / sigma**2 + pixels * (
        math.log(sigma) + 0.5 * math.log(2 * math.pi)
    )
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(p.mean.double(), mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(p.stddev, torch.full_like(h, sigma))


@pytest.mark.parametrize("kind", sorted(LIKELIHOODS.kinds()))
def test_pixels_are_summed_not_averaged(kind, h, x):
    """The same pixels twice, one below the other, cost twice as much."""
    likelihood = LIKELIHOODS.kinds()[kind]()
    h = torch.cat([h] * likelihood.outputs, 1)
    once = -likelihood.distribution(h).log_prob(x)
    twice = -likelihood.distribution(torch.cat([h, h], 2)).log_prob(torch.cat([x, x], 2))
    assert once.shape == twice.shape == (BATCH,)
    torch.testing.assert_close(twice, 2 * once)


@pytest.mark.parametrize("kind", sorted(LIKELIHOODS.kinds()))
def test_the_gradient_towards_the_truth_makes_the_loss_smaller(kind, h, x):
    likelihood = LIKELIHOODS.kinds()[kind]()
    h = torch.cat([h] * likelihood.outputs, 1).requires_grad_()
    before = -likelihood.distribution(h).log_prob(x).sum()
    before.backward()
    with torch.no_grad():
        after = -likelihood.distribution(h - 1e-3 * h.grad).log_prob(x).sum()
    assert after < before
