"""How well a model knows an image: against evidence that has a closed form."""

import numpy as np
import pytest
import torch
from linear_gaussian import LinearGaussian
from torch.distributions import MultivariateNormal

from latentlab.data.base import ImageSet, ImageSpec
from latentlab.latent.likeness import ENCODED, bounds
from latentlab.models.cvae import CVAEConfig

SPEC = ImageSpec((1, 4, 5), ("ant", "bee"))


def result(steps):
    while True:
        try:
            assert 0 <= next(steps) <= 1
        except StopIteration as done:
            return done.value


def images(count, seed=0):
    rng = np.random.default_rng(seed)
    return ImageSet(
        rng.integers(0, 256, (count, *SPEC.shape), np.uint8), rng.integers(0, 2, count), SPEC
    )


def test_with_the_exact_posterior_the_bound_is_the_evidence():
    model, some = LinearGaussian(), images(3)
    with torch.no_grad():
        weight, noise = model.weight.double(), model.sigma**2 * torch.eye(20).double()
        evidence = MultivariateNormal(model.bias.double(), weight @ weight.T + noise)
        x = torch.from_numpy(some.images).double().flatten(1) / 255
        expected = -evidence.log_prob(x).numpy()
    found = result(bounds(model, some, samples=20_000))
    np.testing.assert_allclose(found.sum(1), expected, atol=0.1)


def test_the_rate_is_exact():
    model, some = LinearGaussian(), images(5)
    with torch.no_grad():
        q = model.encode(torch.from_numpy(some.images) / 255)
        mu, variance = q.mean.double(), q.variance.double()
        expected = 0.5 * (mu**2 + variance - 1 - variance.log()).sum(1).numpy()
    np.testing.assert_allclose(result(bounds(model, some, 2))[:, 1], expected, rtol=1e-4)


def test_each_image_has_its_own_number_however_many_there_are():
    """Across pieces of encoding and decoding, nothing is mixed up."""
    model, some = LinearGaussian(), images(2 * ENCODED + 3)
    together = result(bounds(model, some, 400))
    for row in (0, ENCODED, 2 * ENCODED + 2):
        alone = result(bounds(model, some[row : row + 1], 400, seed=9))
        np.testing.assert_allclose(together[row], alone[0], rtol=0.05)


def test_the_seed_decides_and_torchs_own_is_left_alone():
    model, some = LinearGaussian(), images(3)
    before = torch.random.get_rng_state()
    first, again = (result(bounds(model, some, 5, seed=1)) for _ in range(2))
    np.testing.assert_allclose(first, again, rtol=1e-6)
    assert not np.allclose(first, result(bounds(model, some, 5, seed=2)), rtol=1e-6)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_conditional_model_is_told_the_labels():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = CVAEConfig(hidden=(8,)).build(SPEC).eval()
    pixels = images(1).images
    ant, bee = (result(bounds(model, ImageSet(pixels, np.array([y]), SPEC))) for y in (0, 1))
    assert ant[0, 1] != bee[0, 1]
    with pytest.raises(ValueError, match="needs labels"):
        result(bounds(model, ImageSet(pixels, None, SPEC)))


def test_no_images_have_no_bounds():
    assert result(bounds(LinearGaussian(), images(0))).shape == (0, 2)
