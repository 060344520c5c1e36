"""The Rate-distortion panel, alone and in a window on toys."""

from pathlib import Path

import pytest
import toy
from PySide6.QtWidgets import QFileDialog

from latentlab.session.files.figure import Line, Text
from latentlab.session.runs import Compare, ComparedRun, Run
from latentlab.session.scores.rate_distortion import MeasureRateDistortion
from latentlab.widgets.kit.export.plot_layers import figure_of
from latentlab.widgets.panels.rate_distortion import EMPTY, TRAINING_TEXT, RateDistortionPanel

BUILT = ("map", "image", "rate-distortion")
PATHS = (Path("/toys/toy"), Path("/toys/big"))


@pytest.fixture
def panel(show_panel):
    runs = tuple(ComparedRun(path.name, path, toy.curves()) for path in PATHS)
    return show_panel(RateDistortionPanel, model=toy.card(), answers={Compare: runs})


def asked(panel, kind):
    requests = [what[1] for what in panel.controller.asked if what[0] == "ask"]
    return [request for request in requests if type(request) is kind]


def test_empty_it_teaches_and_measures_the_selected_runs(panel):
    assert panel._empty.text() == EMPTY
    assert not panel.plot.isVisible()
    assert panel.start.text() == "Measure 2 runs"
    panel.images.setValue(250)
    panel.start.click()
    assert asked(panel, MeasureRateDistortion) == [MeasureRateDistortion(PATHS, 250)]
    panel.controller.show(answers={Compare: ()})
    assert panel.start.text() == "Measure the open run"


def test_in_training_it_waits(panel):
    panel.controller.show(run=Run())
    assert not panel.start.isEnabled()
    assert panel.start.toolTip() == TRAINING_TEXT


def test_draws_runs_and_pca_with_their_names(panel):
    panel.controller.show(answers={MeasureRateDistortion: toy.rate_distortion(PATHS)})
    assert panel.plot.isVisible()
    assert "1,000 images (validation)" in panel.note.toolTip()
    figure = figure_of(panel.plot, panel.plot.legend())
    lines = [layer for layer in figure.layers if isinstance(layer, Line)]
    assert sorted(len(line.x) for line in lines) == [1, 2]
    names = {layer.text for layer in figure.layers if isinstance(layer, Text)}
    assert names == {"toy", "big", "PCA, 2 components"}
    assert [name for name, _ in figure.legend] == ["Runs", "PCA"]


def test_measures_and_saves_in_the_window(desk, tmp_path, monkeypatch):
    desk.go("compare")
    desk.window.docks["rate-distortion"].raise_()
    panel = desk.panel("rate-distortion")
    desk.hand.click(panel.start)
    desk.until(panel.export.isEnabled)
    path = tmp_path / "points.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    panel.export.click()
    desk.until(path.exists)
    assert len(path.read_text().splitlines()) == 3
    plot = tmp_path / "plot.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(plot), ""))
    panel.figure.click()
    assert panel.plot.isVisible()
