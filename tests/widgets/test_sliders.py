"""Sliders: one dimension at a time, in units of the data's own spread."""

import numpy as np
import pytest
from gui_support import RIGHT
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QStyle, QStyleOptionSlider, QToolButton

from latentlab.widgets.panels.sliders import REACH


def handle_of(slider):
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    style = slider.style()
    rect = style.subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider)
    return rect.center()


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
        assert row.slider.value() / row.slider.maximum() * REACH == pytest.approx(
            wanted[d], abs=REACH / 700
        )
        assert row._value.text() == f"{wanted[d]:+.2f} σ"


@pytest.mark.parametrize("dimension", [0, 3])
def test_dragging_moves_one_dimension_and_is_one_undo(big, dimension):
    big.controller.go_home()
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
    tick = slider.value() / slider.maximum() * REACH
    assert tick > 0.3
    assert sigmas(big)[dimension] == pytest.approx(tick, abs=1e-4)
    assert after.label == before.point.label
    assert big.state.picture.point == after
    big.controller.undo()
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
    big.controller.undo()
    assert (big.state.point, big.state.original) == (before.point, before.original)


def test_arrow_keys_step(big):
    slider = big.panel("sliders").rows[1].slider
    big.controller.go_home()
    slider.setFocus()
    for _ in range(3):
        big.hand.key(Qt.Key.Key_Right)
    assert sigmas(big)[1] == pytest.approx(3 * REACH / 700, abs=1e-4)
    big.hand.key(Qt.Key.Key_PageUp)
    assert sigmas(big)[1] == pytest.approx(3 * REACH / 700 + REACH / 7, abs=1e-4)


def test_reset_is_grey_at_the_default(big):
    big.controller.go_home()
    panel = big.panel("sliders")
    resets = [row._reset for row in panel.rows]
    assert not any(reset.isEnabled() for reset in resets)
    assert not panel.reset.isEnabled()
    big.controller.set_point(big.state.point.along({2: 4.0}))
    assert [reset.isEnabled() for reset in resets] == [False, False, True, False, False]
    assert panel.reset.isEnabled()
    slider_of(big, 2)
    big.hand.click(resets[2])
    assert big.state.point.z[2] == pytest.approx(big.state.codes.center[2])
    assert not resets[2].isEnabled()
    assert not panel.reset.isEnabled()


def test_right_click_resets_that_one(big):
    big.controller.set_point(big.state.point.along({1: 2.0, 2: 3.0}))
    before = big.state.point
    slider = slider_of(big, 2)
    big.hand.click(slider, QPoint(10, slider.height() // 2), RIGHT)
    after = big.state.point
    assert after.z[2] == pytest.approx(big.state.codes.center[2])
    assert after.z[1] == 2.0
    big.controller.undo()
    assert big.state.point == before


def test_z_beyond_the_sliders_reach_is_told_and_kept(big):
    """A slider stops at its end; z does not."""
    big.controller.set_point(big.state.point.along({0: 50.0}))
    row = big.panel("sliders").rows[0]
    assert row.slider.value() == row.slider.maximum()
    assert row._value.text() == f"{sigmas(big)[0]:+.2f} σ"
    assert big.state.point.z[0] == 50.0


def test_labels_are_marked_and_chosen(big):
    """Names too long for buttons stand in a list; z stays where it is."""
    picker = big.panel("sliders").label
    assert picker._list.isVisible()
    assert picker._list.currentIndex() == big.state.point.label
    before = big.state.point
    picker._list.setFocus()
    big.hand.key(Qt.Key.Key_Home)
    big.controller.set_label(2)
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
