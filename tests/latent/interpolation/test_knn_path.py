"""Ways through codes that lie on known shapes."""

import numpy as np
import pytest

from latentlab.latent.interpolation.curves import sample_polyline
from latentlab.latent.interpolation.knn_path import MAX_NODES, build_knn_graph, shortest_path


def finish(pieces):
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value


def ring(count=360, radius=2.0):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return (radius * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.float32)


def test_on_a_ring_of_codes_the_way_goes_round():
    graph = finish(build_knn_graph(ring()))
    path = shortest_path(graph, [2, 0], [-2, 0.01])
    walked = sample_polyline(path, np.linspace(0, 1, 30))
    radius = np.linalg.norm(walked, axis=1)
    assert radius.min() > 1.98, "a straight way would go through the middle"
    length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    assert length == pytest.approx(2 * np.pi, rel=0.01)
    steps = np.linalg.norm(np.diff(walked, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=0.01)
    assert graph.parts == 1


def test_ends_that_are_no_codes_stay_exactly():
    graph = finish(build_knn_graph(ring()))
    path = shortest_path(graph, [2.3, 0.1], [0.1, -1.6])
    np.testing.assert_allclose(path[[0, -1]], [[2.3, 0.1], [0.1, -1.6]], rtol=1e-6)
    assert len(path) > 15


def test_ends_next_to_one_another_need_no_codes():
    graph = finish(build_knn_graph(ring()))
    assert shortest_path(graph, [9, 9], [9.01, 9]).shape == (2, 2)
    assert shortest_path(graph, [2, 0], [2, 0]).shape == (2, 2)


def test_parts_are_joined_where_they_come_closest():
    rng = np.random.default_rng(0)
    blob = rng.uniform(-0.5, 0.5, (200, 2)).astype(np.float32)
    clouds = [blob, blob + np.float32([10, 0]), blob + np.float32([10, 10])]
    graph = finish(build_knn_graph(np.concatenate(clouds).astype(np.float32)))
    assert graph.parts == 3
    path = shortest_path(graph, [0, 0], [10, 10])
    # By way of the second cloud: from the first to the third it is further.
    assert (np.linalg.norm(path - [10, 0], axis=1) < 0.8).any()
    gaps = np.sort(np.linalg.norm(np.diff(path, axis=0), axis=1))[::-1]
    assert (gaps[:2] > 8.9).all()
    assert gaps[2] < 1


def test_codes_in_one_place_count_once():
    doubled = np.concatenate([ring(), ring(), ring()])
    graph = finish(build_knn_graph(doubled))
    assert len(graph.nodes) == 360
    path = shortest_path(graph, [2, 0], [0, 2])
    assert np.linalg.norm(path, axis=1).min() > 1.98


@pytest.mark.parametrize("count", [0, 1])
def test_without_codes_there_is_no_graph(count):
    assert finish(build_knn_graph(np.zeros((count, 3), np.float32))) is None


def test_two_codes_are_a_graph():
    graph = finish(build_knn_graph(np.float32([[0, 0], [1, 0]])))
    path = shortest_path(graph, [-1, 0], [2, 0])
    assert path[[0, -1]].tolist() == [[-1, 0], [2, 0]]
    assert len(path) > 2
    assert (np.diff(path[:, 0]) > 0).all()


def test_of_very_many_codes_a_sample_is_taken():
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((MAX_NODES + 500, 2)).astype(np.float32)
    pieces = build_knn_graph(codes)
    next(pieces)
    assert len(pieces.gi_frame.f_locals["nodes"]) == MAX_NODES
    pieces.close()
