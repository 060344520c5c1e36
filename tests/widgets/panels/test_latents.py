"""The Latents panel shows each dimension in each epoch, and its mu and sigma."""

from dataclasses import replace

import numpy as np
import pytest
import toy
from panel_support import latents, portrait
from PySide6.QtCore import QPointF
from toy import codes

from latentlab.latent.dimensions import Components, kl_per_dimension
from latentlab.session.abilities import ALL, STANDARD_PRIOR
from latentlab.session.axes import DimensionStatistics
from latentlab.session.curves.latent_curves import ACTIVE_TIP, NOT_MEASURED, WEAK_TIP
from latentlab.session.directions import MeasureDimensions
from latentlab.session.runs import Run, RunLog
from latentlab.widgets.panels.latents.panel import LatentsPanel
from latentlab.widgets.panels.latents.plots import standard_normal_pdf


@pytest.fixture
def panel(show_panel):
    return show_panel(LatentsPanel, log=RunLog(latents=latents(30, 20), portrait=portrait(30, 20)))


def test_without_images_it_says_what_would_be_here(show_panel):
    panel = show_panel(LatentsPanel)
    assert panel._empty.isVisible()
    assert not panel._plots.isVisible()


def test_without_gaussian_posteriors_or_the_standard_prior_it_says_why(show_panel):
    """The means and deviations stay; the dashed curves of N(0, 1) do not."""
    card = replace(toy.card(4), abilities=ALL - STANDARD_PRIOR)
    panel = show_panel(LatentsPanel, model=card, log=RunLog(portrait=portrait(3, 4)))
    assert panel.text.text() == NOT_MEASURED
    assert not panel._empty.isVisible()
    for hidden in (panel.heat, panel.split, panel.bars, panel.bar):
        assert not hidden.isVisible()
    for plot in (panel.mu, panel.sigma):
        assert plot.isVisible()
        assert not plot.expected.isVisible()
    assert panel.dimension.count() == 5
    panel.controller.show(model=toy.card(4), log=RunLog(latents=latents(3, 4)))
    assert panel.heat.isVisible()
    assert panel.mu.expected.isVisible()


def test_a_row_for_each_dimension_and_a_column_for_each_epoch(panel):
    shown = panel.controller.state.log.latents
    np.testing.assert_array_equal(panel.heat.image.image, shown.kl.T)
    assert panel.heat.getViewBox().yInverted()
    assert panel.text.text().startswith(f"{shown.active[-1]} of 20 active")


def test_weak_dimensions_are_counted_and_the_text_is_not_cut(panel):
    """At a width where the scale and the choice do not fit beside it, they move down."""
    kl = np.array([[3.0, 0.012, 0.2, 0.24, 0.001, 2.0, 1.5, 0.1]])
    few = replace(latents(1, 8), kl=kl)
    panel.resize(260, 300)
    panel.controller.show(latents=few)
    assert panel.text.text() == "7 of 8 active · 4 weak · 7.1 nats"
    panel.layout().activate()
    assert panel.text.shown_text == panel.text.text()


def test_the_first_dimension_is_labelled(panel):
    panel.controller.show(latents=latents(3, 8))
    panel.heat.resize(300, 110)
    labels = [text for _, text in panel.heat.getAxis("left")._tickLevels[0]]
    assert labels[0] == "z1"


@pytest.mark.parametrize(("count", "size"), [(1, 1), (2, 3), (300, 64), (2000, 512)])
def test_any_number_of_epochs_and_dimensions(show_panel, count, size):
    panel = show_panel(
        LatentsPanel, log=RunLog(latents=latents(count, size), portrait=portrait(count, size))
    )
    image = panel.heat.image.image
    assert image.shape[0] == size
    assert image.shape[1] <= 600
    np.testing.assert_array_equal(image[:, -1], panel.controller.state.log.latents.kl[-1])
    (left, right), (low, high) = panel.heat.viewRange()
    assert (left, right) == pytest.approx((0.5, count + 0.5))
    assert (low, high) == pytest.approx((0.5, size + 0.5))
    assert not panel.grab().isNull()


def test_pointing_tells_dimension_epoch_and_nats(panel):
    shown = panel.controller.state.log.latents
    cell = panel.heat.cell_at(QPointF(12.3, 7.4))
    assert (cell.dimension, cell.epoch, cell.nats) == (6, 12.0, shown.kl[11, 6])
    before = panel.text.text()
    panel.heat.pointed.emit(cell)
    assert panel.text.text() == f"z7 · epoch 12 · {shown.kl[11, 6]:.3f} nats"
    panel.heat.pointed.emit(None)
    assert panel.text.text() == before
    for outside in (QPointF(12, 0.2), QPointF(12, 21), QPointF(-3, 5), QPointF(40, 5)):
        assert panel.heat.cell_at(outside) is None


def test_a_tip_tells_how_the_codes_lie(panel, show_panel):
    assert panel.text.toolTip().removeprefix(f"{ACTIVE_TIP} {WEAK_TIP} ") == (
        "For 90% of the held-out images the nearest other code is of the same class; by chance it "
        "would be 10%. Along straight lines between codes the distances between successive images "
        "vary by 22% of their mean; a linear decoder has 0%."
    )
    unknown = np.full(3, np.nan)
    older = replace(latents(3, 2), same_class=unknown, by_chance=unknown, unevenness=unknown)
    panel = show_panel(LatentsPanel, log=RunLog(latents=older, portrait=portrait(3, 2)))
    assert panel.text.toolTip() == f"{ACTIVE_TIP} {WEAK_TIP}"


def test_a_click_shows_one_dimension_and_another_all_again(panel):
    panel.heat.chosen.emit(4)
    assert panel.dimension.currentText() == "z5"
    alone = panel.controller.state.portrait.mu[:, 4]
    edges, density = panel.mu.bars.xData, panel.mu.bars.yData
    counts, _ = np.histogram(alone, edges)
    np.testing.assert_allclose(density * np.diff(edges), counts / len(alone), atol=1e-6)
    panel.heat.chosen.emit(4)
    assert panel.dimension.currentText() == "all z"


def test_histograms_are_densities_beside_the_priors(panel):
    for plot in (panel.mu, panel.sigma):
        edges, density = plot.bars.xData, plot.bars.yData
        assert (density * np.diff(edges)).sum() == pytest.approx(1)
    x = panel.mu.expected.xData
    np.testing.assert_allclose(panel.mu.expected.yData, standard_normal_pdf(x))
    assert panel.sigma.expected.value() == 1.0


def test_wild_values_neither_vanish_nor_break_it(show_panel):
    wild = portrait(3, 2)
    wild.mu[:5] = 1e6
    wild.sigma[:5] = np.nan
    panel = show_panel(LatentsPanel, log=RunLog(latents=latents(3, 2), portrait=wild))
    assert (panel.mu.bars.yData * np.diff(panel.mu.bars.xData)).sum() == pytest.approx(1)


def test_both_parts_of_kl_and_what_caps_one(panel):
    shown = panel.controller.state.log.latents
    np.testing.assert_array_equal(panel.split.information.yData, shown.mutual_information)
    np.testing.assert_array_equal(panel.split.marginal.yData, shown.marginal_kl)
    assert panel.split.cap.value() == pytest.approx(np.log(shown.images))


def test_a_portrait_of_fewer_dimensions_than_chosen(panel):
    """The run before had more: its choice must not point outside."""
    panel.dimension.setCurrentIndex(20)
    panel.controller.show(portrait=portrait(1, 2))
    assert panel.mu.bars.yData is not None


def test_while_training_it_waits_to_be_drawn(panel, until):
    panel.controller.show(run=Run("training"))
    more = latents(31, 20)
    panel.controller.show(latents=more)
    assert panel.heat.image.image.shape == (20, 30)
    until(lambda: panel.heat.image.image.shape == (20, 31))


def test_wide_it_stands_in_one_row(panel, until):
    plots = (panel.heat, panel.split, panel.mu, panel.sigma)
    panel.resize(1200, 250)
    until(lambda: len({plot.y() for plot in plots}) == 1)
    panel.resize(480, 250)
    until(lambda: panel.split.y() >= panel.heat.geometry().bottom())
    assert panel.mu.x() > panel.heat.x()


def test_a_run_without_portraits_shows_the_rest(show_panel):
    panel = show_panel(LatentsPanel, log=RunLog(latents=latents(5, 3)))
    assert panel.heat.isVisible()
    assert not panel.mu.isVisible()


# A model without a log, as the shipped ones


@pytest.fixture
def without_log(show_panel):
    some = codes(5)
    some.mu[:, 3] *= 1e-3
    some.sigma[:, 3] = 1
    kl = kl_per_dimension(some)
    components = Components(np.eye(5), np.ones(5))
    measured = DimensionStatistics(some, kl, components)
    return show_panel(LatentsPanel, codes=some, answers={MeasureDimensions: measured})


def test_a_model_without_a_log_shows_the_kl_of_its_codes(without_log):
    panel = without_log
    kl = panel.controller.state.answer(MeasureDimensions).kl
    assert panel.bars.isVisible()
    assert not panel.heat.isVisible()
    assert not panel._empty.isVisible()
    np.testing.assert_array_equal(panel.bars.bars.opts["height"], kl)
    assert panel.text.text() == f"4 of 5 active · {kl.sum():.1f} nats"
    assert "Burda" in panel.text.toolTip()
    brushes = [brush.color().name() for brush in panel.bars.bars.opts["brushes"]]
    assert [name == brushes[0] for name in brushes] == [True, True, True, False, True]


def test_a_bar_tells_its_nats_and_shows_one_dimension(without_log):
    panel = without_log
    kl = panel.controller.state.answer(MeasureDimensions).kl
    panel.bars.pointed.emit(panel.bars.cell_at(QPointF(2.3, 0)))
    assert panel.text.text() == f"z2 · {kl[1]:.3f} nats"
    assert panel.bars.cell_at(QPointF(5.7, 0)) is None
    panel.bars.chosen.emit(1)
    edges, density = panel.mu.bars.xData, panel.mu.bars.yData
    counts, _ = np.histogram(panel.controller.state.codes.mu[:, 1], edges)
    np.testing.assert_allclose(density * np.diff(edges), counts / 90, atol=1e-6)


def test_a_log_takes_the_place_of_the_codes(without_log, until):
    without_log.controller.show(latents=latents(3, 5), portrait=portrait(3, 5))
    assert without_log.heat.isVisible()
    assert not without_log.bars.isVisible()


def test_the_codes_are_measured_only_without_a_log(make_desk):
    desk = make_desk()
    asked = [request for request in desk.lab.asked if isinstance(request, MeasureDimensions)]
    assert not asked
    panel = desk.panel("latents")
    desk.until(lambda: desk.state.answer(MeasureDimensions))
    desk.until(panel.bars.isVisible)
