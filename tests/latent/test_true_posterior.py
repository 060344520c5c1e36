"""The true posterior of a linear Gaussian model is known in closed form."""

import numpy as np
import pytest
import torch
from linear_gaussian import LinearGaussian
from torch.distributions import Independent, MultivariateNormal, Normal

from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.latent.true_posterior import log_likelihoods, true_posterior
from latentlab.work import finish

SPEC = ImageSpec((1, 4, 5))


@pytest.fixture
def case():
    model = LinearGaussian(latent_dim=2, sigma=0.15)
    with torch.no_grad():
        pixels = model.decode(torch.tensor([[0.8, -1.2]])).mean + 0.05
    return model, ImageSet(pixels.numpy().astype(np.float32), None, SPEC)


def test_the_likelihood_on_many_points_is_that_of_each(case):
    model, image = case
    z = np.random.default_rng(0).standard_normal((1500, 2))
    found = finish(log_likelihoods(model, image, z))
    x = torch.from_numpy(image.images)
    for row in (0, 700, 1499):
        with torch.no_grad():
            p = model.decode(torch.from_numpy(z[row : row + 1]).float())
        assert found[row] == pytest.approx(p.log_prob(x).item(), abs=1e-3)


def test_grid_evidence_and_divergence_are_those_of_the_closed_form(case):
    model, image = case
    x = torch.from_numpy(image.images)
    with torch.no_grad():
        q = model.encode(x)  # the exact posterior
        mu, sigma = q.mean[0].numpy(), q.stddev[0].numpy()
        covariance = model.weight @ model.weight.T + model.sigma**2 * torch.eye(20)
        evidence = float(MultivariateNormal(model.bias, covariance).log_prob(x.flatten(1)))
    found = finish(true_posterior(model, image, mu, sigma))
    grid = found.density
    assert found.log_evidence == pytest.approx(evidence, abs=1e-3)
    assert found.divergence == pytest.approx(0, abs=1e-3)
    assert grid.values.sum() * grid.cell == pytest.approx(1, abs=1e-6)
    mean = (grid.values.sum(0) @ grid.x, grid.values.sum(1) @ grid.y)
    assert np.array(mean) * grid.cell == pytest.approx(mu, abs=1e-3)
    # The grid is refined: a standard deviation has several points.
    assert sigma[1] / (grid.y[1] - grid.y[0]) > 3


def test_the_divergence_of_a_wrong_posterior_is_that_of_two_gaussians(case):
    model, image = case
    with torch.no_grad():
        q = model.encode(torch.from_numpy(image.images))
    mu, sigma = q.mean[0].numpy(), q.stddev[0].numpy()
    wrong_mu, wrong_sigma = mu + np.array([0.2, 0]), sigma * np.array([1, 0.5])
    found = finish(true_posterior(model, image, wrong_mu, wrong_sigma))
    expected = 0.5 * (0.2 / sigma[0]) ** 2 + 0.5 * (0.25 - 1 - np.log(0.25))
    assert found.divergence == pytest.approx(expected, rel=5e-3)


def test_the_grid_covers_a_learned_prior_away_from_zero(case):
    """Also where q(z|x) does not lead to it."""
    model, _ = case
    middle = torch.tensor([9.0, -7.0])
    model.prior = lambda y=None: Independent(Normal(middle, torch.ones(2)), 1)
    with torch.no_grad():
        x = model.decode(middle[None]).mean + 0.05
        covariance = model.weight @ model.weight.T + model.sigma**2 * torch.eye(20)
        mean = model.bias + model.weight @ middle
        evidence = float(MultivariateNormal(mean, covariance).log_prob(x.flatten(1)))
    image = ImageSet(x.numpy(), None, SPEC)
    found = finish(true_posterior(model, image, np.zeros(2), np.full(2, 0.1)))
    assert found.log_evidence == pytest.approx(evidence, abs=0.01)
