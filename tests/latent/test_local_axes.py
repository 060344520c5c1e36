"""Local axes of codes on a curve, and of a linear decoder whose Jacobian is known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from linear_gaussian import LinearGaussian

from latentlab.errors import DataError
from latentlab.latent.local_axes import jacobian_axes, local_pca
from latentlab.work import finish


def test_the_first_axis_of_codes_on_a_circle_is_its_tangent():
    angle = 0.7 + np.linspace(-0.1, 0.1, 60)
    near = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    found = local_pca(near, 64)
    assert np.abs(found.vectors[0] @ [-np.sin(0.7), np.cos(0.7), 0]) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(3), atol=1e-9)
    assert found.sizes[0] == pytest.approx((near @ found.vectors[0]).std())
    assert found.shares[0] > 0.99


def test_a_local_pca_needs_more_codes_than_axes():
    with pytest.raises(DataError, match="more than 3 images"):
        local_pca(np.zeros((3, 5)), 3)


def test_axes_of_a_linear_decoder_are_the_singular_vectors_of_its_weights():
    model = LinearGaussian(latent_dim=3)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))[0]
    with torch.no_grad():
        model.weight.copy_(0.2 * model.weight @ turn)
        model.bias.fill_(0.5)
    found = finish(jacobian_axes(model, np.array([0.1, -0.2, 0.3]), None, 2))
    _, values, vectors = np.linalg.svd(model.weight.detach().double().numpy())
    np.testing.assert_allclose(found.sizes, values[:2], rtol=1e-3)
    overlap = np.abs((found.vectors * vectors[:2]).sum(1))
    np.testing.assert_allclose(overlap, 1, atol=1e-3)


def test_many_dimensions_are_refused():
    with pytest.raises(DataError, match="at most 512"):
        finish(jacobian_axes(LinearGaussian(), np.zeros(600), None, 2))


@given(
    arrays(np.float32, (20, 4), elements=st.floats(-100, 100, width=32)),
    st.permutations(range(20)),
    st.permutations(range(4)),
)
def test_any_local_axes_are_orthonormal_and_depend_on_no_order(codes, rows, dimensions):
    found = local_pca(codes, 4)
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(4), atol=1e-9)
    variance = codes.astype(np.float64).var(0).sum()
    assert (found.sizes**2).sum() == pytest.approx(variance, rel=1e-6, abs=1e-6)
    assert (np.diff(found.sizes) <= 0).all()
    for others in (codes[list(rows)], codes[:, list(dimensions)]):
        np.testing.assert_allclose(local_pca(others, 4).sizes, found.sizes, atol=1e-4)
