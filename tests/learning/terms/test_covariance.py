"""The covariance of codes, against its definition."""

import numpy as np
import pytest
import torch
from term_support import codes_batch, rng

from latentlab.learning.terms.covariance import Covariance


@pytest.mark.parametrize("of", ["means", "codes"])
def test_it_is_the_squared_distance_from_the_identity(of):
    mu = torch.randn(50, 4, generator=rng()) @ torch.randn(4, 4, generator=rng(1)) + 3
    sigma = torch.rand(50, 4, generator=rng(2))
    covariance = np.cov(mu.double().numpy().T, bias=True)
    if of == "codes":
        covariance += np.diag((sigma.double().numpy() ** 2).mean(0))
    gap = covariance - np.eye(4)
    expected = (gap**2).sum() + 2 * (np.diag(gap) ** 2).sum()
    value = Covariance(of=of, diagonal=3).value(codes_batch(mu, sigma))
    assert value.shape == (50,)
    np.testing.assert_allclose(value.numpy(), expected, rtol=1e-4)


def test_white_means_cost_nothing_and_posteriors_add_to_codes_only():
    mu = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    batch = codes_batch(mu, torch.ones_like(mu))
    assert Covariance(of="means").value(batch).tolist() == [0] * 4
    assert Covariance(of="codes", diagonal=1).value(batch).tolist() == [2] * 4


def test_one_image_has_a_covariance_of_zero():
    mu = torch.zeros(1, 3)
    assert Covariance(diagonal=2).value(codes_batch(mu, mu + 1)).tolist() == [6]
