"""Anomalies with the real models: what is strange to the window is strange to the model."""

import csv

import numpy as np
from PySide6.QtWidgets import QFileDialog

from latentlab.latent.ranking import Score
from latentlab.session.model import Decode
from latentlab.session.scores.anomalies import ScoreImages


def test_scores_all_digits_while_one_goes_on_exploring(cvae, tmp_path, monkeypatch):
    desk, path = cvae, tmp_path / "scores.csv"
    panel = desk.panel("anomalies")
    desk.window.docks["anomalies"].raise_()
    desk.until(panel.start.isVisible)
    panel.draws.setValue(4)
    desk.hand.click(panel.start)
    desk.until(lambda: ScoreImages in desk.state.working)
    before = desk.state.answer(Decode)
    desk.controller.point.randomize()
    desk.until(lambda: desk.state.answer(Decode) is not before)
    assert desk.state.answer(ScoreImages) is None
    desk.until(lambda: desk.state.answer(ScoreImages) is not None)
    scores = desk.state.answer(ScoreImages)
    assert len(scores) == len(desk.state.codes) == 5000
    assert 90 < scores.elbo.mean() < 110
    wall = panel.ranked.wall
    desk.until(lambda: set(wall.visible_rows()) <= set(wall._images))
    desk.hand.click(wall.viewport(), wall.place_rect(0).center())
    row = int(scores.elbo.argmax())
    desk.until(lambda: desk.state.original and desk.state.original.row == row)
    assert desk.state.point.label == desk.state.codes.labels[row]
    made = desk.state.original
    error = np.square((made.picture - made.reconstruction.astype(float)) / 255).mean()
    assert abs(error - scores.error[row]) < 0.002
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    panel.by.setCurrentText(Score.RATE)
    desk.hand.click(panel.export)
    desk.until(path.exists)
    with path.open(newline="") as file:
        _, first, *others = csv.reader(file)
    assert int(first[0]) == scores.rate.argmax()
    assert len(others) == 4999
