"""Grids over a plane and lines between points."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentlab.latent.grid import Spacing, grid_axis, plane_points, sampled_axis
from latentlab.latent.interpolation.curves import lerp
from latentlab.latent.planes import axes_plane


@pytest.mark.parametrize("spacing", list(Spacing))
@pytest.mark.parametrize("n", [2, 3, 20])
def test_an_axis_ascends_from_end_to_end_and_is_symmetric(spacing, n):
    lines = grid_axis(n, 2.5, spacing)
    assert lines.shape == (n,)
    assert (np.diff(lines) > 0).all()
    assert lines[[0, -1]] == pytest.approx([-2.5, 2.5])
    np.testing.assert_allclose(lines, -lines[::-1], atol=1e-9)


@pytest.mark.parametrize("spacing", list(Spacing))
def test_an_axis_of_one_line_is_the_middle(spacing):
    assert grid_axis(1, 3.0, spacing).tolist() == [0.0]


def test_uniform_lines_lie_in_equal_steps():
    np.testing.assert_allclose(grid_axis(5, 3.0, Spacing.UNIFORM), [-3, -1.5, 0, 1.5, 3])


def test_quantile_lines_have_equal_shares_of_the_prior_between_them():
    lines = grid_axis(12, 2.0, Spacing.QUANTILE)
    shares = np.diff([NormalDist().cdf(line) for line in lines])
    within = NormalDist().cdf(2.0) - NormalDist().cdf(-2.0)
    np.testing.assert_allclose(shares, within / 11, rtol=1e-6)
    assert np.ptp(np.diff(lines)) > 0.1, "and so not in equal steps"


@pytest.mark.parametrize("n", [1, 4])
def test_an_axis_of_samples_is_that_of_their_distribution(n):
    samples = np.random.default_rng(0).normal(3.0, 2.0, 200_000)
    for spacing in Spacing:
        wanted = 3.0 + 2.0 * grid_axis(n, 2.0, spacing)
        np.testing.assert_allclose(sampled_axis(samples, n, 2.0, spacing), wanted, atol=0.05)


@pytest.mark.parametrize("spacing", list(Spacing))
def test_lines_stay_apart_where_all_samples_are_equal(spacing):
    lines = sampled_axis(np.full(9, 5.0), 3, 2.0, spacing)
    np.testing.assert_allclose(lines, [4.998, 5.0, 5.002])


def test_the_axes_of_a_plane_may_differ():
    points = plane_points((0.0, 7.0), axes_plane(0, 1, 2), np.array([[0.0, 1.0], [5.0, 6.0]]))
    assert points.tolist() == [[0, 6], [1, 6], [0, 5], [1, 5]]


def test_points_are_in_reading_order_with_y_up():
    points = plane_points((7.0, 0.0, 8.0), axes_plane(0, 2, 3), np.array([-1.0, 0.0, 2.0]))
    assert points.dtype == np.float32
    assert points.tolist() == [
        [-1, 0, 2],
        [0, 0, 2],
        [2, 0, 2],
        [-1, 0, 0],
        [0, 0, 0],
        [2, 0, 0],
        [-1, 0, -1],
        [0, 0, -1],
        [2, 0, -1],
    ]


def test_the_plane_may_be_turned():
    points = plane_points((0.0, 0.0), axes_plane(1, 0, 2), np.array([0.0, 1.0]))
    assert points.tolist() == [[1, 0], [1, 1], [0, 0], [0, 1]]


def test_dimensions_outside_the_plane_are_held():
    center = np.arange(5.0)
    points = plane_points(center, axes_plane(3, 1, 5), np.linspace(-9, 9, 4))
    assert points.shape == (16, 5)
    assert (points[:, [0, 2, 4]] == center[[0, 2, 4]]).all()
    assert center.tolist() == [0, 1, 2, 3, 4], "the center is not written to"


def test_where_there_is_one_dimension_it_varies_along_x():
    points = plane_points((0.5,), axes_plane(0, 0, 1), np.array([-1.0, 0.0, 1.0]))
    assert points.shape == (9, 1)
    assert points[:, 0].tolist() == [-1, 0, 1] * 3


def test_a_straight_line_has_both_ends_exactly_and_equal_steps():
    a, b = (0.1, -0.7, 1e-3), (3.3, 0.2, -5.0)
    line = lerp(a, b, np.linspace(0, 1, 7))
    assert (line.shape, line.dtype) == ((7, 3), np.float32)
    assert line[0].tolist() == np.float32(a).tolist()
    assert line[-1].tolist() == np.float32(b).tolist()
    np.testing.assert_allclose(line[3], (np.array(a) + b) / 2, rtol=1e-6)
    steps = np.diff(line, axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), atol=1e-6)


def test_a_line_of_two_points_is_its_ends():
    assert lerp([1, 2], [3, 4], np.linspace(0, 1, 2)).tolist() == [[1, 2], [3, 4]]


# Of any span

SPANS = st.floats(0.1, 5)
NUMBERS = st.integers(1, 40)


@given(NUMBERS, SPANS)
def test_any_axis_ascends_symmetrically_and_quantiles_have_equal_shares(n, span):
    for spacing in Spacing:
        axis = grid_axis(n, span, spacing)
        assert len(axis) == n
        np.testing.assert_allclose(axis, -axis[::-1], atol=1e-6)
        if n > 1:
            assert (np.diff(axis) > 0).all()
            assert axis[-1] == pytest.approx(span, rel=1e-6)
    if n > 1:
        below = [NormalDist().cdf(x) for x in grid_axis(n, span, Spacing.QUANTILE)]
        np.testing.assert_allclose(np.diff(below), np.diff(below).mean(), atol=1e-9)


@given(
    arrays(np.float32, 30, elements=st.floats(-100, 100, width=32)),
    st.permutations(range(30)),
    NUMBERS,
    SPANS,
)
def test_any_axis_of_samples_ascends_whatever_their_order(samples, order, n, span):
    for spacing in Spacing:
        axis = sampled_axis(samples, n, span, spacing)
        assert (np.diff(axis) >= 0).all()
        again = sampled_axis(samples[list(order)], n, span, spacing)
        np.testing.assert_allclose(axis, again, rtol=1e-4, atol=1e-4)
    if n > 1 and samples.std() > 1:
        axis = sampled_axis(samples, n, span, Spacing.QUANTILE)
        assert axis[0] >= samples.min()
        assert axis[-1] <= samples.max()


@given(st.data(), st.integers(2, 6), st.integers(1, 9))
def test_any_grid_lies_on_its_plane_in_reading_order(data, size, n):
    center = data.draw(arrays(np.float64, size, elements=st.floats(-9, 9)))
    across, up = data.draw(st.permutations(range(size)))[:2]
    axis = grid_axis(n, 3.0, Spacing.UNIFORM)
    points = plane_points(center.tolist(), axes_plane(across, up, size), axis).reshape(n, n, size)
    for row, y in zip(points, axis[::-1], strict=True):
        np.testing.assert_allclose(row[:, across], axis, atol=1e-6)
        np.testing.assert_allclose(row[:, up], y, atol=1e-6)
    others = [d for d in range(size) if d not in (across, up)]
    assert (points[..., others] == center[others].astype(np.float32)).all()
