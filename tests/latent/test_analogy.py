"""Arithmetic that opens with an analogy."""

import numpy as np

from latentlab.latent.analogy import best_analogy


def test_a_parallelogram_is_found_among_other_means():
    rng = np.random.default_rng(0)
    means = 9 * rng.standard_normal((7, 5))
    means[6] = means[2] - means[4] + means[1] + 0.01
    a, b, c = best_analogy(means)
    result = means[a] - means[b] + means[c]
    away = np.linalg.norm(means - result, axis=1)
    nearest = int(away.argmin())
    assert nearest not in (a, b, c)
    assert {a, b, c, nearest} == {1, 2, 4, 6}
    assert away[nearest] < 0.1


def test_three_means_have_no_fourth():
    assert best_analogy(np.eye(3)) == (0, 1, 2)
