"""Metrics of any codes and features, in any order of images and of dimensions."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentlab.metrics.factors import discretised, entropies, mutual_information
from latentlab.metrics.measures.dci import disentanglement
from latentlab.metrics.measures.log_likelihood import bound, effective_size
from latentlab.metrics.measures.marginal_kl import entropy_of
from latentlab.metrics.measures.mig import gaps_of
from latentlab.metrics.measures.modularity import modularity_of
from latentlab.metrics.measures.similarity_matrix import similarities
from latentlab.metrics.measures.ssim import similarity
from latentlab.metrics.two_samples import balls, frechet_distance, kernel_distances, radii
from latentlab.work import finish

COUNT, SIZE = 24, 3
ORDERS = st.permutations(range(COUNT))
DIMENSIONS = st.permutations(range(SIZE))
CODES = arrays(np.float32, (COUNT, SIZE), elements=st.floats(-9, 9, width=16))
LEVELS = arrays(np.int64, (COUNT, 2), elements=st.integers(0, 2))
SHARES = {"atol": 1e-9}


@settings(max_examples=15)
@given(CODES, LEVELS, ORDERS, DIMENSIONS)
def test_information_of_factors_depends_on_no_order(codes, levels, rows, dimensions):
    information = mutual_information(discretised(codes), levels)
    other = mutual_information(discretised(codes[rows][:, dimensions]), levels[rows][:, ::-1])
    np.testing.assert_allclose(other, information[dimensions][:, ::-1], **SHARES)
    assert (information >= -1e-9).all()
    assert (information <= entropies(levels) + 1e-9).all()
    if (entropies(levels) > 0).all():
        gaps = gaps_of(codes, levels)
        assert ((gaps >= -1e-9) & (gaps <= 1 + 1e-9)).all()
        np.testing.assert_allclose(
            gaps_of(codes[rows][:, dimensions], levels[rows]), gaps, **SHARES
        )


@given(
    arrays(np.float64, (SIZE, 4), elements=st.floats(0, 9)), DIMENSIONS, st.permutations(range(4))
)
def test_disentanglement_and_modularity_depend_on_no_order(matrix, dimensions, factors):
    turned = matrix[dimensions][:, factors]
    for measure in (disentanglement, modularity_of):
        value = measure(matrix)
        assert -1e-6 <= value <= 1 + 1e-6
        assert measure(turned) == pytest.approx(value, abs=1e-9)


@given(CODES, arrays(np.int64, COUNT, elements=st.integers(0, 2)), ORDERS, DIMENSIONS)
def test_similarities_are_symmetric_cosines_in_any_order(codes, labels, rows, dimensions):
    assume(labels.max() == 2)
    found = similarities(codes, labels)
    np.testing.assert_allclose(found, found.T, **SHARES)
    centred = codes.astype(np.float64) - codes.astype(np.float64).mean(0)
    norms = np.maximum(np.linalg.norm(centred, axis=1), 1e-12)
    cosines = (centred @ centred.T) / np.outer(norms, norms)
    for a, b in np.ndindex(found.shape):
        pairs = (labels[:, None] == a) & (labels == b) & ~np.eye(COUNT, dtype=bool)
        want = cosines[pairs].mean() if pairs.any() else np.nan
        np.testing.assert_allclose(found[a, b], want, atol=1e-6)
    turned = similarities(codes[rows][:, dimensions], labels[rows])
    np.testing.assert_allclose(turned, found, atol=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 9999), ORDERS, DIMENSIONS, st.floats(0.1, 9))
def test_sets_of_features_have_distances_in_any_order(seed, rows, dimensions, scale):
    rng = np.random.default_rng(seed)
    real, fake = rng.standard_normal((2, COUNT, SIZE)) * [[[scale]], [[1]]]
    distance = frechet_distance(real, fake)
    assert distance >= -1e-9
    assert frechet_distance(real, real[rows]) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(fake, real) == pytest.approx(distance, rel=1e-6, abs=1e-6)
    turned = frechet_distance(real[rows][:, dimensions], fake[:, dimensions])
    assert turned == pytest.approx(distance, rel=1e-6, abs=1e-6)
    # Blocks of the kernel distance are drawn, so only the order of dimensions is free.
    kid = kernel_distances(real, fake, seed)
    np.testing.assert_allclose(
        kernel_distances(real[:, dimensions], fake[:, dimensions], seed), kid, rtol=1e-6, atol=1e-9
    )


@settings(max_examples=30)
@given(st.integers(0, 9999), ORDERS, DIMENSIONS, st.integers(1, 5))
def test_neighbourhoods_depend_on_no_order(seed, rows, dimensions, k):
    rng = np.random.default_rng(seed)
    real, fake = rng.standard_normal((2, COUNT, SIZE))
    radius = finish(radii(real, k))
    np.testing.assert_allclose(finish(radii(real[rows][:, dimensions], k)), radius[rows])
    counts, used = finish(balls(real, radius, fake))
    others, used_others = finish(balls(real[rows], radius[rows], fake[:, :]))
    assert (counts == others).all()
    assert (used[rows] == used_others).all()
    entropy = entropy_of(real, k)
    assert entropy_of(real[rows][:, dimensions], k) == pytest.approx(entropy)
    # A space that is twice as wide has log 2 nats more for each dimension.
    assert entropy_of(2 * real, k) == pytest.approx(entropy + SIZE * np.log(2))


@settings(max_examples=20)
@given(st.integers(0, 9999))
def test_the_structural_similarity_is_symmetric_and_one_of_equals(seed):
    x, y = np.random.default_rng(seed).random((2, 3, 1, 12, 13))
    found = similarity(x, y)
    assert (np.abs(found) <= 1).all()
    np.testing.assert_allclose(similarity(y, x), found)
    np.testing.assert_allclose(similarity(x, x), 1)
    np.testing.assert_allclose(similarity(x[::-1], y[::-1]), found[::-1])
    np.testing.assert_allclose(similarity(x[..., ::-1], y[..., ::-1]), found)


@given(arrays(np.float64, (12, 2), elements=st.floats(-300, 300)), st.permutations(range(12)))
def test_the_bound_grows_with_the_draws_and_has_no_order(log_w, order):
    log_w = torch.tensor(log_w)
    bounds = torch.stack([bound(log_w, k) for k in (1, 2, 4, 12)])
    # Groups of 1 in groups of 2 in groups of 4 in all: by Jensen's inequality.
    assert (bounds.diff(dim=0) >= -1e-9).all()
    torch.testing.assert_close(bound(log_w[order], 12), bounds[-1])
    size = effective_size(log_w)
    assert ((size >= 1 - 1e-9) & (size <= 12 + 1e-9)).all()
    torch.testing.assert_close(effective_size(log_w + 50), size)
