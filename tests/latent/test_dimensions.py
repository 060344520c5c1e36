"""What dimensions carry, and the principal components of codes."""

import numpy as np
import pytest

from latentlab.latent import dimensions as importance
from latentlab.latent.codes import Codes
from latentlab.latent.dimensions import kl_per_dimension, principal_components
from latentlab.work import finish


def codes(mu, sigma):
    return Codes(np.asarray(mu, np.float32), np.asarray(sigma, np.float32), None)


def test_kl_by_hand():
    """KL(N(m, s²) ‖ N(0, 1)) = (m² + s² - 1) / 2 - ln s, the mean of two images."""
    kl = kl_per_dimension(codes([[0, 2, 1], [0, 0, 1]], [[1, 1, 0.5], [1, 1, 0.25]]))
    third = np.mean([(1 + s * s - 1) / 2 - np.log(s) for s in (0.5, 0.25)])
    assert kl == pytest.approx([0, 1, third])


def test_kl_agrees_with_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    some = codes(rng.standard_normal((50, 4)), rng.uniform(0.1, 2, (50, 4)))
    q = torch.distributions.Normal(torch.tensor(some.mu), torch.tensor(some.sigma))
    prior = torch.distributions.Normal(0.0, 1.0)
    wanted = torch.distributions.kl_divergence(q, prior).mean(0).numpy()
    assert kl_per_dimension(some) == pytest.approx(wanted, rel=1e-5)


def test_kl_of_each_image_agrees_with_torch(monkeypatch):
    """In pieces of three rows, the last of which is a rest."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(importance, "VALUES_PER_PIECE", 12)
    rng = np.random.default_rng(0)
    some = codes(rng.standard_normal((50, 4)), rng.uniform(0.1, 2, (50, 4)))
    q = torch.distributions.Normal(torch.tensor(some.mu), torch.tensor(some.sigma))
    prior = torch.distributions.Normal(0.0, 1.0)
    wanted = torch.distributions.kl_divergence(q, prior).sum(1).numpy()
    found = finish(importance.kl_per_image(some.mu, some.sigma))
    assert found.dtype == np.float32
    assert found == pytest.approx(wanted, rel=1e-4)
    assert kl_per_dimension(some).sum() == pytest.approx(found.mean(), rel=1e-5)


def test_no_codes_carry_nothing():
    none = codes(np.empty((0, 3)), np.empty((0, 3)))
    assert kl_per_dimension(none).tolist() == [0, 0, 0]
    components = finish(principal_components(none.mu))
    assert components.deviations.tolist() == components.shares.tolist() == [0, 0, 0]


def test_components_of_a_turned_ellipse():
    """Deviations 3 and 1 along (0.6, 0.8) and across it, far from the origin."""
    along = np.array([0.6, 0.8])
    across = np.array([-0.8, 0.6])
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 20_000))
    mu = 5 + 3 * a[:, None] * along + b[:, None] * across
    found = finish(principal_components(mu.astype(np.float32)))
    assert found.vectors[0] == pytest.approx(along, abs=0.01)
    assert np.abs(found.vectors[1]) == pytest.approx(np.abs(across), abs=0.01)
    assert found.deviations == pytest.approx([3, 1], rel=0.02)
    assert found.shares == pytest.approx([0.9, 0.1], abs=0.01)


def test_components_are_axes_in_which_codes_do_not_vary_together():
    rng = np.random.default_rng(1)
    mu = rng.standard_normal((1000, 12)).astype(np.float32) * np.arange(1, 13, dtype=np.float32)
    found = finish(principal_components(mu))
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(12), atol=1e-9)
    assert (np.diff(found.deviations) <= 0).all()
    coordinates = (mu - mu.mean(0)) @ found.vectors.T
    np.testing.assert_allclose(coordinates.std(0), found.deviations, rtol=1e-4)


def test_one_dimension_has_one_component():
    found = finish(principal_components(np.array([[1.0], [3]], np.float32)))
    assert (found.vectors.tolist(), found.deviations.tolist()) == ([[1.0]], [1.0])
