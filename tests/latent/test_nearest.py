"""Neighbours are those that looking at all would find."""

import numpy as np
import pytest

from latentlab.latent import nearest as neighbours
from latentlab.latent.nearest import ImageSearch, NearestCodes

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("size", "tree"), [(2, True), (2, False), (20, False)])
def test_codes_by_tree_or_by_looking_at_all(size, tree, monkeypatch):
    monkeypatch.setattr(neighbours, "MIN_TREE_CODES", 0 if tree else 10**9)
    codes = RNG.standard_normal((3000, size)).astype(np.float32)
    index = NearestCodes(codes)
    assert (index._tree is not None) is tree
    points = RNG.standard_normal((5, size)).astype(np.float32)
    for z, away, rows in zip(points, *index.nearest(points, 7), strict=True):
        truth = np.linalg.norm(codes - z, axis=1)
        np.testing.assert_allclose(away, np.sort(truth)[:7], rtol=1e-4)
        np.testing.assert_allclose(truth[rows], away, rtol=1e-4)
    away, rows = index.nearest(codes[5:6], 1)
    assert (rows.tolist(), away.tolist()) == ([[5]], [[0.0]])


def test_far_from_zero_the_nearest_is_still_the_nearest():
    codes = (1000 + RNG.standard_normal((500, 20))).astype(np.float32)
    away, rows = NearestCodes(codes).nearest(codes[17:18], 1)
    assert (rows[0, 0], away[0, 0]) == (17, 0)


def test_no_more_than_there_are():
    eye = np.eye(3, dtype=np.float32)
    away, rows = NearestCodes(eye).nearest(eye[:1], 9)
    assert rows[0, 0] == 0
    assert away[0] == pytest.approx([0, 2**0.5, 2**0.5])
    away, rows = NearestCodes(np.empty((0, 3), np.float32)).nearest(eye, 9)
    assert away.shape == rows.shape == (3, 0)


def test_pictures_by_how_much_each_pixel_differs(monkeypatch):
    monkeypatch.setattr(neighbours, "VALUES_PER_STEP", 40)
    images = RNG.integers(0, 256, (50, 12)).astype(np.uint8)
    images[9] = 255 - images[3]
    search = ImageSearch(images.reshape(50, 1, 3, 4), images[3].astype(np.float32))
    told = []
    while search.fraction < 1:
        search.step()
        told.append(search.fraction)
    assert len(told) == 17
    away, rows = search.nearest(50)
    assert (rows[0], away[0]) == (3, 0)
    share = np.sqrt(((images.astype(float) - images[3]) ** 2).mean(1)) / 255
    np.testing.assert_allclose(away, np.sort(share), rtol=1e-5)
    np.testing.assert_allclose(share[rows], away, rtol=1e-5)
