"""Routes: which leg, which label, at which time."""

from dataclasses import replace

import numpy as np
import pytest

from latentlab.explorer.route import sample_path, straight_path_points
from latentlab.latent.interpolation.curves import Easing, slerp
from latentlab.session.points import Key, LatentPath, Loop, Point

A, B = Point((0.0, 0.0), 3), Point((4.0, 0.0), 8)
MIDDLE = Key(0.5, Point((2.0, 2.0), 5))


def z_of(points):
    return np.array([point.z for point in points])


def test_keys_are_come_through_at_their_times():
    ends = LatentPath(A, B, 9).with_keys(MIDDLE)
    points = straight_path_points(ends)
    assert points[4].z == (2, 2)
    np.testing.assert_allclose(z_of(points)[:, 0], np.linspace(0, 4, 9), atol=1e-6)
    np.testing.assert_allclose(z_of(points)[:, 1], [0, 0.5, 1, 1.5, 2, 1.5, 1, 0.5, 0], atol=1e-6)


def test_an_early_key_makes_the_first_leg_short():
    points = straight_path_points(LatentPath(A, B, 5).with_keys(replace(MIDDLE, time=0.25)))
    assert points[1].z == (2, 2)
    np.testing.assert_allclose(z_of(points)[3], [2 + 2 * 2 / 3, 2 / 3], atol=1e-6)


def test_a_step_has_the_label_of_the_nearer_stop():
    labels = [p.label for p in straight_path_points(LatentPath(A, B, 9).with_keys(MIDDLE))]
    assert labels == [3, 3, 3, 5, 5, 5, 5, 8, 8]


def test_keys_stand_in_the_order_of_their_times():
    late, early = Key(0.8, A), Key(0.2, B)
    assert LatentPath(A, B).with_keys(late, early).keys == (early, late)


def test_a_round_way_comes_back_to_a_in_a_leg_of_mean_length():
    ends = LatentPath(A, B, 10, loop=Loop.ROUND).with_keys(MIDDLE)
    assert [stop.time for stop in ends.stops()] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    points = straight_path_points(ends)
    assert (points[0], points[3], points[6], points[9]) == (A, MIDDLE.point, B, A)


def test_smooth_time_rests_at_every_stop():
    ends = LatentPath(A, B, 41, easing=Easing.SMOOTH).with_keys(MIDDLE)
    steps = np.linalg.norm(np.diff(z_of(straight_path_points(ends)), axis=0), axis=1)
    assert steps[[0, 19, 20, 39]].max() < 0.2 * steps[[9, 10, 29, 30]].min()
    even = straight_path_points(replace(ends, easing=Easing.LINEAR))
    assert straight_path_points(ends)[20] == even[20]


def test_each_leg_has_its_curve():
    ends = LatentPath(Point((1.0, 0.0)), Point((-1.0, 0.0)), 9).with_keys(
        Key(0.5, Point((0.0, 1.0)))
    )
    curves = [
        lambda share: slerp([1, 0], [0, 1], share),
        lambda share: slerp([0, 1], [-1, 0], share),
    ]
    z = z_of(sample_path(ends, curves))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-6)
    angle = np.linspace(0, np.pi, 9)
    np.testing.assert_allclose(z, np.stack([np.cos(angle), np.sin(angle)], 1), atol=1e-6)


def test_two_keys_at_one_time_are_no_harm():
    ends = LatentPath(A, B, 7).with_keys(MIDDLE, Key(0.5, B))
    assert np.isfinite(z_of(straight_path_points(ends))).all()
