"""Ranges of traversals, and what a dimension carries."""

import numpy as np
import pytest

from latentlab.latent.codes import Codes
from latentlab.latent.traversal import (
    data_range,
    kl_by_dimension,
    prior_range,
    quantile_range,
    traverse,
)


def codes():
    rng = np.random.default_rng(0)
    mu = (rng.standard_normal((4000, 3)) * [2, 0.5, 0] + [1, 0, 0]).astype(np.float32)
    sigma = np.tile(np.float32([0.1, 0.5, 1]), (4000, 1))
    return Codes(mu, sigma, None)


def test_kl_of_gaussians_is_that_of_the_formula():
    found = kl_by_dimension(codes())
    mean_square = (codes().mu.astype(float) ** 2).mean(0)
    sigma = np.array([0.1, 0.5, 1])
    expected = 0.5 * (mean_square + sigma**2 - 1 - np.log(sigma**2))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    assert found[2] == pytest.approx(0, abs=1e-7), "a dimension at the prior carries nothing"


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
    assert kl_by_dimension(nothing).tolist() == [0, 0]


def test_each_row_varies_one_dimension_and_holds_the_others():
    points, values = traverse((7.0, 8.0, 9.0), (2, 0), np.array([[-1, 1], [0, 0], [3, 5]]), 3)
    assert values.tolist() == [[3, 4, 5], [-1, 0, 1]]
    assert points.tolist() == [[7, 8, 3], [7, 8, 4], [7, 8, 5], [-1, 8, 9], [0, 8, 9], [1, 8, 9]]
