"""The wall: asks only for what can be seen, and can be pointed at, walked and chosen from."""

import numpy as np
import pytest
from gui_support import LEFT, PLAIN
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from latentlab.session.scores.anomalies import Thumbnails
from latentlab.widgets.panels.anomalies.thumbnail_grid import (
    MAX_CACHED_THUMBNAILS,
    MAX_THUMBNAILS_PER_REQUEST,
    THUMBNAIL_SIZE,
    ThumbnailGrid,
)


def thumbnails(rows, side=4):
    """Originals as bright as their row is high, reconstructions one step brighter."""
    grey = np.array(rows, np.uint8)[:, None, None] * np.ones((1, side, side), np.uint8)
    return Thumbnails(tuple(rows), grey, grey + 1)


@pytest.fixture
def make_wall(qtbot, application):
    def make(count=200, size=(300, 200), shape=(4, 4)):
        wall = ThumbnailGrid(lambda row: f"image {row}")
        qtbot.addWidget(wall)
        wall.resize(*size)
        wall.heard = []
        for signal in ("wanted", "hovered", "chosen"):
            getattr(wall, signal).connect(lambda value, s=signal: wall.heard.append((s, value)))
        wall.set_shape(*shape)
        wall.set_rows(np.arange(count)[::-1], lambda row: f"{row}.0")
        wall.show()
        return wall

    return make


def serve(wall):
    """Bring what is asked for, until nothing more is; return all that was."""
    brought = []
    while wanted := [value for signal, value in wall.heard if signal == "wanted"]:
        wall.heard.clear()
        brought.extend(wanted[-1])
        wall.add(thumbnails(wanted[-1]))
    return brought


def heard(wall, *signals):
    return [(signal, value) for signal, value in wall.heard if signal in signals]


def grey_at(wall, place, right=False):
    rect = wall.place_rect(place)
    share = 0.75 if right else 0.25
    at = QPoint(round(rect.x() + share * rect.width()), rect.y() + rect.height() // 3)
    return wall.viewport().grab().toImage().pixelColor(at).red()


def test_asks_only_for_what_can_be_seen(make_wall):
    wall = make_wall()
    seen = wall.visible_rows()
    assert seen[0] == 199
    assert 8 <= len(seen) < 30
    assert sorted(serve(wall)) == sorted(seen)


def test_asks_for_a_few_at_a_time(make_wall):
    wall = make_wall(size=(800, 600))
    assert len(wall.visible_rows()) > 2 * MAX_THUMBNAILS_PER_REQUEST
    asked = [value for _, value in heard(wall, "wanted")]
    assert max(map(len, asked)) == MAX_THUMBNAILS_PER_REQUEST
    assert sorted(serve(wall)) == sorted(wall.visible_rows())


def test_scrolling_asks_for_the_rest_and_back_for_nothing(make_wall):
    wall = make_wall()
    serve(wall)
    bar = wall.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert wall.visible_rows()[-1] == 0
    assert set(serve(wall)) <= set(wall.visible_rows())
    bar.setValue(0)
    assert heard(wall, "wanted") == []


def test_does_not_ask_twice_for_what_is_on_its_way(make_wall):
    wall = make_wall()
    before = len(heard(wall, "wanted"))
    wall.resize(301, 200)
    wall.viewport().repaint()
    assert len(heard(wall, "wanted")) == before


def test_keeps_only_so_many(make_wall):
    wall = make_wall(count=5000)
    for start in range(0, 4000, 20):
        wall.add(Thumbnails(tuple(range(start, start + 20)), *(np.zeros((2, 20, 4, 4), np.uint8))))
    assert len(wall._images) <= MAX_CACHED_THUMBNAILS


def test_each_picture_stands_where_its_row_is(make_wall):
    wall = make_wall()
    serve(wall)
    places = range(2 * wall.columns)
    assert [grey_at(wall, place) for place in places] == [199 - place for place in places]


def test_reconstructions_stand_beside(make_wall):
    wall = make_wall()
    narrow = wall.columns
    wall.set_pairs(True)
    serve(wall)
    assert wall.columns < narrow
    assert (grey_at(wall, 1), grey_at(wall, 1, right=True)) == (198, 199)


def test_what_has_not_come_yet_has_its_place(make_wall):
    wall = make_wall()
    assert grey_at(wall, 0) != 199
    wall.add(thumbnails([199]))
    assert grey_at(wall, 0) == 199


@pytest.mark.parametrize("shape", [(28, 28), (64, 64), (20, 28), (128, 96), (3, 200), (1, 1)])
def test_any_shape_fits_in_its_proportions(make_wall, shape):
    wall = make_wall(shape=shape)
    assert wall._cell.width() <= 2 * THUMBNAIL_SIZE
    if min(shape) > 10:
        assert wall._cell.height() / wall._cell.width() == pytest.approx(
            shape[0] / shape[1], abs=0.05
        )
    assert not wall.grab().isNull()


def test_mouse_hovers_leaves_and_chooses(make_wall):
    wall = make_wall()
    wall.heard.clear()
    center = wall.place_rect(2).center()
    QTest.mouseMove(wall.viewport(), center)
    QTest.mouseClick(wall.viewport(), LEFT, PLAIN, center)
    QApplication.sendEvent(wall.viewport(), QEvent(QEvent.Type.Leave))
    assert heard(wall, "hovered", "chosen") == [("hovered", 197), ("chosen", 197), ("hovered", -1)]


def test_nothing_lies_beside_the_last_column_or_below_the_end(make_wall):
    wall = make_wall(count=3, size=(300, 400))
    wall.heard.clear()
    for at in (QPoint(wall.viewport().width() - 2, 10), QPoint(10, 390)):
        QTest.mouseClick(wall.viewport(), LEFT, PLAIN, at)
    assert heard(wall, "chosen") == []


def test_keys_walk_scroll_and_choose(make_wall):
    wall = make_wall()
    serve(wall)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Down):
        QTest.keyClick(wall, key)
    below = 199 - wall.columns
    assert heard(wall, "hovered") == [("hovered", row) for row in (199, 198, 199, below)]
    QTest.keyClick(wall, Qt.Key.Key_Return)
    assert wall.heard[-1] == ("chosen", below)
    for _ in range(8):
        QTest.keyClick(wall, Qt.Key.Key_Down)
    assert wall.current == 199 - 9 * wall.columns
    assert wall.current in wall.visible_rows()
    assert wall.place_rect(9 * wall.columns).bottom() < wall.viewport().height()


def test_another_order_begins_at_its_top(make_wall):
    wall = make_wall()
    wall.verticalScrollBar().setValue(300)
    wall.set_rows(np.arange(50), str)
    assert wall.visible_rows()[0] == 0
    assert wall.current == -1


def test_points_at_nothing_once_the_focus_is_elsewhere_or_the_order_another(make_wall):
    wall = make_wall()
    QTest.keyClick(wall, Qt.Key.Key_Right)
    QApplication.sendEvent(wall, QFocusEvent(QEvent.Type.FocusOut))
    assert heard(wall, "hovered")[-2:] == [("hovered", 199), ("hovered", -1)]
    QTest.keyClick(wall, Qt.Key.Key_Right)
    wall.set_rows(np.arange(50), str)
    assert heard(wall, "hovered")[-2:] == [("hovered", 199), ("hovered", -1)]


def test_tells_more_of_what_is_pointed_at(make_wall):
    wall = make_wall()
    at = wall.place_rect(1).center()
    QApplication.sendEvent(
        wall.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, wall.viewport().mapToGlobal(at))
    )
    assert QToolTip.text() == "image 198"
    QToolTip.hideText()


def test_bold_and_marked_ones_look_different(make_wall):
    wall = make_wall()
    serve(wall)
    pictures = [wall.grab().toImage()]
    wall.set_strong(np.arange(200) == 198)
    pictures.append(wall.grab().toImage())
    wall.set_marked(198)
    pictures.append(wall.grab().toImage())
    wall.set_marked(None)
    assert wall.grab().toImage() == pictures[1]
    assert pictures[0] != pictures[1] != pictures[2]
