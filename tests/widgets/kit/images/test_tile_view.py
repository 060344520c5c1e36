"""Tiles: which one is pointed at, by mouse and by keyboard."""

import numpy as np
import pytest
import toy
from gui_support import LEFT, PLAIN
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from latentlab.session.points import Point, Tiles
from latentlab.widgets.kit.images.tile_view import ImageGrid


@pytest.fixture
def make_view(qtbot, application):
    def make(count, columns, *, size=(400, 300), **options):
        view = ImageGrid("Nothing yet.", **options)
        qtbot.addWidget(view)
        view.resize(*size)
        view.show()
        view.set_tiles(toy.tiles([Point((float(i), 0.0)) for i in range(count)], columns))
        view.heard = []
        view.hovered.connect(lambda row: view.heard.append(("hovered", row)))
        view.chosen.connect(lambda row: view.heard.append(("chosen", row)))
        return view

    return make


def colour_at(view, place):
    return view.grab().toImage().pixelColor(place)


@pytest.mark.parametrize("gap", [0, 1])
@pytest.mark.parametrize("size", [(400, 300), (200, 600), (900, 90)])
def test_every_tile_is_found_where_it_is_drawn(make_view, gap, size):
    view = make_view(10, 4, size=size, fixed_columns=True, gap=gap)
    for row in range(10):
        center = view.tile_rect(row).center().toPoint()
        QTest.mouseClick(view, LEFT, PLAIN, center)
        assert view.heard[-1] == ("chosen", row)
        upper = view.tile_rect(row).center() - QPointF(0, view.tile_rect(row).height() / 4)
        view.set_current(-1)
        assert colour_at(view, upper.toPoint()).red() == min(255, 128 + 20 * row)


def test_nothing_is_found_beside_the_tiles(make_view):
    view = make_view(10, 4, size=(600, 200), fixed_columns=True)
    beyond = view.tile_rect(9).center() + QPointF(view.tile_rect(9).width(), 0)
    for place in (QPoint(1, 1), beyond.toPoint()):
        QTest.mouseClick(view, LEFT, PLAIN, place)
    assert view.heard == []
    QTest.mouseClick(view, Qt.MouseButton.RightButton, PLAIN, view.tile_rect(0).center().toPoint())
    assert ("chosen", 0) not in view.heard


def test_hover_tells_each_tile_once_and_leaving(make_view):
    view = make_view(10, 4, fixed_columns=True)
    for row in (0, 0, 1, 5):
        for shift in (-3, 3):
            place = view.tile_rect(row).center() + QPointF(shift, 0)
            QTest.mouseMove(view, place.toPoint())
    assert view.heard == [("hovered", 0), ("hovered", 1), ("hovered", 5)]
    assert view.current == 5


def test_arrows_walk_and_enter_chooses(make_view):
    view = make_view(10, 4, fixed_columns=True)
    view.setFocus()
    keys = [
        "Right",
        "Right",
        "Down",
        "Down",
        "Down",
        "Left",
        "Up",
        "Up",
        "Up",
        "Left",
        "Left",
        "Left",
    ]
    walked = []
    for key in keys:
        QTest.keyClick(view, getattr(Qt.Key, f"Key_{key}"))
        walked.append(view.current)
    assert walked == [0, 1, 5, 9, 9, 8, 4, 0, 0, 0, 0, 0]
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert view.heard[-1] == ("chosen", 4)
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert view.heard[-1] == ("chosen", 4)


def test_columns_follow_the_room(make_view):
    view = make_view(12, 4, size=(600, 60))
    assert view.columns == 12
    view.resize(60, 600)
    assert view.columns == 1
    view.resize(300, 300)
    assert view.columns in (3, 4)


def test_empty_shows_its_caption_and_takes_clicks_calmly(make_view):
    view = make_view(4, 2)
    view.set_tiles(None)
    QTest.mouseClick(view, LEFT, PLAIN, view.rect().center())
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.heard == []
    image = view.grab().toImage()
    inks = {image.pixelColor(x, y).name() for x in range(0, 400, 2) for y in range(140, 160)}
    assert len(inks) > 1


def test_colour_pictures(make_view):
    view = make_view(1, 1)
    red = np.zeros((1, 4, 4, 3), np.uint8)
    red[..., 0] = 200
    view.set_tiles(Tiles((Point((0.0,)),), red, 1))
    colour = colour_at(view, view.rect().center())
    assert (colour.red(), colour.green(), colour.blue()) == (200, 0, 0)


def test_a_marker_is_painted_where_it_was_and_where_it_is_and_nowhere_else(make_view):
    view = make_view(4, 2, fixed_columns=True)
    view.set_marker(QPointF(0.5, 0.5))
    before, updated = view._marker_rect(), []
    view.update = lambda rect: updated.append(rect)
    view.set_marker(QPointF(1.5, 1.5))
    assert updated == [before, view._marker_rect()]
    updated.clear()
    view.set_marker(QPointF(1.5, 1.5))
    assert updated == []
    for rect, tile in ((before, 0), (view._marker_rect(), 3)):
        assert view.tile_rect(tile).contains(rect.toRectF())
