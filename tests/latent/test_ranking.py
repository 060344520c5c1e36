"""Where a score lies among others."""

import numpy as np
import pytest

from latentlab.latent.ranking import (
    Score,
    Scores,
    auroc,
    auroc_error,
    percentile,
    rank_descending,
)


def test_unlikeness_is_the_share_of_the_data_below():
    scores = np.arange(1000.0)
    assert percentile(992.0, scores) == pytest.approx(99.2)
    assert percentile(-1.0, scores) == 0
    assert percentile(5000.0, scores) == 100
    assert percentile(np.inf, scores) == 100


def test_what_ties_is_not_below():
    assert percentile(2.0, [1.0, 2.0, 2.0, 3.0]) == 25


def test_what_is_no_number_is_stranger_than_all_and_compared_with_none():
    assert percentile(np.nan, [1.0, 2.0]) == 100
    assert percentile(1.5, [1.0, np.nan, 2.0]) == 50


@pytest.mark.parametrize("nothing", [[], [np.nan]])
def test_unlikeness_to_nothing(nothing):
    with pytest.raises(ValueError, match="no scores"):
        percentile(1.0, nothing)


def test_order_is_from_the_strangest_down_and_stable():
    assert rank_descending([1.0, 3.0, 2.0, 3.0]).tolist() == [1, 3, 2, 0]
    assert rank_descending([1.0, np.nan, np.inf, -np.inf]).tolist() == [1, 2, 0, 3]
    assert rank_descending([]).tolist() == []


def test_each_score_by_name():
    scores = Scores(np.array([1.0]), np.array([2.0]), np.array([3.0]), 50)
    assert [scores.by(score)[0] for score in Score] == [1, 2, 3]
    assert [score.unit for score in Score] == ["nats", "MSE", "nats"]
    assert Score.ERROR.text(0.01234) == "0.0123"
    assert Score.ELBO.text(99.46) == "99.5"


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(0)
    normal, other = rng.integers(0, 9, 40), rng.integers(3, 12, 30)
    pairs = other[:, None] - normal
    expected = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert auroc([*normal, np.nan], [*other, np.nan]) == pytest.approx(expected)
    assert auroc([1, 2], [3]) == 1
    assert auroc([1, 1], [1]) == 0.5
    with pytest.raises(ValueError, match="no scores"):
        auroc([np.nan], [1])


def test_the_area_is_that_of_scikit_learn_with_the_error_of_repeated_samples():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    sets = [(rng.normal(size=40), rng.normal(1, 1, 30)) for _ in range(300)]
    areas = [auroc(*each) for each in sets]
    labels = np.arange(70) >= 40
    assert areas[0] == pytest.approx(roc_auc_score(labels, np.concatenate(sets[0])))
    mean_error = np.mean([auroc_error(*each) for each in sets])
    assert mean_error == pytest.approx(np.std(areas), rel=0.15)
    assert auroc_error([1, 2], [3, 4]) == 0
    assert auroc_error([1, 2], [3]) is None
