"""Curves between two points, whose shape is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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


# Of any ends

ENDS = st.integers(1, 6).flatmap(
    lambda size: arrays(np.float32, (2, size), elements=st.floats(-100, 100, width=32))
)
SHARES = np.linspace(0, 1, 7)


@given(ENDS, st.sampled_from(Easing))
def test_any_path_begins_and_ends_exactly_at_its_ends(ends, easing):
    a, b = ends
    share = ease(SHARES, easing)
    assert (share[0], share[-1]) == (0, 1)
    assert (np.diff(share) > 0).all()
    for path in (lerp(a, b, share), slerp(a, b, share), sample_polyline(ends, share)):
        assert path.dtype == np.float32
        np.testing.assert_array_equal(path[[0, -1]], ends)
        assert np.isfinite(path).all()


@given(ENDS)
def test_any_path_back_is_the_path(ends):
    a, b = ends
    for curve in (lerp, slerp):
        there, back = curve(a, b, SHARES), curve(b, a, SHARES)[::-1]
        turn = np.linalg.norm(a) * np.linalg.norm(b) + a.astype(float) @ b
        if curve is lerp or turn > 1e-2:  # opposite ends do not say which way round
            np.testing.assert_allclose(there, back, atol=2e-2)


@given(ENDS)
def test_the_norm_of_any_arc_goes_evenly_unless_it_is_a_line(ends):
    a, b = ends.astype(np.float64)
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if len(a) > 1 and min(norms) > 0:
        want = np.interp(SHARES, [0, 1], norms)
        found = np.linalg.norm(slerp(a, b, SHARES), axis=1)
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-4)


@given(
    arrays(np.float32, (6, 3), elements=st.floats(-100, 100, width=32)),
    st.lists(st.floats(0, 1), min_size=2, max_size=9).map(sorted),
)
def test_points_of_any_broken_line_lie_on_it_in_order(line, shares):
    length = np.linalg.norm(np.diff(line.astype(np.float64), axis=0), axis=1).sum()
    points = sample_polyline(line, np.array(shares)).astype(np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    # No shorter than the chord, and no longer than the line between two points.
    assert (steps <= np.diff(shares) * length + 1e-3).all()
