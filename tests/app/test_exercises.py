"""What courses set as exercises, on the shipped models in the real window."""

import csv

import numpy as np
import pytest
from gui_support import actions_of
from matplotlib.path import Path
from PIL import Image
from PySide6.QtWidgets import QFileDialog, QMenu
from round_tour import tour_length

from latentlab.api.model import load
from latentlab.data.own_image.crop import Preprocessing, SourceImage
from latentlab.errors import DataError
from latentlab.latent.contours import RING_SHARES
from latentlab.latent.pairs import PairKind
from latentlab.latent.prior_samples import sample_prior
from latentlab.latent.tour import shortest_tour
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record
from latentlab.session.axes import AxisOrder, MeasureLocalAxes
from latentlab.session.contours import FindPriorContours, FindTruePosterior
from latentlab.session.image_sample import SampleImage
from latentlab.session.map import Layout
from latentlab.session.model import Decode, DecodePath
from latentlab.session.pairs import MakePairs
from latentlab.session.points import Loop
from latentlab.session.scores.anomalies import ScoreImages
from latentlab.widgets.kit.context_menu import add_row_actions
from latentlab.widgets.panels.map.contour_layers import LIKELIHOOD, POSTERIOR

BUILT = ("map", "image")


def test_the_image_is_a_mean_or_a_sample_that_the_api_repeats(desk):
    panel, state = desk.panel("image"), desk.state
    mean = state.answer(Decode).pixels
    assert len(np.unique(mean)) > 50
    desk.hand.click(panel.sample)
    desk.settle()
    sample = desk.state.answer(SampleImage)
    assert set(np.unique(sample.pixels)) == {0, 255}
    assert panel.view.image.pixelColor(9, 14).red() == sample.pixels[14, 9]
    assert "sample, Bernoulli" in panel.place.text()
    again = load("digits-2d").decode(sample.point.z, sample=True, seed=sample.seed)[0]
    np.testing.assert_array_equal(again, sample.pixels / 255)
    desk.hand.click(panel.another)
    desk.settle()
    assert (desk.state.answer(SampleImage).pixels != sample.pixels).any()
    desk.controller.undo.undo()
    desk.settle()
    assert not panel.sample.isChecked()
    assert panel.view.image.pixelColor(9, 14).red() == mean[14, 9]


def test_error_per_class_is_shown_and_saved(desk, tmp_path, monkeypatch):
    panel, path = desk.panel("anomalies"), tmp_path / "classes.csv"
    desk.window.docks["anomalies"].raise_()
    desk.until(panel.start.isVisible)
    panel.draws.setValue(1)
    desk.hand.click(panel.start)
    desk.until(lambda: desk.state.answer(ScoreImages) is not None)
    desk.hand.click(panel.per_class)
    desk.until(panel.classes.isVisible)
    scores, labels = desk.state.answer(ScoreImages), desk.state.codes.labels
    means = [scores.elbo[labels == label].mean() for label in range(10)]
    names = [panel.classes.item(row, 0).text() for row in range(11)]
    assert names == [str(label) for label in np.argsort(means)[::-1]] + ["all"]
    assert names[-2] == "1"  # the class that is easiest to reconstruct
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    desk.hand.click(panel.export)
    desk.until(path.exists)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == [*map(str, range(10)), "all"]
    assert sum(int(row["images"]) for row in rows[:-1]) == int(rows[-1]["images"]) == len(labels)
    errors = [float(row["reconstruction_mse"]) for row in rows[:-1]]
    expected = [scores.error[labels == label].mean() for label in range(10)]
    np.testing.assert_allclose(errors, expected, rtol=1e-5)


def test_a_sheet_of_pairs_leaves_the_window_as_ten_rows_of_nine(desk, tmp_path, monkeypatch):
    panel, path = desk.panel("interpolate"), tmp_path / "pairs.png"
    desk.hand.click(panel.pairs)
    desk.until(lambda: desk.state.answer(MakePairs))
    desk.settle()
    made = desk.state.answer(MakePairs)
    assert [a for a, _ in made.names] == [*map(str, range(10))]
    assert all(a != b for a, b in made.names)
    panel.page.kind.setCurrentText(PairKind.SAME)
    desk.until(lambda: desk.state.answer(MakePairs) is not made)
    same = desk.state.answer(MakePairs)
    assert all(a == b for a, b in same.names)
    z = np.array([point.z for point in same.tiles.points]).reshape(10, 9, 2)
    np.testing.assert_allclose(
        np.diff(z, axis=1), np.diff(z, axis=1)[:, :1].repeat(8, 1), atol=1e-5
    )
    codes = desk.state.codes
    labels = codes.labels[codes.nearest.nearest(z[:, 0], 1)[1][:, 0]]
    np.testing.assert_array_equal(labels, range(10))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    desk.hand.click(panel.page.export)
    desk.until(path.exists)
    with Image.open(path) as image:
        assert image.size == (2 * (9 * 29 - 1), 2 * (10 * 29 - 1))


def test_the_true_posterior_and_the_likelihood_lie_around_the_code(desk):
    layers = desk.panel("map").layers
    for name in (LIKELIHOOD, POSTERIOR):
        layers.actions[name].setChecked(True)
    desk.until(lambda: desk.state.answer(FindTruePosterior))
    desk.settle()
    z, sigma = np.array(desk.state.original.point.z), np.array(desk.state.original.sigma)
    x = layers.contours
    inner, outer = (np.concatenate(lines) for lines in x.posterior.levels)
    away = np.abs(outer - z) / sigma
    assert 1 < away.max() < 6
    assert np.abs(inner - inner.mean(0)).max() < np.abs(outer - outer.mean(0)).max()
    best = min(x.likelihood.levels[0], key=lambda line: np.abs(line.mean(0) - z).max())
    assert np.abs(best.mean(0) - z).max() < 0.5
    assert x.note.isVisible()
    assert "KL(q(z|x) ‖ p(z|x)) = " in x.note.text()
    desk.controller.point.randomize()
    desk.settle()
    assert not x.posterior.isVisible()  # z is the code of no image
    desk.controller.undo.undo()
    desk.until(x.posterior.isVisible)


def test_a_learned_prior_has_contours_instead_of_rings(make_desk, tmp_path):
    recipe = {
        "model": {"kind": "vae", "hidden": [8], "latent_dim": 3, "prior": "mixture"},
        "data": "digits",
        "training": {"epochs": 1, "batch_size": 500, "device": "cpu"},
    }
    for _ in record(make_recipe(recipe), tmp_path / "run"):
        pass
    desk = make_desk(tmp_path / "run")
    desk.until(lambda: desk.state.answer(FindPriorContours))
    desk.settle()
    plot, contours = desk.panel("map").plot, desk.panel("map").layers.contours
    assert not plot.rings.isVisible()
    assert contours.prior.isVisible()
    assert desk.state.view.layout is Layout.PCA
    prior = sample_prior(load(tmp_path / "run").network, 20_000, 99, None)
    xy = desk.state.view.frame.place(prior)
    for share, lines in zip(RING_SHARES, contours.prior.levels, strict=True):
        inside = np.zeros(len(xy), int)
        for line in lines:
            inside += Path(line).contains_points(xy)
        assert (inside % 2).mean() == pytest.approx(share, abs=0.03)


def test_a_prior_given_the_label_has_the_contours_of_the_label_of_z(make_desk, tmp_path):
    recipe = {
        "model": {"kind": "cvae", "hidden": [8], "latent_dim": 2, "prior": "conditional"},
        "data": "digits",
        "training": {"epochs": 1, "batch_size": 500, "device": "cpu"},
    }
    for _ in record(make_recipe(recipe), tmp_path / "run"):
        pass
    desk = make_desk(tmp_path / "run")
    contours = desk.panel("map").layers.contours
    for label in (3, 8, 3):
        desk.controller.point.set_label(label)
        desk.settle()
        assert desk.state.answer(FindPriorContours).label == label
        assert contours.prior.isVisible()
    assert not desk.panel("map").plot.rings.isVisible()


def test_a_style_is_transferred_from_the_own_image_and_the_map_as_the_api_does(cvae):
    panel, model = cvae.panel("picture"), load("digits-cvae")
    cvae.controller.point.pick(17)
    cvae.settle()
    source = SourceImage("seven.png", cvae.state.original.picture)
    cvae.controller.own_image.show(source, Preprocessing())
    cvae.until(lambda: cvae.state.own)
    cvae.settle()
    own = cvae.state.own
    to = (own.point.label + 3) % 10
    actions_of(panel.result.transfer.menu())[to].trigger()
    cvae.until(lambda: cvae.state.answer(Decode).point.label == to)
    assert cvae.state.point.z == own.point.z
    expected = model.transfer(own.picture[None] / np.float32(255), str(own.point.label), str(to))
    shown = cvae.state.answer(Decode).pixels
    np.testing.assert_allclose(shown / 255, expected[0], atol=0.01)
    menu = QMenu()
    add_row_actions(menu, cvae.controller, 17)
    actions_of(menu.actions()[-1].menu())[to].trigger()
    cvae.settle()
    codes = cvae.state.codes
    assert cvae.state.point.label == to != codes.labels[17]
    np.testing.assert_allclose(cvae.state.point.z, codes.mu[17], atol=1e-5)
    cvae.controller.undo.undo()
    assert cvae.state.point.z == own.point.z
    menu.deleteLater()


def test_only_conditional_models_transfer():
    with pytest.raises(DataError, match="digits-2d is not conditional"):
        load("digits-2d").transfer(np.zeros((1, 28, 28)), 1, 2)


def test_sliders_move_along_the_axes_that_matter_at_z(cvae):
    panel = cvae.panel("sliders")
    for order, letters in ((AxisOrder.JACOBIAN, "J"), (AxisOrder.LOCAL, "L")):
        panel.order.setCurrentText(order)
        cvae.until(
            lambda order=order: (
                (found := cvae.state.answer(MeasureLocalAxes)) and found.order is order
            )
        )
        cvae.settle()
        found = cvae.state.answer(MeasureLocalAxes)
        axes = [row.slider.axis for row in panel.rows]
        vectors = np.stack([axis.vector for axis in axes])
        np.testing.assert_allclose(vectors @ vectors.T, np.eye(20), atol=1e-6)
        assert panel.rows[0].slider.accessibleName() == f"{letters} 1"
        start = cvae.state.point
        assert found.point == start
        panel._on_moved(axes[0].moved(start.z, 1.0), True)
        cvae.settle()
        # The axes stay while a slider moves z.
        assert cvae.state.answer(MeasureLocalAxes) is found
        moved = np.array(cvae.state.point.z) - start.z
        np.testing.assert_allclose(moved, axes[0].unit * vectors[0], atol=1e-5)
        cvae.controller.point.randomize()
        cvae.until(lambda found=found: cvae.state.answer(MeasureLocalAxes) is not found)
        cvae.settle()
    assert cvae.state.answer(MeasureLocalAxes).point == cvae.state.point


def test_a_tour_through_the_classes_plays_in_interpolate(desk):
    panel, before = desk.panel("interpolate"), desk.state.ends
    panel.tour.menu().actions()[0].trigger()
    desk.until(lambda: desk.state.ends is not before)
    desk.settle()
    ends, codes = desk.state.ends, desk.state.codes
    assert ends.loop is Loop.ROUND
    stops = np.array([stop.point.z for stop in ends.stops()])
    means = np.stack([codes.mean_of(label) for label in range(10)])
    np.testing.assert_allclose(np.sort(stops[:-1], axis=0), np.sort(means, axis=0), atol=1e-5)
    in_order = np.linalg.norm(means - np.roll(means, -1, 0), axis=1).sum()
    length = np.linalg.norm(np.diff(stops, axis=0), axis=1).sum()
    assert length == pytest.approx(tour_length(means, shortest_tour(means)), rel=1e-4)
    assert length < 0.8 * in_order
    assert len(desk.state.answer(DecodePath).points) == 80
    desk.hand.click(panel.play)
    desk.until(lambda: desk.state.preview)
    desk.hand.click(panel.play)
    panel.tour.menu().actions()[2].trigger()
    desk.until(lambda: desk.state.ends is not ends)
    assert len(desk.state.ends.keys) == 8
    desk.controller.undo.undo()
    desk.controller.undo.undo()
    assert desk.state.ends == before
