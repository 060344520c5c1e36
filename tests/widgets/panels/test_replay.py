"""The Replay panel: one moment of a run, and the way through all of them."""

import numpy as np
import pytest
from panel_support import portrait
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from latentlab.session.map import axes_view
from latentlab.session.runs import ReadEpochPreview, RunLog
from latentlab.widgets.panels.replay.panel import ReplayPanel

MOMENTS = (1, 2, 4, 8)


@pytest.fixture
def panel(show_panel):
    return show_panel(ReplayPanel, log=RunLog(portrait=portrait(8, 5), moments=MOMENTS))


def test_without_a_run_it_says_what_would_be_here(show_panel):
    panel = show_panel(ReplayPanel)
    assert panel._empty.isVisible()
    assert not panel.slider.isVisible()


def test_shows_codes_pairs_and_samples(panel):
    shown = panel.controller.state.portrait
    np.testing.assert_array_equal(panel.codes.cloud._xy, shown.mu[:, [0, 1]])
    assert panel.pairs.image.pixelColor(0, 0).red() == 8
    assert panel.samples._tiles.pictures is shown.samples
    assert panel.text.text() == "epoch 8 · latest"
    assert panel.slider.value() == panel.slider.maximum() == 3


def test_the_plane_of_the_map_is_that_of_the_codes(panel):
    panel.controller.show(view=axes_view(3, 1, 5))
    shown = panel.controller.state.portrait
    np.testing.assert_array_equal(panel.codes.cloud._xy, shown.mu[:, [3, 1]])
    panel.controller.show(portrait=portrait(8, 2))
    assert panel.codes.cloud._xy.shape == (200, 2)


def test_the_slider_asks_for_a_moment_and_its_end_for_the_latest(panel):
    panel.slider.setFocus()
    for key, epoch in ((Qt.Key.Key_Home, 1), (Qt.Key.Key_Right, 2), (Qt.Key.Key_End, None)):
        QTest.keyClick(panel.slider, key)
        assert panel.controller.asked[-1] == ("runs.show_moment", epoch)


def test_a_moment_looked_back_at_stays_while_the_run_goes_on(panel):
    panel.controller.show(moment=2, answers={ReadEpochPreview: portrait(2, 5)})
    panel.controller.show(moments=(*MOMENTS, 9))
    assert panel.slider.value() == 1
    assert panel.text.text() == "epoch 2"
    assert panel.controller.asked == []


def test_at_the_end_it_follows(panel):
    panel.controller.show(moments=(*MOMENTS, 9), portrait=portrait(9, 5))
    assert panel.slider.value() == panel.slider.maximum() == 4
    assert panel.text.text() == "epoch 9 · latest"
    assert panel.controller.asked == []


def test_a_moment_that_is_kept_no_more(panel):
    """Thinned away while it was looked at: the nearest later one is shown, nothing breaks."""
    panel.controller.show(moment=3, answers={ReadEpochPreview: portrait(3, 5)})
    assert panel.slider.value() == 2
    panel.controller.show(moment=None, moments=())
    assert not panel.slider.isEnabled()


def test_plays_from_the_first_to_the_last(panel, until):
    panel._timer.setInterval(1)
    panel.play.click()
    until(lambda: not panel._timer.isActive())
    assert panel.controller.asked == [("runs.show_moment", epoch) for epoch in (1, 2, 4, None)]


def test_play_again_is_pause(panel):
    panel.play.click()
    assert panel._timer.isActive()
    panel.play.click()
    assert not panel._timer.isActive()


def test_tall_it_puts_pictures_below(panel, until):
    panel.resize(300, 500)
    until(lambda: panel.pairs.y() >= panel.codes.geometry().bottom())
    panel.resize(500, 250)
    until(lambda: panel.pairs.x() >= panel.codes.geometry().right())


@pytest.mark.parametrize("room", [(60, 400), (600, 60), (200, 200)])
def test_pairs_stay_pairs_however_many_fit(panel, room):
    """Every reconstruction stands right below its original."""
    originals = np.arange(1, 7, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    panel.pairs.resize(*room)
    panel.pairs.set_pairs(originals, originals + 100)
    image, columns = panel.pairs.image, panel.pairs._columns
    for i in range(6):
        band, column = divmod(i, columns)
        at = [(column * 5 + 1, (2 * band + row) * 5 + 1) for row in (0, 1)]
        assert [image.pixelColor(*place).red() for place in at] == [i + 1, i + 101]


def test_codes_without_classes(show_panel):
    panel = show_panel(ReplayPanel, log=RunLog(portrait=portrait(1, 1, labels=False), moments=(1,)))
    assert not panel.grab().isNull()
    assert not panel.play.isEnabled()
