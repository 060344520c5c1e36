"""Probabilistic PCA as the baseline of a rate-distortion plot, against closed forms."""

import numpy as np
import pytest
import torch
from torch import nn

from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.errors import DataError
from latentlab.metrics.linear_baseline import fit_linear, linear_rate_distortion
from latentlab.models.likelihoods import GaussianLikelihood, PerPixelGaussianLikelihood
from latentlab.work import finish

SPEC = ImageSpec(shape=(1, 2, 2), class_names=())


class Model(nn.Module):
    """A model of which only the likelihood and the number of dimensions matter."""

    def __init__(self, likelihood, latent_dim):
        super().__init__()
        self.likelihood, self.latent_dim = likelihood.build(), latent_dim


def grey_images(count=2000, seed=0):
    """Return images of two factors and noise, well inside black and white."""
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((count, 2)) @ [[24.0, 18.0, 0.0, -6.0], [0.0, 10.0, 16.0, 8.0]]
    pixels = 128 + factors + 6 * rng.standard_normal((count, 4))
    return ImageSet(pixels.round().clip(0, 255).astype(np.uint8).reshape(-1, 1, 2, 2), None, SPEC)


def test_with_its_own_noise_the_bound_is_the_marginal_likelihood():
    """The posterior of probabilistic PCA is exact, so that rate + distortion = -log p(x)."""
    images = grey_images()
    x = np.asarray(images.images).reshape(-1, 4) / 255
    linear = fit_linear(x, 2)
    model = Model(GaussianLikelihood(sigma=linear.noise**0.5), 2)
    rate, distortion = finish(linear_rate_distortion(model, images, images, 20, 0))
    scaled = linear.components * linear.scales[:, None]
    marginal = torch.distributions.MultivariateNormal(
        torch.from_numpy(linear.mean),
        torch.from_numpy(scaled.T @ scaled + linear.noise * np.eye(4)),
    )
    expected = -marginal.log_prob(torch.from_numpy(x)).numpy()
    assert (rate + distortion).mean() == pytest.approx(expected.mean(), abs=0.02)
    assert rate.min() > 0


def test_the_rate_is_the_kl_of_the_posteriors():
    x = np.asarray(grey_images(200).images).reshape(-1, 4) / 255
    linear = fit_linear(x, 2)
    mean, variance = (torch.from_numpy(np.asarray(each)) for each in linear.posterior(x))
    q = torch.distributions.Normal(mean, variance.sqrt().expand_as(mean))
    p = torch.distributions.Normal(torch.zeros_like(mean), 1.0)
    kl = torch.distributions.kl_divergence(q, p).sum(1).numpy()
    np.testing.assert_allclose(linear.rates(x), kl, rtol=1e-9)


def test_the_noise_of_few_images_is_the_mean_over_all_other_pixels():
    x = np.random.default_rng(0).random((20, 50))
    variances = np.linalg.eigvalsh(np.cov(x.T))[::-1]
    assert fit_linear(x, 2).noise == pytest.approx(variances[2:].sum() / 48)


def test_refuses_what_gives_no_number():
    images = grey_images(50)
    with pytest.raises(DataError, match="does not follow from a decoded image"):
        finish(linear_rate_distortion(Model(PerPixelGaussianLikelihood(), 2), images, images, 1, 0))
    with pytest.raises(DataError, match="more images than components"):
        finish(linear_rate_distortion(Model(GaussianLikelihood(), 4), images, images, 1, 0))
