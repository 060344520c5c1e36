"""The maximum mean discrepancy, against numpy and for equal distributions."""

import pytest
import torch
from term_support import codes_batch, rng
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from latentlab.learning.noise import Noise
from latentlab.learning.terms.mmd import MMD, SCALES, squared_mmd


def by_numpy(first, second):
    """Pair by pair, as the paper has it."""
    first, second = first.double().numpy(), second.double().numpy()
    count, dimensions = first.shape

    def kernel(a, b):
        distance = ((a - b) ** 2).sum()
        return sum(2 * dimensions * s / (2 * dimensions * s + distance) for s in SCALES)

    within = sum(
        kernel(points[i], points[j])
        for points in (first, second)
        for i in range(count)
        for j in range(count)
        if i != j
    )
    across = sum(kernel(a, b) for a in first for b in second)
    return within / (count * (count - 1)) - 2 * across / count**2


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_it_is_what_numpy_gives(shift):
    first = torch.randn(12, 3, generator=rng()) + shift
    second = torch.randn(12, 3, generator=rng(1))
    assert squared_mmd(first, second).item() == pytest.approx(by_numpy(first, second), abs=1e-5)


def test_it_is_zero_for_equal_distributions_and_grows_with_a_shift():
    second = torch.randn(2000, 5, generator=rng(1))
    at = [
        squared_mmd(torch.randn(2000, 5, generator=rng()) + shift, second).item()
        for shift in (0.0, 0.5, 1.0)
    ]
    assert abs(at[0]) < 0.002
    assert 0.02 < at[1] < at[2]


def test_codes_are_compared_with_samples_of_the_prior_of_the_model():
    mu = torch.full((800, 2), 4.0)
    there = Independent(Normal(torch.full((2,), 4.0), torch.ones(2)), 1)
    near = MMD().value(codes_batch(mu, torch.ones_like(mu), prior=there))
    far = MMD().value(codes_batch(mu, torch.ones_like(mu)))
    assert near.shape == (800,)
    assert abs(near[0]) < 0.01 < 1 < far[0]


def test_samples_of_any_prior_are_from_the_generator_of_the_run():
    each = Independent(Normal(torch.tensor([[-9.0], [9.0]]), torch.ones(2, 1)), 1)
    prior = MixtureSameFamily(Categorical(torch.ones(2)), each)
    mu = torch.zeros(6, 1)
    before = torch.get_rng_state()
    values = [MMD().value(codes_batch(mu, mu + 1, prior=prior, seed=seed)) for seed in (0, 0, 1)]
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(codes_batch(mu, mu + 1).noise, Noise)


def test_one_image_has_no_discrepancy_and_a_gradient_of_zero():
    mu = torch.ones(1, 3, requires_grad=True)
    value = MMD().value(codes_batch(mu, torch.ones(1, 3)))
    value.sum().backward()
    assert value.tolist() == [0]
    assert mu.grad.tolist() == [[0, 0, 0]]
