"""Round tours whose shortest order is known."""

from itertools import permutations

import numpy as np
import pytest
from round_tour import tour_length

from latentlab.latent.tour import MAX_EXACT_POINTS, shortest_tour


def test_few_points_are_the_best_of_all_orders():
    points = np.random.default_rng(3).standard_normal((8, 3))
    tour = shortest_tour(points)
    best = min(tour_length(points, [0, *order]) for order in permutations(range(1, 8)))
    assert tour[0] == 0
    assert sorted(tour) == list(range(8))
    assert tour_length(points, tour) == pytest.approx(best)


@pytest.mark.parametrize("count", [MAX_EXACT_POINTS, 25])
def test_points_on_a_circle_are_visited_around_it(count):
    angle = np.random.default_rng(0).permutation(count) * 2 * np.pi / count
    points = np.stack([np.cos(angle), np.sin(angle)], 1)
    tour = shortest_tour(points)
    assert sorted(tour) == list(range(count))
    assert tour_length(points, tour) == pytest.approx(2 * count * np.sin(np.pi / count))


def test_one_to_three_points_have_one_tour():
    for count in (1, 2, 3):
        assert shortest_tour(np.eye(3)[:count]) == list(range(count))
