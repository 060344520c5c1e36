"""The frame around a picture: moved and resized by mouse, wheel and keys."""

import numpy as np
import pytest
from gui_support import LEFT, PLAIN
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from stub_controller import discard

from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import CropBox, OwnImage, Preprocessing, SourceImage
from latentlab.widgets.panels.own_image.crop_view import CropView

SPEC, SIZE = ImageSpec((1, 28, 28)), (400, 200)


@pytest.fixture
def crop(application):
    view = CropView()
    view.resize(402, 300)
    view.show()
    view.setFocus()
    view.set_own(own(CropBox(100, 50, 100, 100)))
    view.heard = []
    view.framed.connect(lambda frame, settled: view.heard.append((frame, settled)))
    yield view
    discard(view)


def own(frame, source=None):
    source = source or SourceImage("wide", np.zeros((SIZE[1], SIZE[0]), np.uint8))
    return OwnImage(source, Preprocessing(frame))


def drag(view, start, end):
    QTest.mousePress(view, LEFT, PLAIN, start.toPoint())
    for share in (0.5, 1.0):
        QTest.mouseMove(view, (start + (end - start) * share).toPoint())
    QTest.mouseRelease(view, LEFT, PLAIN, end.toPoint())


def test_dragging_inside_moves_it(crop):
    start = crop.frame_rect().center()
    drag(crop, start, start + QPointF(60, -20))
    frame, settled = crop.heard[-1]
    assert settled
    assert [settled for _, settled in crop.heard] == [False, False, True]
    assert (frame.left, frame.top) == pytest.approx((160, 30), abs=1.1)
    assert (frame.width, frame.height) == (100, 100)


def test_dragging_a_corner_resizes_it_about_its_middle(crop):
    middle = crop.frame_rect().center()
    corner = crop.frame_rect().bottomRight()
    drag(crop, corner, middle + (corner - middle) * 0.5)
    frame, _ = crop.heard[-1]
    assert frame.width == pytest.approx(50, abs=2)
    assert frame.fits(SPEC, SIZE)
    assert frame.left + frame.width / 2 == pytest.approx(150, abs=1)


def test_it_never_leaves_the_picture(crop):
    start = crop.frame_rect().center()
    drag(crop, start, start + QPointF(2000, 2000))
    assert (crop.frame.left, crop.frame.top) == pytest.approx((300, 100))


def test_a_press_outside_moves_nothing(crop):
    drag(crop, crop.room().topLeft() + QPointF(4, 4), QPointF(200, 200))
    assert crop.heard == []


@pytest.mark.parametrize(
    ("key", "moved"),
    [
        (Qt.Key.Key_Left, (-8, 0)),
        (Qt.Key.Key_Right, (8, 0)),
        (Qt.Key.Key_Up, (0, -8)),
        (Qt.Key.Key_Down, (0, 8)),
    ],
)
def test_arrows_move_it(crop, key, moved):
    QTest.keyClick(crop, key)
    assert [settled for _, settled in crop.heard] == [True]
    assert (crop.frame.left, crop.frame.top) == pytest.approx((100 + moved[0], 50 + moved[1]))


@pytest.mark.parametrize(("key", "factor"), [("+", 1.1), ("-", 1 / 1.1)])
def test_plus_and_minus_resize_it(crop, key, factor):
    QTest.keyClicks(crop, key)
    assert crop.frame.width == pytest.approx(100 * factor)
    assert crop.heard[-1][1]


def test_the_wheel_resizes_it(crop):
    place = QPointF(crop.frame_rect().center())
    wheel = QWheelEvent(
        place,
        crop.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        PLAIN,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(crop, wheel)
    assert crop.frame.width == pytest.approx(100 / 1.1)


def test_what_comes_back_does_not_pull_at_what_the_hand_holds(crop):
    start = crop.frame_rect().center()
    QTest.mousePress(crop, LEFT, PLAIN, start.toPoint())
    QTest.mouseMove(crop, (start + QPointF(50, 0)).toPoint())
    held = crop.frame
    crop.set_own(own(CropBox(0, 0, 100, 100), crop.own.source))
    assert crop.frame == held
    QTest.mouseRelease(crop, LEFT, PLAIN, (start + QPointF(50, 0)).toPoint())
    crop.set_own(own(CropBox(0, 0, 100, 100), crop.own.source))
    assert crop.frame == CropBox(0, 0, 100, 100)


def test_without_a_picture_nothing_happens(crop):
    crop.set_own(None)
    QTest.keyClick(crop, Qt.Key.Key_Left)
    QTest.mouseClick(crop, LEFT, PLAIN, QPoint(100, 100))
    assert crop.heard == []
    assert not crop.grab().isNull()
