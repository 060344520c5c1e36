"""Contours against circles and Gaussians, whose contours are known."""

import numpy as np
import pytest

from latentlab.latent.contours import (
    RING_SHARES,
    Grid,
    contour_lines,
    mass_levels,
    plane_density,
)


def test_contours_of_a_cone_are_circles():
    axis = np.linspace(-2, 2, 81)
    grid = Grid(np.hypot(axis[None, :], axis[:, None]), axis, axis)
    (one,), (), none = contour_lines(grid, (1.0, -1.0, 9.0))
    assert np.linalg.norm(one, axis=1) == pytest.approx(1, abs=2e-3)
    assert none == ()


def test_an_axis_across_is_x():
    x, y = np.linspace(0, 3, 31), np.linspace(10, 12, 21)
    grid = Grid(np.broadcast_to(x, (21, 31)).copy(), x, y)
    ((line,),) = contour_lines(grid, (1.5,))
    assert line[:, 0] == pytest.approx(1.5)
    assert {line[0, 1], line[-1, 1]} == {10, 12}


def test_the_density_of_normal_samples_has_the_rings_of_the_prior_as_contours():
    rng = np.random.default_rng(0)
    grid = plane_density(rng.standard_normal((200_000, 2)))
    assert grid.values.sum() * grid.cell == pytest.approx(1, abs=1e-3)
    levels = mass_levels(grid.values, RING_SHARES)
    for radius, lines in zip((1, 2, 3), contour_lines(grid, levels), strict=True):
        longest = max(lines, key=len)
        assert np.linalg.norm(longest, axis=1).mean() == pytest.approx(radius, rel=0.03)


def test_two_modes_have_a_contour_each():
    rng = np.random.default_rng(1)
    xy = 0.3 * rng.standard_normal((60_000, 2)) + 4.0 * rng.integers(0, 2, (60_000, 1))
    grid = plane_density(xy)
    (lines,) = contour_lines(grid, mass_levels(grid.values, RING_SHARES[:1]))
    assert sorted(round(float(line.mean())) for line in lines if len(line) > 20) == [0, 4]
