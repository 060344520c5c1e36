"""The map's questions, answered by a real model on the bundled digits."""

import numpy as np
import pytest

from latentlab.errors import DataError, RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.map import ViewCache
from latentlab.latent import neighbour_maps as projections
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.encode import to_hwc
from latentlab.session.colourings import Measure
from latentlab.session.map import ComputeMeasure, Layout, MakeView, axes_view
from latentlab.session.neighbours import FetchMapImages, FindNeighbours
from latentlab.session.points import Point
from latentlab.work import Progress
from latentlab.work import finish as last


@pytest.fixture
def explorer(vae_run):
    find_answers()
    explorer = Explorer()
    explorer.open(vae_run)
    return explorer


def finish(pieces):
    told = []
    while True:
        try:
            told.append(next(pieces))
        except StopIteration as done:
            assert all(isinstance(loading, Progress) for loading in told)
            return done.value, told


def test_components_of_real_codes(explorer):
    view = answer(MakeView(Layout.PCA, axes_view(0, 1, 2)), explorer)
    places = view.places(explorer.codes)
    assert places.var(0).sum() == pytest.approx(explorer.codes.mu.var(0).sum(), rel=1e-3)
    assert places[:, 0].var() >= places[:, 1].var()
    assert abs(np.corrcoef(places.T)[0, 1]) < 1e-3
    # Made again it stays where it is.
    again = answer(MakeView(Layout.PCA, view), explorer)
    np.testing.assert_allclose(again.frame.basis, view.frame.basis, atol=1e-6)


def test_neighbourhoods_are_made_once_and_then_found(explorer, monkeypatch):
    for name, value in (
        ("MAX_PROJECTED_CODES", 200),
        ("EXAGGERATED_STEPS", 30),
        ("PLAIN_STEPS", 30),
    ):
        monkeypatch.setattr(projections, name, value)
    request = MakeView(Layout.TSNE, axes_view(0, 1, 2))
    view, told = finish(answer(request, explorer))
    assert len(told) > 2
    assert (view.xy.shape, len(view.anchors)) == ((5000, 2), 200)
    kept = answer(request, explorer)
    assert np.array_equal(kept.xy, view.xy), "from its file, and at once"
    file = ViewCache(explorer.card, explorer.codes.mu, "t-SNE").path
    assert file.parent.parent == explorer.card.source


def test_without_images_it_says_so(own_place):
    find_answers()
    with pytest.raises(RunError, match="needs images"):
        answer(MakeView(Layout.PCA, axes_view(0, 1, 2)), Explorer())
    with pytest.raises(DataError, match="no images"):
        answer(FetchMapImages((1,)), Explorer())
    with pytest.raises(RunError, match="needs at least"):
        answer(ComputeMeasure(Measure.DENSITY), Explorer())


def test_the_nearest_by_code_and_by_pixels(explorer):
    row = 123
    point = Point(tuple(explorer.codes.mu[row].tolist()))
    found, _ = finish(answer(FindNeighbours(point, 6), explorer))
    assert found.point == point
    assert (found.by_code.rows[0], found.by_code.distances[0]) == (row, 0)
    pictures = to_hwc(explorer.images.images)
    decoded = explorer.decode(point).pixels.astype(float)
    share = np.sqrt(((pictures - decoded) ** 2).mean((1, 2))) / 255
    np.testing.assert_allclose(found.by_pixels.distances, np.sort(share)[:6], rtol=1e-4)
    for near in (found.by_code, found.by_pixels):
        assert np.array_equal(near.pictures, pictures[near.rows])


def test_pictures_are_those_of_their_rows(explorer):
    fetched = answer(FetchMapImages((7, 4999, 5001)), explorer)
    assert fetched.rows.tolist() == [7, 4999]
    assert np.array_equal(fetched.pictures, to_hwc(explorer.images.images[[7, 4999]]))


@pytest.mark.parametrize(("measure", "count"), [(Measure.DENSITY, 10), (Measure.K_MEANS, 4)])
def test_what_is_measured_has_a_value_per_image(explorer, measure, count):
    found, told = finish(answer(ComputeMeasure(measure, count), explorer))
    assert (found.measure, found.count, len(found.values)) == (measure, count, 5000)
    assert told
    if measure is Measure.K_MEANS:
        assert set(found.values.tolist()) == {0, 1, 2, 3}
    else:
        # Denser in the middle than far out.
        away = np.linalg.norm(explorer.codes.mu - explorer.codes.center, axis=1)
        order = np.argsort(away)
        assert found.values[order[:500]].mean() > found.values[order[-500:]].mean()


def test_kl_of_an_image_is_the_rate_that_anomalies_score(explorer):
    measured, _ = finish(answer(ComputeMeasure(Measure.KL), explorer))
    assert measured.values.shape == (5000,)
    rate = last(elbo_scores(explorer.model, explorer.images[:60], 1)).rate
    np.testing.assert_allclose(measured.values[:60], rate, rtol=1e-3)
