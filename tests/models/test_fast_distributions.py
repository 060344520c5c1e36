"""The continuous Bernoulli near grey and far from it, where torch's own goes wrong."""

import pytest
import torch
from torch.distributions import ContinuousBernoulli

from latentlab.models.fast_distributions import StableContinuousBernoulli

LOGITS = torch.cat(
    [
        torch.linspace(-100, 100, 801),
        torch.linspace(-2, 2, 801),
        torch.linspace(-0.01, 0.01, 801),
        torch.tensor([1e-7, -1e-7, 1e-30, 500.0, -500.0]),
    ]
)
VALUES = torch.linspace(0, 1, 100_001, dtype=torch.float64)


def stable(h):
    return StableContinuousBernoulli(logits=h, validate_args=False)


def moments(h):
    """Mean and variance of exp(x h), by summing over many values of x from 0 to 1."""
    weight = torch.exp(h.double()[:, None] * (VALUES - (h > 0).double()[:, None]))
    total = torch.trapezoid(weight, VALUES)
    mean = torch.trapezoid(weight * VALUES, VALUES) / total
    square = torch.trapezoid(weight * (VALUES - mean[:, None]) ** 2, VALUES) / total
    return mean, square, total.log() + h.double().relu()


def test_mean_variance_and_normalisation_are_those_of_the_density():
    h = LOGITS[::23]
    mean, variance, normaliser = moments(h)
    p = stable(h)
    torch.testing.assert_close(p.mean.double(), mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(p.variance.double(), variance, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        -p.log_prob(torch.zeros(())).double(), normaliser, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_single_precision_keeps_to_double(value):
    x = torch.tensor(value)
    torch.testing.assert_close(
        stable(LOGITS).log_prob(x).double(),
        stable(LOGITS.double()).log_prob(x),
        rtol=1e-6,
        atol=1e-5,
    )
    torch.testing.assert_close(
        stable(LOGITS).mean.double(), stable(LOGITS.double()).mean, rtol=1e-5, atol=1e-6
    )


def test_torch_agrees_where_it_can():
    h = torch.cat([torch.linspace(-10, -0.1, 50), torch.linspace(0.1, 10, 50)]).double()
    theirs, ours = ContinuousBernoulli(logits=h), stable(h)
    x = torch.tensor(0.7, dtype=torch.float64)
    torch.testing.assert_close(ours.log_prob(x), theirs.log_prob(x))
    torch.testing.assert_close(ours.mean, theirs.mean)
    torch.testing.assert_close(ours.variance, theirs.variance)


def test_a_grey_that_knows_nothing_is_uniform():
    p = stable(torch.zeros(3))
    torch.testing.assert_close(p.log_prob(torch.tensor([0.0, 0.4, 1.0])), torch.zeros(3))
    torch.testing.assert_close(p.mean, torch.full((3,), 0.5))
    torch.testing.assert_close(p.variance, torch.full((3,), 1 / 12))


def test_the_slope_of_the_likelihood_is_value_minus_mean():
    h = LOGITS.clone().requires_grad_()
    stable(h).log_prob(torch.tensor(0.3)).sum().backward()
    torch.testing.assert_close(h.grad, 0.3 - stable(LOGITS).mean)
    few = torch.linspace(-3, 3, 13, dtype=torch.float64, requires_grad=True)
    value = torch.tensor(0.3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda h: stable(h).log_prob(value), few)
