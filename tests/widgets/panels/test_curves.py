"""The Curves panel, on toy curves."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import toy
from gui_support import wait
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from stub_controller import StubController, discard

from latentlab.learning.events import Change
from latentlab.session.palette import CLASS_COLOURS
from latentlab.session.runs import Compare, ComparedRun, Run, RunLog
from latentlab.widgets.panels.curves.arrangement import best_rows
from latentlab.widgets.panels.curves.change_marks import change_label, change_tooltip
from latentlab.widgets.panels.curves.loss_plot import SPLITS
from latentlab.widgets.panels.curves.panel import CurvesPanel
from latentlab.widgets.panels.curves.smoothing import (
    exponential_moving_average,
    log_ticks,
    y_limits,
)

LEFT = Qt.MouseButton.LeftButton
BETA = Change(30, 1.5, "objective.beta", 4.0)
RATE = Change(80, 3.25, "training.learning_rate", 3e-4)


@pytest.fixture
def panel(application, own_place):
    panel = CurvesPanel(StubController(log=RunLog(curves=toy.curves(6))))
    panel.resize(700, 300)
    panel.show()
    yield panel
    discard(panel)


def drawn(item):
    x, y = item.getData()
    return (np.empty(0), np.empty(0)) if x is None else (x, y)


def labels(plot):
    return plot.marks.labels


def legend(panel):
    return panel._beside.text() or panel._wrapped.text()


# Arithmetic


def test_smoothing_is_the_fading_mean():
    x = np.array([0.5, 1.0, 2.0, 2.25, 7.0])
    y = np.array([3.0, -1.0, 4.0, 1.0, 5.0])
    weights = np.tril(np.exp(-(x[:, None] - x) / 1.5))
    np.testing.assert_allclose(exponential_moving_average(x, y, 1.5), weights @ y / weights.sum(1))
    assert exponential_moving_average(x, y, 0) is y


def test_smoothing_stays_finite_over_many_epochs():
    x = np.linspace(0, 5000, 20_000)
    np.testing.assert_allclose(exponential_moving_average(x, np.full(len(x), 7.0), 0.5), 7.0)
    y = np.sin(x)
    np.testing.assert_allclose(
        exponential_moving_average(x, y, 0.5)[-300:],
        exponential_moving_average(x[-600:], y[-600:], 0.5)[-300:],
    )


def test_smoothing_passes_over_what_is_no_number():
    x, y = np.arange(5.0), np.array([1.0, np.nan, 1.0, np.inf, 1.0])
    np.testing.assert_allclose(exponential_moving_average(x, y, 2.0), 1.0)


def test_limits_leave_out_the_steep_beginning():
    loss = np.array([900.0, *np.linspace(110, 100, 99)])
    assert y_limits([loss], [], outliers=False)[1] < 111
    assert y_limits([loss], [], outliers=True) == (100, 900)
    assert y_limits([np.full(4, 5.0)], [], outliers=False) == (4, 6)
    assert y_limits([np.array([np.nan])], [], outliers=False) == (0, 1)


def test_limits_look_within_epochs_while_there_are_few():
    assert y_limits([np.array([3.0])], [np.array([9.0, 2.0])], outliers=False)[0] == 2
    assert y_limits([np.full(3, 3.0)], [np.array([9.0, 2.0])], outliers=False) == (2, 4)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (100, 200, [100, 150, 200]),
        (0.5, 60, [0.5, 1, 2, 5, 10, 20, 50]),
        (1e-8, 100, [1e-8, 1e-4, 1]),
    ],
)
def test_log_ticks_are_round(low, high, ticks):
    count = 3 if high / low != 120 else 8
    assert log_ticks(low, high, count) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("count", "width", "height", "rows"),
    [
        (3, 620, 320, (3,)),
        (3, 940, 600, (1, 2)),
        (3, 600, 150, (3,)),
        (3, 300, 500, (1, 1, 1)),
        (3, 330, 160, (2, 1)),
        (6, 1100, 300, (3, 3)),
        (5, 700, 250, (3, 2)),
        (1, 700, 90, (1,)),
        (2, 90, 300, (1, 1)),
        (0, 700, 90, ()),
    ],
)
def test_plots_are_arranged_as_large_as_fits(count, width, height, rows):
    assert best_rows(count, width, height) == rows


# The panel


def test_every_term_has_a_plot(panel, until):
    assert list(panel.plots) == ["loss", "reconstruction", "kl"]
    more = {("train", name): (np.arange(1.0, 4), np.ones(3)) for name in ("free_bits", "capacity")}
    panel.controller.show(curves={**toy.curves(6), **more})
    assert list(panel.plots) == ["loss", "reconstruction", "kl", "free_bits", "capacity"]

    def apart():
        rooms = [plot.parentWidget().geometry() for plot in panel.plots.values()]
        return all(not a.intersects(b) for i, a in enumerate(rooms) for b in rooms[:i])

    until(apart)
    panel.controller.show(curves=toy.curves(6))
    assert list(panel.plots) == ["loss", "reconstruction", "kl"]


def test_nothing_to_show_is_said(panel):
    panel.controller.show(curves={})
    assert panel._empty.isVisible()
    assert not panel.options.isVisible()
    assert not panel.grid.isVisible()


def test_best_epoch_is_marked(panel):
    losses = np.array([9.0, 7.0, 8.0])
    panel.controller.show(curves={("validation", "loss"): (np.arange(1.0, 4), losses)})
    assert [float(v[0]) for v in drawn(panel.plots["loss"].best)] == [2, 7]
    assert "best&nbsp;7.0&nbsp;at&nbsp;epoch&nbsp;2" in legend(panel)


def test_losses_of_8_bit_likelihoods_are_also_in_bits_per_dimension(panel):
    """At the best epoch; other likelihoods have none."""
    pixels = toy.SPEC.pixels
    ends, bits = np.arange(1.0, 4), pixels * np.log(2)
    curves = {
        ("validation", "loss"): (ends, np.array([9.0, 7.0, 8.0])),
        ("validation", "reconstruction"): (ends, bits * np.array([3.0, 1.5, 2.5])),
        ("validation", "kl"): (ends, bits * np.array([1.0, 0.5, 0.5])),
    }
    for likelihood in ("discretized-logistic", "gaussian"):
        recipe = {"model": {"likelihood": {"kind": likelihood}}}
        panel.controller.show(curves=curves, model=toy.card(recipe=recipe))
        said = "2.000&nbsp;bits&nbsp;per&nbsp;dimension" in legend(panel)
        assert said == (likelihood == "discretized-logistic")


def test_a_discriminator_has_a_curve(panel):
    ends = np.arange(1.0, 4)
    names = ("loss", "reconstruction", "kl", "factor", "discriminator")
    panel.controller.show(curves={("train", name): (ends, ends) for name in names})
    assert list(panel.plots) == list(names)


def test_test_loss_is_a_star_apart_from_the_curves(panel):
    ends = np.arange(1.0, 4)
    curves = {("validation", "loss"): (ends, ends), ("train", "loss"): (ends, ends)}
    panel.controller.show(curves={**curves, ("test", "loss"): (ends[2:], np.array([9.0]))})
    plot = panel.plots["loss"]
    assert [float(v[0]) for v in drawn(plot.test)] == [3, 9]
    assert plot.getViewBox().viewRange()[1][1] >= 9
    assert "★</span>&nbsp;test" in legend(panel)
    panel.controller.show(curves=curves)
    assert not len(drawn(plot.test)[0])
    assert "★" not in legend(panel)


def test_best_counts_from_the_last_change_of_the_objective(panel):
    losses = np.array([5.0, 90.0, 80.0, 85.0])
    panel.controller.show(
        curves={("validation", "loss"): (np.arange(1.0, 5), losses)}, changes=(BETA, RATE)
    )
    assert [float(v[0]) for v in drawn(panel.plots["loss"].best)] == [3, 80]


def test_log_axis_by_plot_is_remembered(panel):
    log = panel._cells["kl"].log
    QTest.mouseClick(log, LEFT)
    kl = toy.curves(6)["validation", "kl"][1]
    np.testing.assert_allclose(drawn(panel.plots["kl"].curves["validation"])[1], np.log10(kl))
    loss = toy.curves(6)["validation", "loss"][1]
    np.testing.assert_allclose(drawn(panel.plots["loss"].curves["validation"])[1], loss)
    again = CurvesPanel(panel.controller)
    again.show()
    checked = {name: cell.log.isChecked() for name, cell in again._cells.items()}
    discard(again)
    assert checked == {"loss": False, "reconstruction": False, "kl": True}


def test_collapse_to_zero_is_seen_on_a_log_axis(panel):
    panel._cells["kl"].log.setChecked(True)
    kl = np.array([10.0, 0.1, 0.0, 0.0])
    panel.controller.show(curves={("validation", "kl"): (np.arange(1.0, 5), kl)})
    y = drawn(panel.plots["kl"].curves["validation"])[1]
    np.testing.assert_allclose(y, [1, -1, -2, -2])
    assert panel.plots["kl"].viewRange()[1][0] < -2


def test_loss_below_zero_stays_linear_and_says_so(panel):
    panel._cells["loss"].log.setChecked(True)
    loss = np.array([10.0, -5.0, -9.0])
    panel.controller.show(curves={("validation", "loss"): (np.arange(1.0, 4), loss)})
    np.testing.assert_allclose(drawn(panel.plots["loss"].curves["validation"])[1], loss)
    assert "below 0" in panel._cells["loss"].head.text()


def test_smoothed_lines_lie_over_faint_ones(panel):
    plot = panel.plots["loss"]
    assert not plot.smooth["validation"].isVisible()
    panel.options.smoothing.setValue(2.0)
    x, y = toy.curves(6)["validation", "loss"]
    np.testing.assert_allclose(
        drawn(plot.smooth["validation"])[1], exponential_moving_average(x, y, 2.0)
    )
    np.testing.assert_allclose(drawn(plot.curves["validation"])[1], y)
    assert plot.curves["validation"].opts["pen"].color().alphaF() < 0.5
    panel.options.smoothing.setValue(0.0)
    assert plot.curves["validation"].opts["pen"].color().alphaF() == 1


def test_last_epochs_alone(panel):
    panel.controller.show(curves=toy.curves(90))
    assert panel.plots["loss"].viewRange()[0][0] < 2
    panel.options.last.setCurrentText("Last 20")
    left, right = panel.plots["loss"].viewRange()[0]
    assert left == pytest.approx(70, abs=2)
    assert right == pytest.approx(90, abs=2)
    assert panel.plots["loss"].viewRange()[1][1] < 100 / 60


def test_outliers_are_shown_when_asked_for(panel):
    panel.controller.show(curves=toy.curves(90))
    assert panel.plots["loss"].viewRange()[1][1] < 80
    QTest.mouseClick(panel.options.outliers, LEFT)
    assert panel.plots["loss"].viewRange()[1][1] > 100


def test_changes_are_marked(panel):
    panel.controller.show(changes=(BETA, RATE))
    assert labels(panel.plots["loss"]) == ["beta 4", "lr 0.0003"]
    assert labels(panel.plots["kl"]) == []
    assert [line.value() for line in panel.plots["kl"].marks.lines] == [1.5, 3.25]
    assert "epoch 1.50 (step 30)" in panel.plots["kl"].marks.lines[0].toolTip()
    panel.controller.show(changes=())
    assert labels(panel.plots["loss"]) == []
    assert change_label(RATE) == "lr 0.0003"
    assert change_tooltip(BETA) == "objective.beta was set to 4 at epoch 1.50 (step 30)"


def test_runs_are_compared_in_colours_of_their_own(panel):
    runs = [ComparedRun(f"beta {i}", Path(f"/{i}"), toy.curves(4 + i)) for i in (1, 2)]
    panel.controller.show(answers={Compare: tuple(runs)})
    first, second = panel.plots["loss"].others
    np.testing.assert_allclose(drawn(second)[0], np.arange(1.0, 7))
    assert first.opts["pen"].color() != second.opts["pen"].color()
    assert panel._below.isVisible()
    for run, item in zip(runs, (first, second), strict=True):
        assert run.name.replace(" ", "&nbsp;") in legend(panel)
        assert item.opts["pen"].color().name() in legend(panel)
    QTest.mouseClick(panel.options.alone, LEFT)
    assert panel.controller.asked == [("runs.compare", ())]
    panel.controller.show(answers={Compare: ()})
    assert panel.plots["loss"].others == []
    assert "beta" not in legend(panel)


def test_open_run_is_drawn_once_where_it_is_compared(panel):
    runs = [ComparedRun(f"beta {i}", Path(f"/toys/{i}"), toy.curves(5)) for i in ("toy", "big")]
    panel.controller.show(model=toy.card(), answers={Compare: tuple(runs)})
    assert len(panel.plots["loss"].others) == 1
    assert "validation,&nbsp;beta&nbsp;toy" in legend(panel)


def test_values_under_the_mouse_are_read_out(panel):
    plot = panel.plots["loss"]
    box = plot.getViewBox()
    (left, right), _ = box.viewRange()
    room = box.sceneBoundingRect()
    x = room.left() + (2.1 - left) / (right - left) * room.width()
    QTest.mouseMove(plot.viewport(), QPoint(round(x), round(room.center().y())))
    assert "50.00" in panel._cells["loss"].head.text()
    assert "7.50" in panel._cells["kl"].head.text()
    assert "epoch&nbsp;2" in legend(panel)
    assert panel.plots["kl"].pointer.value() == 2
    plot.hovered.emit(None)
    assert "50.00" not in panel._cells["loss"].head.text()
    assert not panel.plots["kl"].pointer.isVisible()


def test_curves_are_saved(panel, monkeypatch, tmp_path):
    where = tmp_path / "curves.csv"
    monkeypatch.setattr("latentlab.widgets.panels.curves.panel.ask_save_path", lambda *asked: where)
    QTest.mouseClick(panel.options.save, LEFT)
    assert panel.controller.asked == [("runs.export_curves", where)]


def test_redraws_are_few_while_training(panel, until):
    draws = []
    draw = panel.plots["loss"].show_curves
    panel.plots["loss"].show_curves = lambda *seen: (draws.append(1), draw(*seen))
    for i in range(20):
        panel.controller.show(run=Run(phase="training"), curves=toy.curves(7 + i))
    assert not draws
    until(lambda: draws)
    assert len(drawn(panel.plots["loss"].curves["train"])[0]) == 26
    assert len(draws) == 1


def test_the_legend_is_never_cut(panel, until):
    """Beside the tools where it fits, else in lines below them; hovering does not move it."""
    for width, below in ((1000, False), (420, True)):
        panel.resize(width, 400)
        until(lambda below=below: panel._below.isVisible() == below)
        label = panel._wrapped if below else panel._beside
        needed = label.heightForWidth(label.width()) if below else label.sizeHint().width()
        assert needed <= (label.height() if below else label.width())
        panel.plots["loss"].hovered.emit(2.0)
        assert panel._below.isVisible() == below
        assert "epoch&nbsp;2" in label.text()
        panel.plots["loss"].hovered.emit(None)
    assert panel.width() == 420


def test_many_compared_runs_leave_room_for_the_curves(panel, until):
    runs = [ComparedRun(f"a long name of run {i}", Path(f"/{i}"), toy.curves(5)) for i in range(30)]
    panel.controller.show(answers={Compare: tuple(runs)})
    until(lambda: panel._below.verticalScrollBar().maximum() > 0)
    assert panel._below.height() < 70
    assert panel.grid.height() > 150


def test_labels_of_changes_stand_above_the_lines_and_apart(panel, until):
    """The latest is labelled where not all fit."""
    many = tuple(
        Change(10 * i, 1 + 0.1 * i, "training.learning_rate", 10.0**-i) for i in range(1, 9)
    )
    panel.controller.show(changes=(*many, Change(90, 5.9, "objective.beta", 4.0)))
    plot = panel.plots["loss"]
    axis, box = plot.getPlotItem().getAxis("top"), plot.getViewBox()
    until(lambda: axis.isVisible() and axis.height() > 0)
    assert axis.sceneBoundingRect().bottom() <= box.sceneBoundingRect().top() + 1
    assert plot.marks.labels[-1] == "beta 4"
    assert 1 < len(plot.marks.labels) < 9
    assert len(plot.marks.lines) == 9
    metrics = QFontMetrics(axis.style["tickFont"])
    (left, right), _ = box.viewRange()
    ticks = sorted((x - left) / (right - left) * box.width() for x, _ in axis._tickLevels[0])
    halves = [metrics.horizontalAdvance(text) / 2 for text in plot.marks.labels]
    ends = [(x - half, x + half) for x, half in zip(ticks, halves, strict=True)]
    assert all(a[1] < b[0] for a, b in pairwise(ends))
    assert ends[-1][1] <= box.width() + 1


def test_values_that_do_not_fit_are_left_out(panel, until):
    panel.resize(400, 300)
    runs = [ComparedRun(f"beta {i}", Path(f"/{i}"), toy.curves(5)) for i in range(6)]
    panel.controller.show(answers={Compare: tuple(runs)})
    head = panel._cells["loss"].head
    for width in (400, 700, 1400):
        panel.resize(width, 300)
        until(lambda width=width: panel.grid.width() > 0.9 * width)
        panel.plots["loss"].hovered.emit(2.0)
        assert head.sizeHint().width() <= head.width()
        assert "Los" in head.text()


def test_curves_of_the_open_run_have_no_colour_of_a_class(panel):
    shown = [panel.plots["loss"].curves[split].opts["pen"].color().name() for split in SPLITS]
    assert not {name.lower() for name in shown} & set(CLASS_COLOURS)


# The window


@pytest.mark.parametrize(("workspace", "least"), [("train", 150), ("compare", 60)])
def test_curves_have_room_in_their_workspaces(make_desk, workspace, least):
    """In Train all are large; in a small place there are whole rows, and the rest is scrolled."""
    desk = make_desk(built=("map", "image", "curves"))
    desk.window.resize(1280, 720)
    desk.controller.workspaces.go(workspace)
    desk.settle()
    panel = desk.panel("curves")
    desk.until(lambda: panel.plots)
    wait(100)
    inside = [plot.viewport() for plot in panel.plots.values()]
    shown = [each.visibleRegion().boundingRect().size() for each in inside]
    for plot, visible in zip(panel.plots.values(), shown, strict=True):
        assert visible in (plot.viewport().size(), QSize(0, 0))
        assert plot.getViewBox().height() >= least
    assert sum(map(bool, shown)) == (3 if workspace == "train" else 2)
