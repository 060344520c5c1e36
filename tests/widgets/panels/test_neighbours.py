"""The Neighbours panel: previews, picks, and follows z."""

import weakref

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest


@pytest.fixture
def panel(big):
    panel = big.panel("neighbours")
    big.until(lambda: panel.by_code.count > 0)
    big.settle()
    # A fixture would hold the panel until its window is gone.
    return weakref.proxy(panel)


def nearest(desk, z, count):
    return np.argsort(np.linalg.norm(desk.state.codes.mu - np.array(z), axis=1))[:count].tolist()


def test_follows_z(big, panel):
    for z in ((0.0,) * 5, (1.0, -1.0, 0.5, 0.0, 2.0)):
        big.controller.point.set(big.state.point.along(dict(enumerate(z))))
        big.settle()
        assert panel.by_code._rows == nearest(big, z, 12)
        away = np.linalg.norm(big.state.codes.mu[panel.by_code._rows[0]] - np.array(z))
        assert panel.by_code._texts[0] == f"{away:.3f}"
        assert panel.by_pixels._texts[0].endswith("%")


def test_hover_previews_click_picks(big, panel):
    view, before = panel.by_code, big.state.point
    row = view._rows[1]
    big.hand.move(view, view.place_of(1).center())
    big.settle()
    assert big.state.preview.original.row == row
    assert big.state.preview.point.z == pytest.approx(big.state.codes.mu[row])
    big.hand.move(big.map.viewport())
    big.settle()
    assert big.state.point == before
    big.hand.click(view, view.place_of(1).center())
    big.settle()
    assert big.state.original.row == row
    assert view._rows[0] == row, "the image itself is nearest to its own code"


def test_keys_walk_and_choose(big, panel):
    view = panel.by_pixels
    view.setFocus()
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)
    row = view._rows[1]
    QTest.keyClick(view, Qt.Key.Key_Return)
    big.settle()
    assert big.state.original.row == row


def test_asks_for_as_many_as_are_wanted(big, panel):
    panel.count.setValue(5)
    big.settle()
    assert len(panel.by_code._rows) == 5


@pytest.mark.parametrize("size", [(900, 260), (430, 200), (260, 150)])
@pytest.mark.parametrize("count", [1, 12, 48])
def test_as_many_are_shown_as_are_told(big, panel, size, count):
    """However small the panel: what does not fit is scrolled to."""
    panel.count.setValue(count)
    big.settle()
    dock = big.window.docks["neighbours"]
    dock.setFloating(True)
    dock.resize(*size)
    big.until(lambda: len(panel.by_code._rows) == min(count, len(big.state.codes)))
    for view in (panel.by_code, panel.by_pixels):
        last = view.place_of(count - 1)
        big.until(lambda view=view, last=last: view.rect().contains(last.toAlignedRect()))
        places = [view.place_of(i) for i in range(count)]
        assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[:i])
    dock.setFloating(False)


def test_behind_another_tab_nothing_is_asked(big):
    before = len([r for r in big.lab.asked if type(r).__name__ == "FindNeighbours"])
    big.controller.point.randomize()
    big.settle()
    after = len([r for r in big.lab.asked if type(r).__name__ == "FindNeighbours"])
    assert after == before
