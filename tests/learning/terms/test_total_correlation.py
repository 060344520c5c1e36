"""The total correlation of a batch, against what is known in closed form."""

import math

import pytest
import torch
from term_support import codes_batch, rng
from training_support import recipe_of

from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.terms.total_correlation import TotalCorrelation, log_densities

IMAGES, SIGMA = 3000, 0.6


def means(correlation, seed=0):
    """Posterior means with variance 1 and a correlation, so that q(z) is nearly a Gaussian."""
    noise = torch.randn(IMAGES, 2, generator=rng(seed))
    other = correlation * noise[:, 0] + math.sqrt(1 - correlation**2) * noise[:, 1]
    return torch.stack([noise[:, 0], other], 1)


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_that_of_gaussians_is_known(estimator, correlation):
    mu = means(correlation)
    batch = codes_batch(mu, torch.full_like(mu, SIGMA), images=IMAGES)
    of_codes = correlation / (1 + SIGMA**2)
    expected = -0.5 * math.log(1 - of_codes**2)
    got = TotalCorrelation(estimator=estimator).value(batch)
    assert got.shape == (IMAGES,)
    assert got.mean().item() == pytest.approx(expected, abs=0.05)


def test_the_weighted_estimator_is_that_of_the_paper_without_its_constant():
    """Equation by equation, in double precision, with N of them as in the code of the authors."""
    mu, sigma = torch.randn(7, 3, generator=rng()), torch.rand(7, 3, generator=rng(1)) + 0.1
    batch = codes_batch(mu, sigma, images=50)
    each = log_densities(batch.z.double(), mu.double(), sigma.double())
    constant = math.log(50 * 7)
    joint = torch.logsumexp(each.sum(2), 1) - constant
    product = (torch.logsumexp(each, 1) - constant).sum(1)
    expected = joint - product - (3 - 1) * math.log(50)
    torch.testing.assert_close(
        TotalCorrelation().value(batch).double(), expected, rtol=1e-5, atol=1e-5
    )


def test_the_stratified_estimator_is_unbiased_over_all_batches_of_a_data_set():
    """The mean of the estimated q(z_i) over all batches with image i is q(z_i) of all images."""
    mu = torch.tensor([[-1.0], [0.0], [0.5], [2.0]], dtype=torch.double)
    sigma = torch.full_like(mu, 0.7)
    z = torch.tensor([[0.3]], dtype=torch.double)
    true = log_densities(z, mu, sigma).exp().mean()
    estimates = []
    for others in ((1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)):
        rows = [0, *others]
        batch = codes_batch(mu[rows], sigma[rows], images=len(mu))
        weights = TotalCorrelation(estimator="stratified")._log_weights(batch, 3)[0].exp()
        estimates.append((weights * log_densities(z, mu[rows], sigma[rows])[0, :, 0].exp()).sum())
    assert torch.stack(estimates).mean().item() == pytest.approx(true.item(), rel=1e-12)


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
@pytest.mark.parametrize("images", [0, 1, 10**6])
def test_one_image_and_more_held_out_than_training_images_have_a_finite_one(estimator, images):
    for count in (1, 2, 5):
        mu = torch.randn(count, 4, generator=rng()).requires_grad_()
        value = TotalCorrelation(estimator=estimator).value(
            codes_batch(mu, torch.ones_like(mu), images=images)
        )
        value.sum().backward()
        assert value.isfinite().all()
        assert mu.grad.isfinite().all()


@pytest.mark.parametrize("kind", ["total_correlation", "covariance"])
@pytest.mark.parametrize("posterior", ["deterministic", "flow"])
def test_a_posterior_that_is_no_gaussian_is_refused_with_advice(kind, posterior):
    recipe = recipe_of(
        objective={"kind": "elbo", "extra": kind},
        model={"posterior": posterior},
    )
    model = recipe.model.build(ImageSpec((1, 28, 28)))
    with pytest.raises(RecipeError, match=f"{kind} needs Gaussian .* choose another term") as told:
        recipe.objective.check(model)
    assert [*told.value.problems] == ["objective.extra"]
