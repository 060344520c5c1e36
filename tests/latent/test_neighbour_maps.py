"""Maps of neighbourhoods: made in pieces, stopped at once, stable."""

import threading

import numpy as np
import pytest

from latentlab.errors import RunError
from latentlab.latent import neighbour_maps as projections
from latentlab.latent.neighbour_maps import project
from latentlab.work import BackgroundComputation, Progress


def groups(count=90, size=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    codes = 8 * np.eye(3, size)[labels] + rng.standard_normal((count, size))
    return codes.astype(np.float32), labels


def finish(pieces):
    told = []
    while True:
        try:
            told.append(next(pieces))
        except StopIteration as done:
            return done.value, told


def apart(xy, labels):
    """Say whether every point's nearest neighbour is of its own group."""
    away = np.linalg.norm(xy[:, None] - xy[None], axis=2) + 1e9 * np.eye(len(xy))
    return (labels[away.argmin(1)] == labels).mean()


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    monkeypatch.setattr(projections, "EXAGGERATED_STEPS", 60)
    monkeypatch.setattr(projections, "PLAIN_STEPS", 80)


@pytest.fixture
def mapped():
    codes, labels = groups()
    return codes, labels, *finish(project(codes, "t-SNE"))


def test_groups_stay_together(mapped):
    _, labels, (xy, anchors), told = mapped
    assert (xy.shape, xy.dtype) == ((90, 2), np.float32)
    assert anchors.tolist() == list(range(90))
    assert apart(xy, labels) > 0.95
    assert np.quantile(np.abs(xy), 0.99) == pytest.approx(3, abs=0.2)
    fractions = [loading.fraction for loading in told if loading.fraction is not None]
    assert fractions == sorted(fractions)


def test_a_map_made_again_lies_where_it_lay(mapped):
    codes, _, (before, _), _ = mapped
    moved = codes + 0.01 * np.random.default_rng(1).standard_normal(codes.shape)
    (after, _), _ = finish(project(moved.astype(np.float32), "t-SNE", before))
    assert np.median(np.linalg.norm(after - before, axis=1)) < 0.5


def test_the_rest_stand_by_their_nearest(monkeypatch):
    monkeypatch.setattr(projections, "MAX_PROJECTED_CODES", 60)
    codes, labels = groups(150)
    (xy, anchors), _ = finish(project(codes, "t-SNE"))
    assert len(anchors) == 60
    assert np.isfinite(xy).all()
    assert apart(xy, labels) > 0.95


def test_closing_it_stops_the_work():
    codes, _ = groups(600)
    pieces = project(codes, "t-SNE")
    next(pieces)
    (thread,) = [t for t in threading.enumerate() if t.name.startswith("aside")]
    pieces.close()
    thread.join(20)
    assert not thread.is_alive()


def test_too_few_codes_are_refused():
    with pytest.raises(RunError, match="at least 10"):
        next(project(np.zeros((4, 3), np.float32), "t-SNE"))


@pytest.mark.parametrize("size", [3, 12])
def test_codes_left_out_stand_by_those_nearest_to_them(size, monkeypatch):
    monkeypatch.setattr(projections, "MAX_PROJECTED_CODES", 40)
    codes = np.random.default_rng(0).standard_normal((120, size)).astype(np.float32)
    (xy, anchors), _ = finish(project(codes, "t-SNE"))
    assert len(anchors) == 40
    for row in np.setdiff1d(np.arange(120), anchors)[:10]:
        away = np.linalg.norm(codes[anchors] - codes[row], axis=1)
        near = anchors[np.argsort(away)[:3]]
        weights = 1 / np.sort(away)[:3] ** 2
        wanted = weights @ xy[near] / weights.sum()
        np.testing.assert_allclose(xy[row], wanted, atol=1e-3)


def test_umap_is_heard_and_stopped_through_what_it_writes():
    tqdm = pytest.importorskip("tqdm")
    aside = BackgroundComputation(lambda aside: np.zeros(1), "begun")
    looks = {
        "file": projections._ProgressStream(aside),
        "bar_format": "{percentage}",
        "mininterval": 0,
    }
    for i in tqdm.tqdm(range(4), **looks):
        if i == 3:
            assert aside._told == Progress("UMAP", 0.75)
    aside.stopped.set()
    with pytest.raises(projections.Stopped):
        for _ in tqdm.tqdm(range(4), **looks):
            pass
