"""The nearest other decision, where it is known: linear and spherical boundaries."""

import numpy as np
import pytest

from latentlab.latent.counterfactual import POINTS_AT_ONCE, nearest_other
from latentlab.work import finish

NONE = np.empty((0, 6), np.float32)


def search(decide, z, target=None, others=NONE):
    return finish(nearest_other(np.asarray(z, np.float32), decide, target, others))


def test_a_plane_is_reached_along_its_normal():
    normal = np.array([3, 0, 4, 0, 0, 0]) / 5
    found = search(lambda points: (points @ normal > 1).astype(np.int64), np.zeros(6))
    np.testing.assert_allclose(found @ normal, 1, atol=1e-3)
    assert np.linalg.norm(found) < 1.15


def test_of_two_boundaries_the_target_is_reached():
    def decide(points):
        return np.select([points[:, 0] > 0.5, points[:, 1] > 1.5], [1, 2], 0)

    near, far = (search(decide, np.zeros(6), target) for target in (None, 2))
    assert near[0] == pytest.approx(0.5, abs=1e-3)
    assert far[1] == pytest.approx(1.5, abs=1e-3)
    assert far[0] <= 0.5


def test_a_small_region_is_found_by_a_known_code():
    centre = np.full(6, 5.0)

    def decide(points):
        return (np.linalg.norm(points - centre, axis=1) < 0.5).astype(np.int64)

    assert search(decide, np.zeros(6)) is None
    found = search(decide, np.zeros(6), others=centre[None].astype(np.float32))
    distance = np.linalg.norm(centre) - 0.5
    assert distance - 1e-3 <= np.linalg.norm(found) < distance + 0.2


def test_few_points_are_decided_at_once():
    counts = []

    def decide(points):
        counts.append(len(points))
        return (points[:, 0] > 1).astype(np.int64)

    search(decide, np.zeros(6))
    assert max(counts) <= POINTS_AT_ONCE
