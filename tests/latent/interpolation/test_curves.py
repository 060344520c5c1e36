"""Curves between two points, whose shape is known."""

import numpy as np
import pytest

from latentlab.latent.interpolation.curves import Easing, ease, lerp, sample_polyline, slerp

SHARE = np.linspace(0, 1, 9)


def test_an_arc_between_ends_of_one_norm_keeps_it_and_turns_evenly():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 6))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    arc = slerp(a, b, SHARE).astype(float)
    np.testing.assert_allclose(np.linalg.norm(arc, axis=1), np.linalg.norm(a), rtol=1e-6)
    steps = np.linalg.norm(np.diff(arc, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)
    assert arc.shape == (9, 6)


def test_a_quarter_of_a_circle():
    arc = slerp([2, 0], [0, 2], np.array([0, 1 / 3, 0.5, 1]))
    expected = [[2, 0], [np.sqrt(3), 1], [np.sqrt(2), np.sqrt(2)], [0, 2]]
    np.testing.assert_allclose(arc, expected, atol=1e-6)


def test_the_norm_goes_evenly_from_one_to_the_other():
    arc = slerp([1, 0, 0], [0, 3, 0], SHARE)
    np.testing.assert_allclose(np.linalg.norm(arc, axis=1), 1 + 2 * SHARE, rtol=1e-6)


@pytest.mark.parametrize(
    ("a", "b"), [([0, 0], [1, 2]), ([1, 2], [0, 0]), ([1, 2], [3, 6]), ([1, 2], [1, 2])]
)
def test_without_a_turn_the_arc_is_the_line(a, b):
    np.testing.assert_allclose(slerp(a, b, SHARE), lerp(a, b, SHARE), atol=1e-6)


def test_in_one_dimension_there_is_no_turn():
    np.testing.assert_allclose(slerp([-1], [3], SHARE), lerp([-1], [3], SHARE))


def test_opposite_ends_are_gone_round_not_through():
    arc = slerp([2, 0, 0], [-2, 0, 0], SHARE)
    np.testing.assert_allclose(np.linalg.norm(arc, axis=1), 2, rtol=1e-6)
    assert arc[0].tolist() == [2, 0, 0]
    assert arc[-1].tolist() == [-2, 0, 0]


def test_ends_are_hit_exactly():
    a, b = np.float32([0.1, -0.7, 1e-3]), np.float32([3.3, 0.2, -5.0])
    arc = slerp(a, b, SHARE)
    assert (arc[0].tolist(), arc[-1].tolist()) == (a.tolist(), b.tolist())


def test_a_broken_line_is_walked_at_an_even_pace():
    corners = np.float32([[0, 0], [3, 0], [3, 1]])
    points = sample_polyline(corners, np.linspace(0, 1, 5))
    np.testing.assert_allclose(points, [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]], atol=1e-6)


def test_a_line_without_length_stays_where_it_is():
    points = sample_polyline(np.float32([[1, 2], [1, 2]]), SHARE)
    np.testing.assert_array_equal(points, np.tile([1, 2], (9, 1)))


def test_smooth_time_starts_and_ends_at_rest():
    eased = ease(SHARE, Easing.SMOOTH)
    assert eased[[0, 4, 8]].tolist() == [0, 0.5, 1]
    assert (np.diff(eased) > 0).all()
    assert eased[1] < SHARE[1] / 2
    assert ease(SHARE, Easing.LINEAR) is SHARE
