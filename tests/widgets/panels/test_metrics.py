"""The Metrics panel, alone and in a window on toys."""

import csv
import json

import numpy as np
import pyqtgraph as pg
import pytest
import toy
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from latentlab.metrics.measurement import Refusal, Series
from latentlab.session.abilities import DECODER, Ability, why_not
from latentlab.session.runs import Run
from latentlab.session.scores.metrics import (
    ListMetrics,
    MeasuredMetrics,
    MeasureMetrics,
    ReadMeasurements,
    as_text,
    newest,
)
from latentlab.widgets.panels.metrics.metric_tree import RESULT, TITLE
from latentlab.widgets.panels.metrics.panel import TRAINING_TEXT, MetricsPanel
from latentlab.widgets.panels.metrics.series_plot import SeriesPlot
from latentlab.work import Progress

BUILT = ("map", "image", "metrics")


@pytest.fixture
def panel(show_panel):
    return show_panel(
        MetricsPanel,
        size=(480, 420),
        model=toy.card(),
        codes=toy.codes(),
        answers={ListMetrics: toy.METRIC_CARDS, ReadMeasurements: ()},
    )


def asked(panel, kind):
    requests = [what[1] for what in panel.controller.asked if what[0] == "ask"]
    return [request for request in requests if type(request) is kind]


def row_of(panel, kind):
    return panel.tree._rows[kind]


def click_box(panel, kind):
    row_of(panel, kind).setCheckState(TITLE, Qt.CheckState.Checked)


def test_lists_metrics_in_groups_with_a_sentence_or_a_reason(panel):
    tree = panel.tree
    groups = [tree.topLevelItem(i).text(TITLE) for i in range(tree.topLevelItemCount())]
    assert groups == ["Likelihood", "Disentanglement"]
    assert row_of(panel, "elbo").text(RESULT).startswith("Bound of -log p(x)")
    mig = row_of(panel, "mig")
    assert mig.text(RESULT) == toy.METRIC_CARDS[2].reason
    assert not mig.flags() & Qt.ItemFlag.ItemIsEnabled
    tree.check(("mig", "elbo"))
    assert tree.checked_kinds() == ("elbo",)


def test_measures_the_checked_ones_with_their_settings_else_the_current_one(panel):
    panel.start.click()
    assert asked(panel, MeasureMetrics)[-1].kinds == ("log-likelihood",)
    panel.detail.form.row("k").set_value(50)
    panel.images.setValue(300)
    panel.part.setCurrentText("Test")
    panel.start.click()
    request = asked(panel, MeasureMetrics)[-1]
    assert request.settings == {"log-likelihood": {"k": 50, "seed": 0}}
    assert (request.count, request.split) == (300, "test")
    click_box(panel, "elbo")
    click_box(panel, "log-likelihood")
    assert panel.start.text() == "Measure 2"
    panel.start.click()
    assert asked(panel, MeasureMetrics)[-1].kinds == ("log-likelihood", "elbo")


def test_numbers_have_error_unit_and_what_they_were_computed_on(panel):
    assert not panel.export.isEnabled()
    panel.controller.show(answers={ReadMeasurements: (toy.measurement("log-likelihood"),)})
    row = row_of(panel, "log-likelihood")
    text = "98.70 ± 0.42 nats per image"
    assert row.text(RESULT) == f"{text} · 1,000 images (test), k = 200, seed 0"
    assert row.child(0).text(RESULT) == "17.30 ± 0.12 nats per image"
    detail = panel.detail
    assert detail.on.text().startswith("Computed on 1,000 images (test), k = 200, seed 0")
    assert detail.notes.text() == "Pixels are binary."
    assert detail.plot.isVisible()
    (curve,) = detail.plot.getPlotItem().listDataItems()
    assert list(curve.getData()[1]) == [104.0, 102.5, 101.1, 100.4, 99.8, 99.3, 98.9, 98.7]
    assert panel.export.isEnabled()
    panel.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["metric", "name", "value"]
    assert len(lines) == 3
    panel.tree.setCurrentItem(row_of(panel, "elbo"))
    assert not detail.plot.isVisible()
    assert detail.form.row("draws") is not None


def test_a_refusal_is_shown_and_what_is_not_saved_is_kept(panel):
    show = panel.controller.show
    reason = "Choose other classes."
    refused = Refusal("elbo", "ELBO", reason)
    found = MeasuredMetrics((toy.measurement("log-likelihood"), refused), saved=False)
    show(answers={MeasureMetrics: found})
    assert row_of(panel, "elbo").text(RESULT) == reason
    show(answers={MeasureMetrics: MeasuredMetrics((toy.measurement("elbo"),), saved=False)})
    assert [each.metric for each in panel.measurements()] == ["log-likelihood", "elbo"]
    # Other codes are of another model, or of other weights.
    show(codes=toy.codes(seed=1), answers={MeasureMetrics: None})
    assert panel.measurements() == ()


def test_says_why_nothing_can_be_measured_in_training(panel):
    panel.controller.show(run=Run(), following=True)
    assert not panel.start.isEnabled()
    assert panel._hint.text() == panel.start.toolTip() == TRAINING_TEXT


def test_shows_progress_and_a_way_out(panel):
    panel.controller.show(working={MeasureMetrics: Progress("Drawing codes", 0.25)})
    assert panel.work.isVisible()
    assert panel.work.progress.value() == 250
    assert not panel.start.isEnabled()
    panel.work.stop.click()
    assert panel.controller.asked[-1] == ("cancel", MeasureMetrics)


def test_is_side_by_side_where_there_is_room(panel):
    assert panel._split.orientation() is Qt.Orientation.Vertical
    panel.resize(900, 420)
    assert panel._split.orientation() is Qt.Orientation.Horizontal


def test_without_a_decoder_the_dock_says_why():
    card = toy.card()
    assert not why_not(DECODER, card)
    from dataclasses import replace

    without = replace(card, abilities=card.abilities - {Ability.DECODE})
    assert why_not(DECODER, without)


def test_the_newest_number_counts():
    old = toy.measurement("elbo").model_copy(update={"time": 1.0})
    new = toy.measurement("elbo", 5).model_copy(update={"time": 2.0})
    assert newest((new, old))["elbo"] is new
    assert len(as_text((old, new)).splitlines()) == 5


def test_measures_saves_and_shows_again_in_the_window(desk, tmp_path, monkeypatch):
    desk.go("analyse")
    desk.window.docks["metrics"].raise_()
    panel = desk.panel("metrics")
    desk.until(lambda: panel.tree._rows)
    panel.tree.check(("elbo",))
    panel.images.setValue(3)
    desk.hand.click(panel.start)
    desk.until(panel.export.isEnabled)
    assert "98.70 ± 0.42" in row_of(panel, "elbo").text(RESULT)
    for ending in ("csv", "json"):
        path = tmp_path / f"metrics.{ending}"
        chosen = (str(path), "")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: chosen)
        panel.export.click()
        desk.until(path.exists)
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == ["ELBO, rate and distortion", "Rate"]
    (saved,) = json.loads((tmp_path / "metrics.json").read_text())
    assert saved["series"][0]["name"] == "Bound over k"
    # The numbers of a run are there at once when it is opened again.
    desk.controller.runs.open(desk.state.model.source)
    desk.settle()
    desk.until(lambda: "98.70" in row_of(panel, "elbo").text(RESULT))


def test_a_long_measurement_is_cancelled_in_the_window(desk):
    desk.go("analyse")
    desk.window.docks["metrics"].raise_()
    panel = desk.panel("metrics")
    desk.until(lambda: panel.tree._rows)
    panel.images.setValue(99_999)
    desk.hand.click(panel.start)
    desk.until(panel.work.stop.isVisible)
    desk.hand.click(panel.work.stop)
    desk.until(lambda: MeasureMetrics not in desk.state.working)
    desk.settle()
    assert desk.state.answer(MeasureMetrics) is None
    assert panel.start.isEnabled()


def test_behind_its_tab_it_asks_nothing(desk):
    desk.go("analyse")
    assert not any(type(request) is ListMetrics for request in desk.lab.asked)


def test_rows_over_their_own_names_are_drawn_as_a_matrix(qtbot):
    plot = SeriesPlot()
    qtbot.addWidget(plot)
    names, values = ("cat", "dog"), ((0.5, -0.25), (-0.25, 1.0))
    rows = [
        Series(name=name, x_name="class", y_name="class", x=names, y=y)
        for name, y in zip(names, values, strict=True)
    ]
    plot.show_measurement(toy.measurement("log-likelihood").model_copy(update={"series": (*rows,)}))
    (image,) = [each for each in plot.getPlotItem().items if isinstance(each, pg.ImageItem)]
    np.testing.assert_array_equal(image.image, values)
    assert tuple(image.levels) == (-1, 1)
    plot.show_measurement(toy.measurement("log-likelihood"))
    assert plot.getPlotItem().getAxis("left")._tickLevels is None
