"""Holes are where the prior expects codes and there are none, and nowhere else."""

import numpy as np
import pytest

from latentlab.latent.codes import Codes
from latentlab.latent.mixture_prior import sample_mixture
from latentlab.latent.planes import axes_plane, plane_along
from latentlab.latent.prior_holes import draw_posteriors, prior_holes

RNG = np.random.default_rng(0)
BELL = RNG.standard_normal((200_000, 2)).astype(np.float32)


def test_codes_that_fill_the_prior_leave_no_hole():
    assert prior_holes(BELL, 3.5, 60).max() < 0.05


def test_half_of_the_bell_is_a_hole_where_the_other_half_is():
    right = np.abs(BELL) * [1, 0] + BELL * [0, 1]
    missing = prior_holes(right.astype(np.float32), 3.5, 70)
    x = np.linspace(-3.5, 3.5, 71)
    middle = (x[:-1] + x[1:]) / 2
    inner = np.abs(middle) < 1.5
    assert missing[np.ix_(inner, (middle < -0.7) & inner)].min() > 0.3
    assert missing[:, middle > 0.5].max() < 0.05
    # Row 0 is at the bottom: less is missing far out, where little is expected.
    assert missing[0].max() < missing[35].max()


def test_no_codes_at_all_are_one_large_hole():
    missing = prior_holes(np.empty((0, 2), np.float32), 3.0, 31)
    assert missing[15, 15] == pytest.approx(1.0)


def test_draws_have_the_mean_and_deviation_of_their_posteriors():
    mu = np.tile(np.float32([1, -2]), (50_000, 1))
    sigma = np.tile(np.float32([0.5, 2]), (50_000, 1))
    draws = draw_posteriors(mu, sigma, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(0), [1, -2], atol=0.03)
    np.testing.assert_allclose(draws.std(0), [0.5, 2], rtol=0.02)
    assert np.array_equal(draws, draw_posteriors(mu, sigma, np.random.default_rng(0)))


def test_a_shadow_is_the_covariance_of_draws_on_the_plane():
    sigma = np.float32([[0.5, 1.0, 2.0]])
    assert axes_plane(2, 0, 3).shadow(sigma)[0].tolist() == [[4, 0], [0, 0.25]]
    frame = plane_along((1, 1, 0), (0, 1, 1), ("u", "v"))
    draws = draw_posteriors(
        np.zeros((100_000, 3), np.float32), np.tile(sigma, (100_000, 1)), np.random.default_rng(0)
    )
    np.testing.assert_allclose(frame.shadow(sigma)[0], np.cov(frame.place(draws).T), atol=0.05)


def test_a_mixture_needs_no_deviations_and_takes_any_seed():
    mu = np.concatenate([BELL[:200] - 9, BELL[200:400] + 9])
    codes = Codes(mu, np.full_like(mu, np.nan), None)
    z = sample_mixture(codes, 500, -1)
    assert z.shape == (500, 2)
    assert z.dtype == np.float32
    np.testing.assert_array_equal(z, sample_mixture(codes, 500, -1))
    assert not np.array_equal(z, sample_mixture(codes, 500, 1))
    assert (np.abs(np.abs(z) - 9) < 6).all()
