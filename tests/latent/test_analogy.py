"""Arithmetic that opens with an analogy."""

import numpy as np
import pytest

from latentlab.latent.analogy import best_analogy


@pytest.mark.parametrize("size", [2, 5, 512])
def test_a_parallelogram_is_found_among_other_means(size):
    rng = np.random.default_rng(0)
    means = 9 * rng.standard_normal((7, size))
    means[6] = means[2] - means[4] + means[1] + 0.01
    a, b, c = best_analogy(means)
    result = means[a] - means[b] + means[c]
    away = np.linalg.norm(means - result, axis=1)
    nearest = int(away.argmin())
    assert nearest not in (a, b, c)
    assert {a, b, c, nearest} == {1, 2, 4, 6}
    assert away[nearest] < 0.3


def test_three_means_have_no_fourth():
    assert best_analogy(np.eye(3)) == (0, 1, 2)
