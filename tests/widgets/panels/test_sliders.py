"""Sliders: one dimension at a time, in units of the data's own spread."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gui_support import RIGHT, handle_of, wait
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QToolButton
from toy import card, codes, picture_of

from latentlab.latent.dimensions import kl_per_dimension
from latentlab.session.axes import STRIP_POSITIONS, AxisOrder, MeasureLocalAxes
from latentlab.session.directions import MakeSliderStrips
from latentlab.session.model import Decode
from latentlab.session.points import Point
from latentlab.widgets.kit.axis.slider import SLIDER_RANGE_SIGMA, AxisSlider
from latentlab.widgets.kit.axis.strip_updates import DEBOUNCE_MS
from latentlab.widgets.panels.sliders.panel import SlidersPanel
from latentlab.widgets.panels.sliders.row import SliderRow
from latentlab.widgets.panels.sliders.search import matching

BUILT = ("map", "image", "sliders")


def slider_of(desk, dimension):
    """Return a slider, scrolled to where it can be seen."""
    panel = desk.panel("sliders")
    slider = panel.rows[dimension].slider
    panel._area.ensureWidgetVisible(slider)
    return slider


def sigmas(desk):
    """Return where z stands in each dimension, in deviations of the data from their mean."""
    mu = desk.state.codes.mu.astype(float)
    return (np.array(desk.state.point.z) - mu.mean(0)) / mu.std(0)


def test_sliders_show_where_z_is(big):
    wanted = sigmas(big)
    for d, row in enumerate(big.panel("sliders").rows):
        assert row.slider.value() / row.slider.maximum() * SLIDER_RANGE_SIGMA == pytest.approx(
            wanted[d], abs=SLIDER_RANGE_SIGMA / 700
        )
        assert row._value.text() == f"{big.state.point.z[d]:+.2f}"


@pytest.mark.parametrize("dimension", [0, 3])
def test_dragging_moves_one_dimension_and_is_one_undo(big, dimension):
    big.controller.point.go_home()
    big.settle()
    before = big.state
    slider = slider_of(big, dimension)
    start = handle_of(slider)
    seen = []
    for _ in big.hand.drag(slider, start, start + QPoint(30, 0)):
        seen.append(big.state.point.z[dimension])
    big.settle()
    after = big.state.point
    assert len(set(seen)) > 4
    assert seen == sorted(seen)
    for d in range(5):
        if d != dimension:
            assert after.z[d] == before.point.z[d]
    tick = slider.value() / slider.maximum() * SLIDER_RANGE_SIGMA
    assert tick > 0.3
    assert sigmas(big)[dimension] == pytest.approx(tick, abs=1e-4)
    assert after.label == before.point.label
    assert big.state.answer(Decode).point == after
    big.controller.undo.undo()
    assert big.state.point == before.point


def test_touching_a_handle_moves_nothing(big):
    """A press without a move must neither round z nor forget the image it came from."""
    before = big.state
    assert before.original is not None
    slider = big.panel("sliders").rows[0].slider
    big.hand.click(slider, handle_of(slider))
    assert big.state.point == before.point
    assert big.state.original is before.original
    assert big.state.can_undo == before.can_undo


def test_dragging_there_and_back_can_be_undone(big):
    before = big.state
    slider = big.panel("sliders").rows[0].slider
    start = handle_of(slider)
    big.hand.press(slider, start)
    for away in (20, 10, 0):
        big.hand.move(slider, start + QPoint(away, 0))
    big.hand.release(slider, start)
    assert big.state.original is None
    assert big.state.can_undo
    big.controller.undo.undo()
    assert (big.state.point, big.state.original) == (before.point, before.original)


def test_arrow_keys_step(big):
    slider = big.panel("sliders").rows[1].slider
    big.controller.point.go_home()
    slider.setFocus()
    for _ in range(3):
        big.hand.key(Qt.Key.Key_Right)
    assert sigmas(big)[1] == pytest.approx(3 * SLIDER_RANGE_SIGMA / 700, abs=1e-4)
    big.hand.key(Qt.Key.Key_PageUp)
    assert sigmas(big)[1] == pytest.approx(
        3 * SLIDER_RANGE_SIGMA / 700 + SLIDER_RANGE_SIGMA / 7, abs=1e-4
    )


def test_reset_is_grey_at_the_default(big):
    big.controller.point.go_home()
    panel = big.panel("sliders")
    resets = [row._reset for row in panel.rows]
    assert not any(reset.isEnabled() for reset in resets)
    assert not panel.reset.isEnabled()
    big.controller.point.set(big.state.point.along({2: 4.0}))
    assert [reset.isEnabled() for reset in resets] == [False, False, True, False, False]
    assert panel.reset.isEnabled()
    slider_of(big, 2)
    big.hand.click(resets[2])
    assert big.state.point.z[2] == pytest.approx(big.state.codes.center[2])
    assert not resets[2].isEnabled()
    assert not panel.reset.isEnabled()


def test_right_click_offers_to_reset_that_one(big):
    big.controller.point.set(big.state.point.along({1: 2.0, 2: 3.0}))
    before = big.state.point
    slider = slider_of(big, 2)
    big.hand.press(slider, QPoint(10, slider.height() // 2), RIGHT)
    menu = QApplication.activePopupWidget()
    assert menu.actions()[0].text() == "Reset z 3"
    menu.actions()[0].trigger()
    menu.close()
    big.hand.release(slider, QPoint(10, slider.height() // 2), RIGHT)
    after = big.state.point
    assert after.z[2] == pytest.approx(big.state.codes.center[2])
    assert after.z[1] == 2.0
    big.controller.undo.undo()
    assert big.state.point == before


def test_z_beyond_the_sliders_reach_is_told_and_kept(big):
    """A slider stops at its end; z does not."""
    big.controller.point.set(big.state.point.along({0: 50.0}))
    row = big.panel("sliders").rows[0]
    assert row.slider.value() == row.slider.maximum()
    assert row._value.text() == f"{big.state.point.z[0]:+.2f}"
    assert big.state.point.z[0] == 50.0


def test_labels_are_marked_and_chosen(big):
    """Names too long for buttons stand in a list; z stays where it is."""
    picker = big.panel("sliders").label
    assert picker._list.isVisible()
    assert picker._list.currentIndex() == big.state.point.label
    before = big.state.point
    picker._list.setFocus()
    big.hand.key(Qt.Key.Key_Home)
    big.controller.point.set_label(2)
    assert picker._list.currentIndex() == 2
    picker._list.setFocus()
    big.hand.key(Qt.Key.Key_Up)
    assert big.state.point.label == 1
    assert len(before.z) == len(big.state.point.z)
    assert not picker.findChildren(QToolButton)


def test_random_and_reset_buttons(big):
    panel = big.panel("sliders")
    before = big.state.point
    big.hand.click(panel.random)
    assert big.state.point.z != before.z
    assert big.state.point.label == before.label
    big.hand.click(panel.reset)
    assert big.state.point.z == pytest.approx(big.state.codes.center.tolist())


# Orders and pictures


def order(desk, text):
    panel = desk.panel("sliders")
    panel.order.setCurrentText(text)
    desk.settle()
    return panel


def with_a_dead_dimension(desk):
    """Let z2 carry nothing: its posteriors are the prior."""
    codes = desk.state.codes
    mu, sigma = codes.mu.copy(), codes.sigma.copy()
    mu[:, 1] *= 0.01
    sigma[:, 1] = 1
    desk.lab.codes = replace(codes, mu=mu, sigma=sigma)
    desk.controller.store.set(codes=desk.lab.codes)
    desk.settle()


def names(panel):
    return [row.slider.accessibleName() for row in panel.rows]


def test_by_kl_the_one_that_carries_most_comes_first(big):
    with_a_dead_dimension(big)
    panel = order(big, "by KL")
    kl = kl_per_dimension(big.state.codes)
    wanted = np.argsort(-kl)
    assert [row.dimension for row in panel.rows] == wanted.tolist()
    assert wanted[-1] == 1
    assert [row._name.isEnabled() for row in panel.rows] == [True] * 4 + [False]
    assert f"{kl.max():.2f} nats" in panel.rows[0].slider.toolTip()
    assert "carries no information" in panel.rows[-1].slider.toolTip()
    before = np.array(big.state.point.z)
    panel.rows[0].slider.setValue(300)
    moved = np.flatnonzero(np.array(big.state.point.z) != before)
    assert moved.tolist() == [wanted[0]]
    assert sigmas(big)[wanted[0]] == pytest.approx(300 / 700 * SLIDER_RANGE_SIGMA, abs=1e-4)


def test_dead_dimensions_are_grey_in_order_too(big):
    with_a_dead_dimension(big)
    panel = big.panel("sliders")
    assert names(panel) == [f"z {d}" for d in range(1, 6)]
    assert [row._name.isEnabled() for row in panel.rows] == [True, False, True, True, True]


def test_principal_components_move_z_along_them_in_deviations(big):
    panel = order(big, "PCA")
    assert names(panel) == [f"PC {d}" for d in range(1, 6)]
    mu = big.state.codes.mu.astype(float)
    values, vectors = np.linalg.eigh(np.cov(mu.T, bias=True))
    shares = values[::-1] / values.sum()
    assert f"{shares[0]:.1%} of the variance" in panel.rows[0].slider.toolTip()
    assert f"{shares[0]:.0%}" in panel.rows[0]._name.text()
    big.controller.point.go_home()
    for place, tick in ((0, 200), (2, -100)):
        before = np.array(big.state.point.z)
        panel.rows[place].slider.setValue(tick)
        moved = np.array(big.state.point.z) - before
        wanted = tick / 700 * SLIDER_RANGE_SIGMA * np.sqrt(values[-1 - place])
        assert np.linalg.norm(moved) == pytest.approx(abs(wanted), rel=1e-4)
        assert abs(moved @ vectors[:, -1 - place]) == pytest.approx(abs(wanted), rel=1e-4)
    assert panel.rows[0].slider.value() == 200
    back = order(big, "in order")
    assert back.rows[0].slider.value() == round(sigmas(big)[0] / SLIDER_RANGE_SIGMA * 700)


def test_there_and_back_is_exactly_where_it_was(big):
    before = big.state.point
    for text in ("in order", "by KL", "PCA"):
        slider = order(big, text).rows[2].slider
        at = slider.value()
        for tick in (at + 1, at - 200, at):
            slider.setValue(tick)
        assert big.state.point == before


def test_pictures_of_what_can_be_seen_are_made_once_z_stands_still(big):
    panel = big.panel("sliders")
    big.window.resize(1100, 600)
    big.until(lambda: panel.rows[4].strip.visibleRegion().isEmpty())
    big.settle()
    seen = [row for row in panel.rows if not row.strip.visibleRegion().isEmpty()]
    assert 0 < len(seen) < 5
    before = panel.rows[4].strip.tiles
    big.controller.point.randomize()
    here = (big.state.point, big.state.codes)
    big.until(lambda: all(row.strip.tiles and row.strip.is_of(*here) for row in seen))
    assert panel.rows[4].strip.tiles is before
    for row in seen:
        axis = row.slider.axis
        assert [axis.position(p.z) for p in row.strip.tiles.points] == pytest.approx(
            STRIP_POSITIONS
        )
        shown = row.strip._images[6].pixelColor(0, 0).red()
        assert shown == picture_of(row.strip.tiles.points[6])[0, 0]
    slider_of(big, 4)
    panel._area.ensureWidgetVisible(panel.rows[4].strip)
    big.until(lambda: panel.rows[4].strip.is_of(*here))


def test_no_pictures_are_made_during_a_drag(big):
    slider = slider_of(big, 0)
    strip = big.panel("sliders").rows[0].strip
    big.until(lambda: strip.tiles and strip.is_of(big.state.point, big.state.codes))
    big.settle()
    start = handle_of(slider)
    big.hand.press(slider, start)
    big.hand.move(slider, start + QPoint(20, 0))
    asked = len(strips_asked(big))
    wait(2 * DEBOUNCE_MS)
    assert len(strips_asked(big)) == asked
    big.hand.release(slider, start + QPoint(20, 0))
    big.until(lambda: strip.is_of(big.state.point, big.state.codes))
    assert len(strips_asked(big)) == asked + 1


def strips_asked(desk):
    return [request for request in desk.lab.asked if isinstance(request, MakeSliderStrips)]


def test_pictures_below_their_place_on_the_slider(big):
    """A click on a picture moves the handle above it, and is one undo."""
    row = big.panel("sliders").rows[0]
    big.until(lambda: row.strip.tiles)
    before = big.state.point
    cell = row.strip.cell(1)
    big.hand.move(row.strip, cell.center())
    big.until(lambda: big.state.preview)
    assert big.state.preview.point == row.strip.tiles.points[1]
    big.hand.click(row.strip, cell.center())
    assert row.slider.position == pytest.approx(-2)
    assert handle_of(row.slider).x() == pytest.approx(cell.center().x(), abs=2)
    big.hand.move(row.slider)
    assert big.state.preview is None
    big.controller.undo.undo()
    assert big.state.point == before


def test_pictures_can_be_switched_off_and_are_off_for_many(big):
    panel = big.panel("sliders")
    assert panel.pictures.isChecked()
    big.hand.click(panel.pictures)
    assert all(row.strip is None for row in panel.rows)
    big.hand.click(panel.pictures)
    assert all(row.strip for row in panel.rows)


@pytest.fixture
def wide(make_desk):
    """A window with a model of 512 dimensions, few of which carry anything."""
    desk = make_desk()
    desk.lab.models["wide"] = card(512, name="wide")
    desk.controller.runs.open(Path("/toys/wide"))
    desk.settle()
    return desk


def seen(panel):
    return [row for row in panel.rows if not row.slider.visibleRegion().isEmpty()]


def test_many_sliders_have_pictures_where_asked_for(wide):
    panel = wide.panel("sliders")
    assert not panel.pictures.isChecked()
    # Rows become taller with images, so that no more of them are seen afterwards.
    before = len(seen(panel))
    panel.pictures.click()
    first, last = panel.rows[0].strip, panel.rows[-1].strip
    wide.until(lambda: first.tiles)
    assert last.tiles is None
    assert max(len(request.axes) for request in strips_asked(wide)) <= before


def test_many_sliders_are_sorted_by_kl_and_built_as_they_scroll_into_view(wide):
    panel = wide.panel("sliders")
    wanted = np.argsort(-kl_per_dimension(wide.state.codes), kind="stable").tolist()
    assert panel.order.currentText() == AxisOrder.KL
    shown = [row.dimension for row in panel.rows]
    assert shown == wanted[: len(shown)]
    assert len(shown) < 60
    bar = panel._area.verticalScrollBar()
    bar.setValue(bar.maximum())
    wide.settle()
    assert len(panel.rows) < 60
    assert [row.dimension for row in seen(panel)] == wanted[-len(seen(panel)) :]
    assert len(panel.findChildren(SliderRow)) < 120
    row = seen(panel)[-1]
    before = np.array(wide.state.point.z)
    row.slider.setValue(300)
    assert np.flatnonzero(np.array(wide.state.point.z) != before).tolist() == [wanted[-1]]
    bar.setValue(0)
    assert [row.dimension for row in seen(panel)] == wanted[: len(seen(panel))]


def test_a_row_that_has_the_focus_is_kept_while_others_are_scrolled(wide):
    panel = wide.panel("sliders")
    slider = panel.rows[0].slider
    slider.setFocus()
    bar = panel._area.verticalScrollBar()
    bar.setValue(bar.maximum())
    wide.settle()
    assert slider.hasFocus()
    assert panel.rows[0].slider is slider
    first = panel.rows[0].dimension
    before = np.array(wide.state.point.z)
    wide.hand.key(Qt.Key.Key_PageUp)
    assert np.flatnonzero(np.array(wide.state.point.z) != before).tolist() == [first]


def test_the_tab_key_walks_through_all_sliders(wide):
    panel = wide.panel("sliders")
    panel.rows[0].slider.setFocus()
    visited = []
    for _ in range(100):
        slider = QApplication.focusWidget()
        if isinstance(slider, AxisSlider):
            assert not slider.visibleRegion().isEmpty()
            visited.append(slider.accessibleName())
        wide.hand.key(Qt.Key.Key_Tab)
    assert len(set(visited)) > 40


def test_a_search_finds_sliders_by_number(wide):
    panel = wide.panel("sliders")
    panel.search.setFocus()
    wide.hand.type("7, z500-510 511")
    found = {row.dimension + 1 for row in panel.rows}
    assert found == {7, *range(500, 512)}
    assert panel._limit.text() == "13 of 512"
    kl = kl_per_dimension(wide.state.codes)
    assert [row.dimension for row in panel.rows] == sorted(
        (number - 1 for number in found), key=lambda d: -kl[d]
    )
    panel.search.setText("900")
    assert panel.rows == []
    panel.search.clear()
    assert len(panel.rows) > 13
    assert not panel._limit.isVisible()


def test_few_sliders_are_not_searched(big):
    panel = big.panel("sliders")
    assert panel.search.isHidden()
    assert len(panel.rows) == 5


def test_no_size_makes_pictures_and_scroll_bar_chase_each_other(show_panel):
    """Qt falls over its own feet where a scroll bar is wanted without it and not with it."""
    panel = show_panel(SlidersPanel, model=card(5), point=Point((0.0,) * 5), codes=codes(5))
    panel.pictures.setChecked(True)
    for width in (260, 300, 340):
        for height in range(150, 420, 2):
            panel.resize(width, height)
            wait(0)
            tallest = max(row.strip.height() for row in panel.rows)
    assert tallest > 20


@pytest.mark.parametrize("pictures", [True, False])
def test_no_row_is_cut_whatever_the_height(show_panel, until, pictures):
    panel = show_panel(SlidersPanel, model=card(12), point=Point((0.0,) * 12), codes=codes(12))
    panel.pictures.click() if panel.pictures.isChecked() != pictures else None
    area = panel._area

    def is_arranged():
        row = panel.rows[0]
        fits = area.viewport().height() % area.row_height == 0
        return fits and row.height() == row.sizeHint().height()

    for height in (180, 231, 290, 347):
        panel.resize(300, height)
        until(is_arranged)
        shown = area.viewport().height() // area.row_height
        assert shown >= 1
        # As many rows as fit.
        assert area.height() - area.viewport().height() < area.row_height
        bar = area.verticalScrollBar()
        for value in (area.row_height // 2 + 3, area.row_height * 3 - 5, bar.maximum()):
            bar.setValue(value)
            for row in panel.rows:
                bottom = row.strip if row.strip else row.slider
                visible = row.slider.visibleRegion().boundingRect().height()
                assert visible in (0, row.slider.height())
                below = bottom.visibleRegion().boundingRect().height()
                assert below in (0, bottom.height())
                assert (visible > 0) == (below > 0)


def test_numbers_do_not_move_the_sliders(big):
    row = big.panel("sliders").rows[0]
    widths = set()
    for value in (0.0, -1.5, 12.0, 40.0):
        big.controller.point.set(big.state.point.along({0: value}))
        wait(20)
        widths.add((row.slider.width(), row._value.width()))
        assert row._value.sizeHint().width() <= row._value.width()
    assert len(widths) == 1


def test_local_axes_of_another_order_are_not_shown(big):
    panel = big.panel("sliders")
    plain = names(panel)
    panel.order.setCurrentText(AxisOrder.LOCAL)
    big.until(lambda: names(panel) != plain)
    panel.order.setCurrentText(AxisOrder.JACOBIAN)
    assert names(panel) == plain
    big.until(lambda: names(panel) != plain)
    assert big.state.answer(MeasureLocalAxes).order is AxisOrder.JACOBIAN


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", range(1, 31)),
        ("7", [7]),
        ("z7", [7]),
        ("PC 12", [12]),
        ("3, 28-", [3, 28, 29, 30]),
        ("5–7 9", [5, 6, 7, 9]),
        ("7-5", [5, 6, 7]),
        ("-2", [1, 2]),
        ("31", []),
        ("z", range(1, 31)),
    ],
)
def test_numbers_and_ranges_are_searched(text, found):
    assert [number for number in range(1, 31) if matching(text, number)] == list(found)
