"""Directions: on clusters whose separation is known they are as computed by hand."""

import numpy as np
import pytest

from latentlab.errors import DataError
from latentlab.latent.contrast import Contrast, by_class, by_rows, by_values
from latentlab.latent.directions import Method, cohens_d, fit_direction
from latentlab.work import finish

METHODS = pytest.mark.parametrize("method", list(Method))


def clusters(apart, count=2000, dim=4, sd=1.0, seed=0):
    """Two round clusters, `apart` along the first dimension; the first half is the high one."""
    rng = np.random.default_rng(seed)
    mu = rng.normal(0, sd, (2 * count, dim))
    mu[:count, 0] += apart
    return mu.astype(np.float32), Contrast(np.arange(count), np.arange(count, 2 * count))


def normal_cdf(x):
    from statistics import NormalDist

    return NormalDist().cdf(x)


@METHODS
@pytest.mark.parametrize("apart", [1.0, 3.0])
def test_two_round_clusters(method, apart):
    """d is the distance in deviations; half of it decides how many fall on the wrong side."""
    mu, contrast = clusters(apart)
    learned = finish(fit_direction(mu, contrast, method))
    assert np.linalg.norm(learned.vector) == pytest.approx(1)
    assert learned.vector[0] > 0.99
    assert learned.d == pytest.approx(apart, abs=0.1)
    assert learned.accuracy == pytest.approx(normal_cdf(apart / 2), abs=0.02)
    assert learned.scale == pytest.approx(np.sqrt(1 + apart**2 / 4), rel=0.03)


@METHODS
def test_groups_that_do_not_differ_are_told_apart_no_better_than_by_chance(method):
    """Held out: in many dimensions any groups can be told apart on what was learned from."""
    mu, contrast = clusters(0.0, count=60, dim=50)
    learned = finish(fit_direction(mu, contrast, method))
    assert abs(learned.d) < 0.4
    assert 0.35 < learned.accuracy < 0.65


def test_means_follow_how_groups_differ_and_the_classifier_what_tells_them_apart():
    """With covariance C the classifier goes along C⁻¹ times the difference of means."""
    rng = np.random.default_rng(1)
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    mu = rng.multivariate_normal([0, 0], covariance, 20_000).astype(np.float32)
    mu[:10_000, 0] += 1
    contrast = Contrast(np.arange(10_000), np.arange(10_000, 20_000))
    means = finish(fit_direction(mu, contrast, Method.MEANS)).vector
    linear = finish(fit_direction(mu, contrast, Method.LINEAR)).vector
    best = np.linalg.solve(covariance, [1.0, 0.0])
    assert means == pytest.approx([1, 0], abs=0.03)
    assert linear == pytest.approx(best / np.linalg.norm(best), abs=0.03)


def test_a_small_group_weighs_as_much_as_a_large_one():
    mu, _ = clusters(2.0, count=3000)
    few = Contrast(np.arange(60), np.arange(3000, 6000))
    learned = finish(fit_direction(mu, few, Method.LINEAR))
    assert learned.vector[0] > 0.9
    assert learned.accuracy == pytest.approx(normal_cdf(1.0), abs=0.06)


@METHODS
def test_a_number_gives_a_direction_along_which_it_grows(method):
    rng = np.random.default_rng(2)
    mu = rng.standard_normal((3000, 3)).astype(np.float32)
    values = 2 * mu[:, 1] - mu[:, 2] + 0.1 * rng.standard_normal(3000).astype(np.float32)
    values[::7] = np.nan
    learned = finish(fit_direction(mu, by_values(values), method))
    assert learned.vector == pytest.approx(np.array([0, 2, -1]) / np.sqrt(5), abs=0.05)
    assert learned.accuracy > 0.95


def test_what_has_an_attribute_against_what_has_not():
    contrast = by_values(np.array([1, 0, np.nan, 1, 0, 0], np.float32))
    assert contrast.high.tolist() == [0, 3]
    assert contrast.low.tolist() == [1, 4, 5]
    assert contrast.values is None
    signs = by_values(np.array([-1, 1, -1], np.float32))
    assert (signs.high.tolist(), signs.low.tolist()) == ([1], [0, 2])


def test_the_top_third_against_the_bottom_third():
    contrast = by_values(np.array([*range(9), np.inf, np.nan], np.float32))
    assert contrast.high.tolist() == [6, 7, 8]
    assert contrast.low.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "high", "low"),
    [([0, 0, 0, 0, 0, 1, 2], [5, 6], [0, 1, 2, 3, 4]), ([5, 5, 5, 5, 1, 2], [0, 1, 2, 3], [4, 5])],
)
def test_a_number_that_most_share(values, high, low):
    contrast = by_values(np.array(values, np.float32))
    assert (contrast.high.tolist(), contrast.low.tolist()) == (high, low)


def test_a_class_against_the_rest():
    contrast = by_class(np.array([2, 0, 2, 1]), 2)
    assert (contrast.high.tolist(), contrast.low.tolist()) == ([0, 2], [1, 3])


def test_groups_by_hand_take_each_row_once():
    contrast = by_rows((4, 1, 1, 7), (2, 7))
    assert (contrast.high.tolist(), contrast.low.tolist()) == ([1, 4], [2])


@METHODS
def test_orthogonal_to_the_others(method):
    """Smile without glasses: who smiles wears them, and the direction must not put them on."""
    rng = np.random.default_rng(3)
    mu = rng.standard_normal((4000, 5)).astype(np.float32)
    smiles = np.arange(4000) < 2000
    mu[smiles, 0] += 2
    mu[smiles, 1] += 1.5
    contrast = by_values(smiles.astype(np.float32))
    glasses = np.eye(5)[1:2]
    both = finish(fit_direction(mu, contrast, method)).vector
    apart = finish(fit_direction(mu, contrast, method, glasses))
    assert both[1] > 0.5
    assert abs(apart.vector @ glasses[0]) < 1e-12
    assert apart.vector[0] > 0.98
    assert apart.d == pytest.approx(2, abs=0.15)


def test_what_goes_with_another_in_the_data_is_taken_out():
    """Glasses move a code by (3, 1), a smile by (0, 1); of those who smile 9 in 10 wear glasses.

    What the glasses do must not count as the smile's, however much more it is.
    """
    rng = np.random.default_rng(5)
    smiles = rng.random(20_000) < 0.5
    glasses = rng.random(20_000) < np.where(smiles, 0.9, 0.1)
    mu = 0.5 * rng.standard_normal((20_000, 3)) + np.outer(glasses, [3, 1, 0])
    mu = (mu + np.outer(smiles, [0, 1, 0])).astype(np.float32)
    contrast = by_values(smiles.astype(np.float32))
    mixed = finish(fit_direction(mu, contrast)).vector
    assert mixed[0] > 0.6
    other = finish(fit_direction(mu, by_values(glasses.astype(np.float32)), Method.LINEAR)).vector
    assert abs(other[0]) > 0.9
    alone = finish(fit_direction(mu, contrast, apart_from=other[None]))
    assert alone.vector @ other == pytest.approx(0, abs=1e-9)
    assert alone.vector[1] > 0.9


def test_any_number_of_others_may_span_the_same():
    others = np.array([[1.0, 0, 0, 0], [0.6, 0.8, 0, 0], [0, 1, 0, 0]])
    learned = finish(fit_direction(*clusters(1.0), apart_from=others))
    assert learned.vector[:2] == pytest.approx([0, 0], abs=1e-9)
    assert np.linalg.norm(learned.vector) == pytest.approx(1)


@METHODS
@pytest.mark.parametrize("dim", [1, 2])
def test_nothing_left_is_said(method, dim):
    with pytest.raises(DataError, match="Nothing is left"):
        finish(fit_direction(*clusters(1.0, dim=dim), method, apart_from=np.eye(dim)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([np.nan, np.nan], "unknown for all images"),
        ([np.inf, np.nan], "unknown for all images"),
        ([3, 3, np.nan], "the same for all"),
        ([], "unknown for all images"),
    ],
)
def test_attributes_that_tell_nothing(values, said):
    with pytest.raises(DataError, match=said):
        by_values(np.array(values, np.float32))


def test_empty_groups_are_said():
    mu, _ = clusters(1.0, count=5)
    for first, second, said in (
        ((), (1, 2), "One of the two groups is empty"),
        ((), (), "Both groups are empty"),
        ((1,), (1,), "Both groups are empty"),
    ):
        with pytest.raises(DataError, match=said):
            finish(fit_direction(mu, by_rows(first, second)))


@METHODS
def test_groups_with_one_and_the_same_code(method):
    mu = np.ones((6, 3), np.float32)
    with pytest.raises(DataError, match="the same codes"):
        finish(fit_direction(mu, by_rows((0, 1, 2), (3, 4, 5)), method))


@METHODS
def test_one_dimension(method):
    mu, contrast = clusters(2.0, dim=1)
    learned = finish(fit_direction(mu, contrast, method))
    assert learned.vector.tolist() == [1.0]
    assert learned.d == pytest.approx(2, abs=0.1)


@METHODS
def test_one_example_each_has_a_direction_but_no_known_strength(method):
    mu = np.array([[0, 0], [3, 4], [9, 9]], np.float32)
    learned = finish(fit_direction(mu, by_rows((1,), (0,)), method))
    assert learned.vector == pytest.approx([0.6, 0.8], abs=1e-4)
    assert (learned.d, learned.accuracy) == (None, None)


def test_cohens_d_by_hand():
    """Means 2 and 6, variances 1 and 4 with 2 degrees of freedom each: pooled 2.5."""
    first, second = np.array([5.0, 5, 8]), np.array([1.0, 2, 3])
    assert cohens_d(first, second) == pytest.approx((6 - 2) / np.sqrt((6 + 2) / 4))
    assert cohens_d(second, first) == pytest.approx(-4 / np.sqrt(2))
    assert cohens_d(np.array([1.0, 1]), np.array([0.0, 0])) is None
    assert cohens_d(np.array([1.0]), np.array([0.0])) is None


def test_a_rare_group_weighs_as_much_as_the_other():
    """Else the coefficients, and so the direction, would follow the many alone."""
    rng = np.random.default_rng(4)
    few, many = rng.standard_normal((40, 2)) + np.array([3, 0]), rng.standard_normal((4000, 2))
    even = np.concatenate([np.tile(few, (100, 1)), many]).astype(np.float32)
    rare = np.concatenate([few, many]).astype(np.float32)
    vectors = [
        finish(
            fit_direction(mu, by_rows(range(count), range(count, len(mu))), Method.LINEAR)
        ).vector
        for mu, count in ((even, 4000), (rare, 40))
    ]
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=2e-3)


@METHODS
def test_groups_far_apart_stay_finite(method):
    mu = np.array([[-1000.0], [-999], [999], [1000]], np.float32)
    learned = finish(fit_direction(mu, by_rows((2, 3), (0, 1)), method))
    assert (learned.vector.tolist(), learned.accuracy) == ([1.0], 1.0)


@METHODS
def test_codes_that_are_no_numbers_are_refused(method):
    mu = np.array([[0, 1], [np.nan, 1], [2, 2]], np.float32)
    with pytest.raises(DataError, match="NaN or infinite"):
        finish(fit_direction(mu, by_rows((0,), (1, 2)), method))
