"""Ranges of traversals, and the points of their sheets."""

import numpy as np

from latentlab.latent.codes import Codes
from latentlab.latent.dimensions import data_range, prior_range, quantile_range, traverse


def codes():
    rng = np.random.default_rng(0)
    mu = (rng.standard_normal((4000, 3)) * [2, 0.5, 0] + [1, 0, 0]).astype(np.float32)
    sigma = np.tile(np.float32([0.1, 0.5, 1]), (4000, 1))
    return Codes(mu, sigma, None)


def test_ranges():
    np.testing.assert_allclose(data_range(codes(), 2)[0], [1 - 4, 1 + 4], atol=0.2)
    np.testing.assert_allclose(
        quantile_range(codes())[0], 1 + 2 * np.array([-2.33, 2.33]), atol=0.5
    )
    assert prior_range(3, 1.5).tolist() == [[-1.5, 1.5]] * 3


def test_without_codes_there_are_ranges_all_the_same():
    empty = np.empty((0, 2), np.float32)
    nothing = Codes(empty, empty, None)
    assert quantile_range(nothing).tolist() == [[-2, 2]] * 2


def test_each_row_varies_one_dimension_and_holds_the_others():
    points, values = traverse((7.0, 8.0, 9.0), (2, 0), np.array([[-1, 1], [0, 0], [3, 5]]), 3)
    assert values.tolist() == [[3, 4, 5], [-1, 0, 1]]
    assert points.tolist() == [[7, 8, 3], [7, 8, 4], [7, 8, 5], [-1, 8, 9], [0, 8, 9], [1, 8, 9]]
