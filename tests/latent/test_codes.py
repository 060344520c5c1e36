"""Where a model puts images: middle, spread, and typical ones."""

import numpy as np
import pytest

from latentlab.latent.codes import NEIGHBOUR_POOL, TYPICAL_CANDIDATES, Codes


def codes(mu, labels=None):
    mu = np.asarray(mu, np.float32)
    return Codes(mu, np.ones_like(mu), None if labels is None else np.asarray(labels, np.int64))


def cloud(rng, center, sd, count):
    return rng.normal(center, sd, (count, 2))


def test_center_and_spread_are_mean_and_deviation_along_each_dimension():
    some = codes([[0, 10], [2, 10], [4, 40]])
    np.testing.assert_allclose(some.center, [2, 20])
    np.testing.assert_allclose(some.spread, [np.sqrt(8 / 3), np.sqrt(200)], rtol=1e-6)
    assert some.center.shape == some.spread.shape == (2,)
    assert len(some) == 3


def test_a_dimension_that_does_not_vary_has_some_spread_all_the_same():
    assert codes([[1, 0], [1, 5]]).spread.tolist() == pytest.approx([1e-3, 2.5])


def test_a_single_code_is_its_own_center():
    one = codes([[3, -4]])
    assert one.center.tolist() == [3, -4]
    assert one.spread.tolist() == [1, 1]


def test_no_codes_have_a_center_and_a_spread_too():
    none = codes(np.empty((0, 4)), [])
    assert len(none) == 0
    assert none.center.tolist() == [0, 0, 0, 0]
    assert none.spread.tolist() == [1, 1, 1, 1]
    assert none.typical(3) == 0


def bimodal():
    """Class 0 has a dense part at x=-5, a loose one at x=5, and strays among class 1 between."""
    rng = np.random.default_rng(0)
    dense, loose = cloud(rng, (-5, 0), 0.2, 60), cloud(rng, (5, 0), 1.0, 60)
    strays, others = cloud(rng, (0, 0), 0.05, 3), cloud(rng, (0, 0), 0.1, 80)
    mu = np.concatenate([dense, loose, strays, others])
    labels = np.repeat([0, 1], [123, 80])
    order = rng.permutation(len(mu))
    return codes(mu[order], labels[order])


def test_a_typical_image_stands_in_the_denser_half_of_its_class_not_between():
    some = bimodal()
    own = some.mu[some.labels == 0]
    nearest_to_mean = own[np.argmin(((own - own.mean(0)) ** 2).sum(1))]
    assert abs(nearest_to_mean[0]) < 2, "the class's mean should lie between its parts"
    row = some.typical(0)
    assert some.labels[row] == 0
    assert some.mu[row] == pytest.approx([-5, 0], abs=0.5)


def test_a_typical_image_stands_among_its_own_rather_than_in_a_crowd_of_others():
    """The tightest spot holds both classes; only the loose one is of class 0 alone."""
    rng = np.random.default_rng(1)
    mixed, alone = cloud(rng, (0, 0), 0.05, 100), cloud(rng, (8, 8), 1.0, 40)
    some = codes(np.concatenate([mixed, alone]), [*([0, 1] * 50), *([0] * 40)])
    assert some.mu[some.typical(0)] == pytest.approx([8, 8], abs=2)
    assert some.labels[some.typical(1)] == 1


def test_a_class_that_starts_late_has_a_typical_image_of_its_own():
    rng = np.random.default_rng(2)
    labels = np.zeros(NEIGHBOUR_POOL + 50, np.int64)
    labels[NEIGHBOUR_POOL + 10 :] = 1
    some = codes(cloud(rng, (0, 0), 1, len(labels)), labels)
    assert some.labels[some.typical(1)] == 1


def test_few_images_will_do():
    some = codes([[0, 0], [9, 9], [0, 1]], [1, 0, 1])
    assert some.typical(0) == 1
    assert some.typical(1) in (0, 2)


def test_a_class_without_images_and_images_without_classes_give_the_first_row():
    assert codes([[0, 0], [1, 1]], [0, 0]).typical(7) == 0
    assert codes([[0, 0], [1, 1]]).typical(0) == 0


def test_the_first_candidates_of_a_large_class_are_looked_at():
    """Those after them may be denser: looking at all would take too long."""
    rng = np.random.default_rng(3)
    first = cloud(rng, (0, 0), 1, TYPICAL_CANDIDATES)
    mu = np.concatenate([first, cloud(rng, (9, 9), 0.01, 100)])
    assert codes(mu, np.zeros(len(mu))).typical(0) < TYPICAL_CANDIDATES


def test_a_distant_pair_is_typical_and_apart():
    rng = np.random.default_rng(0)
    ends = [cloud(rng, (-4, 0), 0.3, 60), cloud(rng, (4, 0), 0.3, 60)]
    outlier = [[90.0, 90.0]]
    some = codes(np.concatenate([outlier, *ends]))
    first, second = some.distant_pair()
    assert abs(some.mu[first, 0] - some.mu[second, 0]) > 7
    assert 0 not in (first, second)
    assert (first, second) == some.distant_pair()


@pytest.mark.parametrize("mu", [[[0.0], [1.0]], [[2.0], [2.0], [2.0]], np.zeros((1000, 3))])
def test_a_pair_is_of_two_images_however_few_or_alike(mu):
    first, second = codes(mu).distant_pair()
    assert first != second


def test_of_one_image_a_pair_is_that_image_twice():
    assert codes([[1.0, 2.0]]).distant_pair() == (0, 0)


def test_the_first_codes_keep_what_is_known_of_them():
    some = codes([[0, 1], [2, 3], [4, 5]], [7, 8, 9])
    first = some.first(2)
    assert first.mu.tolist() == [[0, 1], [2, 3]]
    assert first.labels.tolist() == [7, 8]
    assert len(first.sigma) == 2
    assert first.files is None
    assert some.first(3) is some
