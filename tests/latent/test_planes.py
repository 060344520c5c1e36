"""Planes through latent space: what is drawn where, and exactly what lies there."""

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentlab.latent.nearest import inverse_distance_interpolate
from latentlab.latent.planes import axes_plane, pca_plane, plane_along, plane_through, procrustes

RNG = np.random.default_rng(0)


def aslant(size=5):
    return plane_along(RNG.standard_normal(size), RNG.standard_normal(size), ("u", "v"))


@pytest.mark.parametrize("make", [lambda: aslant(), lambda: axes_plane(3, 1, 5)])
def test_what_lies_under_a_place_is_drawn_there(make):
    frame = make()
    xy, z = RNG.standard_normal((7, 2)), RNG.standard_normal(5)
    lifted = frame.lift(xy, z)
    np.testing.assert_allclose(frame.place(lifted.astype(np.float32)), xy, atol=1e-5)
    np.testing.assert_allclose([frame.spot(point) for point in lifted], xy, atol=1e-12)
    # All keep of z what is orthogonal to the plane.
    for point in lifted:
        np.testing.assert_allclose(frame.rest(point), frame.rest(z), atol=1e-12)
        np.testing.assert_allclose(frame.basis @ frame.rest(point), 0, atol=1e-12)
    np.testing.assert_allclose(frame.lift(np.array([frame.spot(z)]), z)[0], z, atol=1e-12)


def test_two_dimensions_are_taken_as_they_are():
    frame = axes_plane(2, 0, 3)
    codes = RNG.standard_normal((4, 3)).astype(np.float32)
    assert np.array_equal(frame.place(codes), codes[:, [2, 0]])
    assert frame.lift(np.array([[7.0, -8.0]]), (1.0, 2.5, 3.0)).tolist() == [[-8.0, 2.5, 7.0]]
    assert (frame.dimensions, frame.names) == ((2, 0), ("z3", "z1"))
    assert aslant().dimensions is None


def test_a_space_of_one_dimension_is_drawn_twice_and_x_decides():
    frame = axes_plane(0, 0, 1)
    assert frame.spot((0.7,)) == (0.7, 0.7)
    assert frame.lift(np.array([[2.0, -1.0]]), (0.5,)).tolist() == [[2.0]]


def test_a_plane_through_three_points_holds_all_three():
    a, b, c = RNG.standard_normal((3, 6))
    frame = plane_through(a, b, c)
    np.testing.assert_allclose(frame.basis @ frame.basis.T, np.eye(2), atol=1e-12)
    for point in (a, b, c):
        np.testing.assert_allclose(frame.lift([frame.spot(point)], c)[0], point, atol=1e-12)
    # From A to B is to the right.
    (ax, ay), (bx, by) = frame.spot(a), frame.spot(b)
    assert bx - ax == pytest.approx(np.linalg.norm(b - a))
    assert by == pytest.approx(ay)


def test_three_points_on_a_line_span_no_plane():
    a, b = np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="span"):
        plane_through(a, b, 3 * b)
    with pytest.raises(ValueError, match="span"):
        plane_through(a, a, b)


def spread(size, *deviations):
    """Return codes whose deviations along the first axes are these exactly, then turned."""
    codes = RNG.standard_normal((500, size))
    codes -= codes.mean(0)
    codes = np.linalg.qr(codes)[0] * np.array([*deviations, *[0.0] * (size - len(deviations))])
    turn = np.linalg.qr(RNG.standard_normal((size, size)))[0]
    return (codes @ turn * np.sqrt(499)).astype(np.float32), turn


def test_components_are_those_the_codes_were_made_of():
    codes, turn = spread(6, 3.0, 2.0, 1.0)
    frame = pca_plane(codes)
    np.testing.assert_allclose(np.abs(frame.basis @ turn[:2].T), np.eye(2), atol=1e-4)
    assert frame.names == ("PC 1 · 64% of variance", "PC 2 · 29% of variance")


def test_components_keep_their_sign_and_place_from_epoch_to_epoch():
    codes, _ = spread(6, 3.0, 2.9, 1.0)
    before = pca_plane(codes)
    for _ in range(5):
        codes = codes + 0.02 * RNG.standard_normal(codes.shape).astype(np.float32)
        after = pca_plane(codes, before)
        assert np.abs(after.place(codes) - before.place(codes)).max() < 0.2
        before = after
    turned_frame = plane_along(*(before.basis[::-1] * [[-1], [1]]), names=("", ""))
    again = pca_plane(codes, turned_frame)
    np.testing.assert_allclose(again.basis, turned_frame.basis, atol=0.05)


def test_one_latent_dimension_has_one_component():
    frame = pca_plane(np.array([[1.0], [-1.0], [2.0]], np.float32))
    assert (frame.across, frame.up) == ((1.0,), (1.0,))
    assert frame.names[0] == "PC 1 · 100% of variance"


def test_points_are_turned_back_onto_what_they_were():
    before = RNG.standard_normal((50, 2)).astype(np.float32)
    angle = 2.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirrored = (before @ turn * [1, -1] + [3, 4]).astype(np.float32)
    np.testing.assert_allclose(procrustes(mirrored, before), before, atol=1e-5)


def test_a_blend_at_a_known_place_is_what_belongs_there():
    where, what = RNG.standard_normal((30, 2)), RNG.standard_normal((30, 4))
    where, what = where.astype(np.float32), what.astype(np.float32)
    for row in (0, 17):
        np.testing.assert_allclose(
            inverse_distance_interpolate(where[row], where, what), what[row], rtol=1e-6
        )


def test_a_blend_half_way_between_two_is_their_mean():
    where = np.array([[-1, 0], [1, 0]], np.float32)
    what = np.array([[0, 2], [4, 4]], np.float32)
    assert inverse_distance_interpolate((0, 0), where, what).tolist() == [2.0, 3.0]
    # By one over the squared distance: 1/1 and 1/9.
    assert inverse_distance_interpolate((-2, 0), where, what)[0] == pytest.approx(
        4 * (1 / 9) / (1 + 1 / 9)
    )


# Of any plane

SIZES = st.integers(1, 8)
COORDINATES = st.floats(-100, 100, width=32)


@st.composite
def planes(draw):
    """Planes of two axes, of two directions, and of the principal components of codes."""
    size = draw(SIZES)
    kind = draw(st.sampled_from(["axes", "along", "pca"] if size > 1 else ["axes", "pca"]))
    if kind == "axes":
        across = draw(st.integers(0, size - 1))
        up = draw(st.integers(0, size - 1).filter(lambda i: size == 1 or i != across))
        return axes_plane(across, up, size)
    if kind == "pca":
        return pca_plane(
            draw(arrays(np.float32, (draw(st.integers(2, 9)), size), elements=COORDINATES))
        )
    first, second = draw(arrays(np.float64, (2, size), elements=COORDINATES))
    try:
        return plane_along(first.tolist(), second.tolist(), ("u", "v"))
    except ValueError:
        reject()


@given(st.data(), planes())
def test_any_plane_lifts_what_it_projects_and_projects_what_it_lifts(data, frame):
    z = data.draw(arrays(np.float64, frame.size, elements=COORDINATES))
    xy = data.draw(arrays(np.float64, (3, 2), elements=COORDINATES))
    if frame.size == 1:
        xy[:, 1] = xy[:, 0]
    else:
        np.testing.assert_allclose(frame.basis @ frame.basis.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(frame.lift([frame.spot(z)], z)[0], z, atol=1e-9)
    lifted = frame.lift(xy, z)
    np.testing.assert_allclose([frame.spot(point) for point in lifted], xy, atol=1e-9)
    np.testing.assert_allclose(frame.place(lifted.astype(np.float32)), xy, atol=1e-3)
    np.testing.assert_allclose(
        [frame.rest(point) for point in lifted], [frame.rest(z)] * 3, atol=1e-9
    )


@given(arrays(np.float32, (12, 4), elements=COORDINATES), st.permutations(range(12)))
def test_principal_components_depend_on_neither_order_nor_place(codes, order):
    def variance(frame):
        return np.trace(frame.basis @ np.cov(codes.T.astype(np.float64)) @ frame.basis.T)

    shift = np.arange(4, dtype=np.float32)
    want = variance(pca_plane(codes))
    for others in (codes[list(order)], codes + shift):
        assert variance(pca_plane(others)) == pytest.approx(want, rel=1e-4, abs=1e-4)


@given(arrays(np.float32, (9, 2), elements=COORDINATES), st.floats(0, 6.2), st.booleans())
def test_procrustes_undoes_any_turn_mirroring_and_shift(xy, angle, is_mirrored):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = xy @ (turn * [1, -1] if is_mirrored else turn) + [3, -2]
    np.testing.assert_allclose(procrustes(turned.astype(np.float32), xy), xy, atol=1e-3)
