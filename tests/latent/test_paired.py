"""Differences of pairs against what is known in closed form."""

import math

import numpy as np
import pytest

from latentlab.latent.paired import paired


def test_the_error_is_that_of_the_mean_difference():
    found = paired([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 3.0, 5.0])
    assert (found.first, found.second, found.difference) == (2.5, 3.5, 1.0)
    # Differences 1, 2, 0, 1: their variance is 2 / 3.
    assert found.error == pytest.approx(math.sqrt(2 / 3 / 4))
    assert found.clear


def test_what_is_hard_for_both_cancels():
    hard = np.random.default_rng(0).normal(100, 30, 400)
    noise = np.random.default_rng(1).normal(0, 0.5, 400)
    found = paired(hard, hard + 0.25 + noise)
    assert found.error == pytest.approx(0.5 / 20, rel=0.1)
    assert found.clear
    unpaired = math.hypot(hard.std() / 20, hard.std() / 20)
    assert found.difference < 2 * unpaired


def test_chance_is_told_clear_in_about_one_of_twenty():
    rng = np.random.default_rng(2)
    told = [paired(rng.normal(size=50), rng.normal(size=50)).clear for _ in range(2000)]
    assert 0.03 < np.mean(told) < 0.07


def test_the_same_twice_is_no_difference():
    found = paired([3.0, 5.0], [3.0, 5.0])
    assert (found.difference, found.error, found.clear) == (0.0, 0.0, False)


def test_nothing_is_clear_of_one_image_or_of_what_is_no_number():
    one = paired([1.0], [9.0])
    assert one.difference == 8.0
    assert math.isnan(one.error)
    assert not one.clear
    assert not paired([1.0, math.nan], [2.0, 3.0]).clear


@pytest.mark.parametrize("pair", [([], []), ([1.0], [1.0, 2.0]), ([[1.0]], [[2.0]])])
def test_what_is_no_pair_is_refused(pair):
    with pytest.raises(ValueError, match="cannot pair"):
        paired(*pair)
