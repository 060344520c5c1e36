"""Density and neighbours of codes whose distribution is known."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from latentlab.latent.nearest import NearestCodes
from latentlab.latent.support import (
    fit_support,
    posterior_samples,
    support_level,
    support_of,
)


def finish(pieces):
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value


def gaussian(count=3000, size=2, seed=0):
    return np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)


def test_the_nearest_codes_are_those_a_tree_finds():
    codes, z = gaussian(2000, 5) + 7, gaussian(30, 5, seed=1) + 7
    away, near = NearestCodes(codes).nearest(z, 4)
    expected, rows = cKDTree(codes).query(z, 4)
    np.testing.assert_allclose(away, expected, rtol=1e-5)
    np.testing.assert_array_equal(near, rows)
    within = [len(found) for found in cKDTree(codes).query_ball_point(z, 1.0)]
    assert NearestCodes(codes).within(z, 1.0).tolist() == within


def test_a_line_of_codes_says_what_is_usual():
    """One apart, the fifth on either side is the tenth nearest."""
    codes = np.arange(400, dtype=np.float32)[:, None]
    ground = finish(fit_support(codes, 0 * codes))
    assert ground.nearest == pytest.approx(1)
    assert ground.radius == pytest.approx(5)
    found = support_of(np.float32([[200.0], [200.25], [500]]), ground)
    assert found.near.tolist() == [11, 10, 0]
    assert found.nearest == pytest.approx([0, 0.25, 101])
    assert found.density[0] == pytest.approx(1, abs=0.01)


def test_density_is_that_of_the_bell():
    """Twice as far out, p falls as exp(-r²/2) does, up to what ten neighbours can tell."""
    codes = gaussian(60_000)
    ground = finish(fit_support(codes, 0 * codes))
    z = np.float32([[0, 0], [1, 0], [2, 0]])
    many = np.mean([support_of(_turned(z, angle), ground).density for angle in range(60)], axis=0)
    np.testing.assert_allclose(many / many[0], np.exp([0, -0.5, -2]), rtol=0.35)


def _turned(z, angle):
    c, s = np.cos(angle), np.sin(angle)
    return (z @ np.array([[c, s], [-s, c]])).astype(np.float32) + 0.05 * np.float32([c, s])


@pytest.mark.parametrize("size", [2, 20])
def test_the_middle_of_the_bell_is_well_trodden_and_far_away_is_off_the_map(size):
    codes = gaussian(size=size)
    ground = finish(fit_support(codes, 0 * codes))
    away = np.zeros((4, size), np.float32)
    away[:, 0] = 0, 3, 6, 20
    found = support_of(away, ground)
    assert (np.diff(found.level) >= 0).all()
    assert (np.diff(found.density) < 0).all()
    assert found.level[0] < 0.5
    assert found.level[3] == 1
    assert found.near[3] == 0


def test_nine_codes_in_ten_stand_on_well_trodden_ground():
    codes = gaussian(4000, 3)
    ground = finish(fit_support(codes, 0 * codes))
    level = support_of(gaussian(4000, 3, seed=1), ground).level
    assert (level <= 0.5).mean() == pytest.approx(0.9, abs=0.04)
    assert (level <= 0.75).mean() == pytest.approx(0.99, abs=0.01)


def test_levels_have_their_places():
    values = [0, 1, 2, 6, 99]
    assert support_level(values, 1, 2).tolist() == [0, 0.5, 0.75, 1, 1]
    assert support_level(1.0, 1, 1) == pytest.approx(0.5)


def test_too_few_codes_say_nothing():
    for count in (0, 2):
        assert finish(fit_support(gaussian(count), gaussian(count))) is None


def test_codes_all_in_one_place():
    ground = finish(fit_support(*np.zeros((2, 50, 2), np.float32)))
    found = support_of(np.float32([[0, 0], [1, 1]]), ground)
    assert found.near.tolist() == [50, 0]
    assert np.isfinite(found.density).all()
    assert found.level[1] == 1


def test_what_is_usual_is_where_the_decoder_has_learned():
    """Samples of wide posteriors stand further from all means, and that is as it should be."""
    mu = 0.6 * gaussian(3000, 20)
    sigma = np.full_like(mu, 0.8)
    narrow, wide = (finish(fit_support(mu, reach * sigma)) for reach in (0, 1))
    drawn = gaussian(500, 20, seed=3)
    assert (support_of(drawn, narrow).level > 0.75).mean() > 0.5
    assert (support_of(drawn, wide).level <= 0.75).mean() > 0.95


def test_the_samples_are_those_of_the_posteriors():
    mu, sigma = gaussian(4000, 2), np.full((4000, 2), 0.3, np.float32)
    z, rows = posterior_samples(mu, sigma, 2000)
    noise = (z - mu[rows]) / 0.3
    assert noise.std() == pytest.approx(1, abs=0.05)
    assert len(set(rows.tolist())) == 2000
    np.testing.assert_array_equal(z, posterior_samples(mu, sigma, 2000)[0])
