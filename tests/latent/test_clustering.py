"""Groups and density where both are known."""

import numpy as np
import pytest

from latentlab.latent import clustering as groups
from latentlab.latent.clustering import hdbscan, k_means, log_density


def finish(pieces):
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value


def bells(sizes=(300, 200, 100), size=3):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    codes = 20 * np.eye(len(sizes), size)[labels] + rng.standard_normal((len(labels), size))
    order = rng.permutation(len(labels))
    return codes[order].astype(np.float32), labels[order]


@pytest.mark.parametrize("limit", [10_000, 150])
@pytest.mark.parametrize(("find", "count"), [(k_means, 3), (hdbscan, 30)])
def test_groups_are_found_and_numbered_by_size(find, count, limit, monkeypatch):
    monkeypatch.setattr(groups, "MAX_CLUSTERED_CODES", limit)
    codes, labels = bells()
    found = finish(find(codes, count))
    known = found >= 0
    assert known.mean() > 0.9
    assert np.array_equal(found[known], labels[known])


def test_what_belongs_to_no_group_is_minus_one():
    codes, _ = bells()
    codes[0] = 500
    assert finish(hdbscan(codes, 50))[0] == -1


def test_no_more_groups_than_codes():
    assert set(finish(k_means(np.eye(4, dtype=np.float32), 9))) == {0, 1, 2, 3}


@pytest.mark.parametrize(("size", "limit"), [(1, 5000), (2, 5000), (2, 800), (3, 5000)])
def test_density_is_that_of_the_bell_it_was_drawn_from(size, limit, monkeypatch):
    monkeypatch.setattr(groups, "DENSITY_SAMPLE", limit)
    codes = np.random.default_rng(1).standard_normal((4000, size)).astype(np.float32)
    found = finish(log_density(codes))
    truth = -(codes**2).sum(1) / 2 - size / 2 * np.log(2 * np.pi)
    inner = (codes**2).sum(1) < 1.5
    assert np.median(found[inner] - truth[inner]) == pytest.approx(0, abs=0.12)
    assert np.corrcoef(found, truth)[0, 1] > 0.75
