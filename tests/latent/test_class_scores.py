"""Mean scores of each class, against numbers by hand."""

import numpy as np
import pytest

from latentlab.latent.class_scores import scores_by_class
from latentlab.latent.ranking import Score, Scores


def test_means_and_standard_errors_are_those_by_hand():
    elbo = np.array([10.0, 12.0, 14.0, 7.0, 9.0])
    scores = Scores(elbo, elbo / 100, elbo - 5, 1)
    rows = scores_by_class(scores, np.array([2, 2, 2, 0, 0]))
    assert [(row.label, row.count) for row in rows] == [(0, 2), (2, 3), (None, 5)]
    assert [row.means[Score.ELBO].value for row in rows] == pytest.approx([8, 12, 10.4])
    assert rows[1].means[Score.ELBO].error == pytest.approx(2 / 3**0.5)
    assert rows[0].means[Score.ERROR].value == pytest.approx(0.08)
    assert rows[1].means[Score.RATE].value == pytest.approx(7)


def test_images_without_class_or_score_are_left_out():
    elbo = np.array([1.0, np.nan, 3.0, 5.0])
    scores = Scores(elbo, elbo, elbo, 1)
    rows = scores_by_class(scores, np.array([0, 0, -1, 1]))
    assert [(row.label, row.count) for row in rows] == [(0, 1), (1, 1), (None, 3)]
    assert np.isnan(rows[0].means[Score.ELBO].error)
    assert rows[2].means[Score.ELBO].value == 3
