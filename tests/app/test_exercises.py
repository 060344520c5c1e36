"""What courses set as exercises, on the shipped models in the real window."""

import csv

import numpy as np
from PIL import Image
from PySide6.QtWidgets import QFileDialog

from latentlab.api.model import load
from latentlab.latent.pairs import PairKind
from latentlab.session.anomalies import ScoreImages
from latentlab.session.image_sample import SampleImage
from latentlab.session.model import Decode
from latentlab.session.pairs import MakePairs

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
