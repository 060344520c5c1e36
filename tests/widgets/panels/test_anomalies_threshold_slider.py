"""The threshold: a slider in the unit of its data."""

import numpy as np
import pytest
from gui_support import LEFT, PLAIN
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from latentlab.widgets.panels.anomalies.threshold_slider import ThresholdSlider


@pytest.fixture
def slider(qtbot, application):
    slider = ThresholdSlider()
    qtbot.addWidget(slider)
    slider.resize(216, 80)
    slider.set_values(np.linspace(50, 150, 1001), "{:.0f}".format)
    slider.show()
    return slider


def test_begins_where_one_percent_lies_above(slider):
    assert slider.threshold == pytest.approx(149, abs=0.2)


def test_reaches_from_the_lowest_to_the_highest(slider):
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert slider.threshold == 50
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert slider.threshold == 150
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.threshold == pytest.approx(149.9)


def test_goes_to_where_the_mouse_is_and_follows_it(slider):
    middle = QPoint(108, 30)
    QTest.mousePress(slider, LEFT, PLAIN, middle)
    assert slider.threshold == pytest.approx(100, abs=1)
    QTest.mouseMove(slider, QPoint(58, 30))
    assert slider.threshold == pytest.approx(75, abs=1)
    QTest.mouseRelease(slider, LEFT, PLAIN, QPoint(58, 30))
    QTest.mouseMove(slider, middle)
    assert slider.threshold == pytest.approx(75, abs=1)


@pytest.mark.parametrize(
    "values", [[], [3.0], [2.0, 2.0], [np.nan, 1.0, np.inf, 4.0], [np.nan], [1e9, 1e9 + 1e-3]]
)
def test_any_data(slider, values):
    slider.set_values(np.array(values), "{:.1f}".format)
    assert np.isfinite(slider.threshold)
    assert not slider.grab().isNull()


def test_bars_above_stand_out(slider):
    colours = []
    for value in (0, 1000):
        slider.setValue(value)
        colours.append(slider.grab().toImage().pixelColor(60, 62).name())
    assert colours[0] != colours[1]
