"""The canvas: strokes by mouse and keys, taken back one by one; and the brush that hides."""

import numpy as np
import pytest
from gui_support import LEFT, PLAIN
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from stub_controller import discard

from latentlab.widgets.panels.own_image.canvas import DrawCanvas
from latentlab.widgets.panels.own_image.mask_view import MaskView

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def show(application):
    shown = []

    def show(widget, size=(300, 300)):
        widget.resize(*size)
        widget.show()
        widget.setFocus()
        shown.append(widget)
        return widget

    yield show
    for widget in shown:
        discard(widget)


@pytest.fixture
def canvas(show):
    made = show(DrawCanvas())
    made.prepare(28, 28, colour=False)
    made.heard = []
    made.drawn.connect(made.heard.append)
    return made


@pytest.fixture
def mask(show):
    made = show(MaskView())
    made.set_pixels(np.full((28, 28), 90, np.uint8))
    return made


def stroke(widget, *places):
    """Draw through places given as shares of the picture."""
    pixels = [widget.pixel_of(QPointF(*place)).toPoint() for place in places]
    QTest.mousePress(widget, LEFT, PLAIN, pixels[0])
    for pixel in pixels[1:]:
        QTest.mouseMove(widget, pixel)
    QTest.mouseRelease(widget, LEFT, PLAIN, pixels[-1])


def lit(canvas, x, y):
    pixels = canvas.pixels()
    return pixels[int(y * pixels.shape[0]), int(x * pixels.shape[1])]


def test_a_stroke_is_where_the_hand_went(canvas):
    stroke(canvas, (0.2, 0.3), (0.8, 0.3))
    assert canvas.heard == [True]
    assert lit(canvas, 0.5, 0.3) == lit(canvas, 0.2, 0.3) == lit(canvas, 0.8, 0.3) == 255
    assert lit(canvas, 0.5, 0.5) == lit(canvas, 0.9, 0.3) == 0
    rows = np.flatnonzero((canvas.pixels() > 0).any(1))
    assert len(rows) / len(canvas.pixels()) == pytest.approx(canvas.pen_width, abs=0.01)


def test_edges_of_a_stroke_are_soft(canvas):
    stroke(canvas, (0.2, 0.2), (0.8, 0.7))
    assert ((canvas.pixels() > 0) & (canvas.pixels() < 255)).sum() > 100


def test_a_dot_is_a_stroke_too(canvas):
    stroke(canvas, (0.5, 0.5))
    assert lit(canvas, 0.5, 0.5) == 255
    assert len(canvas.strokes) == 1


def test_while_the_hand_draws_it_tells_now_and_then(canvas, until):
    QTest.mousePress(canvas, LEFT, PLAIN, QPoint(80, 80))
    QTest.mouseMove(canvas, QPoint(120, 90))
    until(lambda: canvas.heard == [False])
    QTest.mouseMove(canvas, QPoint(160, 90))
    QTest.mouseMove(canvas, QPoint(200, 90))
    until(lambda: canvas.heard == [False, False])
    QTest.mouseRelease(canvas, LEFT, PLAIN, QPoint(200, 90))
    assert canvas.heard == [False, False, True]


def test_strokes_are_taken_back_one_by_one_by_keys(canvas):
    stroke(canvas, (0.2, 0.2), (0.8, 0.2))
    one = canvas.pixels()
    stroke(canvas, (0.2, 0.8), (0.8, 0.8))
    two = canvas.pixels()
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(canvas.pixels(), one)
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL | SHIFT)
    np.testing.assert_array_equal(canvas.pixels(), two)
    canvas.clear()
    assert not canvas.pixels().any()
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(canvas.pixels(), two)
    assert canvas.heard == [True] * 6


def test_the_eraser_takes_away(canvas):
    stroke(canvas, (0.1, 0.5), (0.9, 0.5))
    canvas.erasing = True
    stroke(canvas, (0.5, 0.3), (0.5, 0.7))
    assert lit(canvas, 0.5, 0.5) == 0
    assert lit(canvas, 0.2, 0.5) == 255


def test_the_keyboard_draws(canvas):
    """Space puts the pen down in the middle, arrows move it, Space lifts it."""
    for key in (Qt.Key.Key_Space, *[Qt.Key.Key_Right] * 7, Qt.Key.Key_Space):
        QTest.keyClick(canvas, key)
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert len(canvas.strokes) == 1
    assert lit(canvas, 0.5, 0.5) == lit(canvas, 0.74, 0.5) == 255
    assert lit(canvas, 0.85, 0.5) == 0
    assert canvas.heard[-1] is True


def test_colours_are_those_of_the_pen(canvas):
    canvas.prepare(6, 8, colour=True)
    assert canvas.pixels().shape[2] == 3
    assert canvas.pixels().shape[0] * 6 == pytest.approx(canvas.pixels().shape[1] * 8, abs=6)
    canvas.pen = "#d1352b"
    stroke(canvas, (0.2, 0.5), (0.8, 0.5))
    assert lit(canvas, 0.5, 0.5).tolist() == [0xD1, 0x35, 0x2B]
    assert lit(canvas, 0.5, 0.1).tolist() == [255, 255, 255]
    canvas.fill()
    assert (canvas.pixels() == np.array([0xD1, 0x35, 0x2B])).all()
    canvas.undo()
    assert lit(canvas, 0.5, 0.1).tolist() == [255, 255, 255]


def test_the_same_model_again_keeps_the_drawing_and_colour_begins_anew(canvas):
    stroke(canvas, (0.2, 0.2), (0.8, 0.2))
    before = canvas.pixels()
    canvas.prepare(28, 28, colour=False)
    np.testing.assert_array_equal(canvas.pixels(), before)
    told = []
    canvas.changed.connect(lambda: told.append(canvas.can_undo))
    canvas.prepare(64, 64, colour=True)
    assert canvas.strokes == ()
    assert told == [False], "the tools must grey out Undo and Clear"


@pytest.mark.parametrize("size", [(300, 300), (120, 400), (500, 110)])
def test_places_and_pixels_agree_at_any_size(show, size):
    canvas = show(DrawCanvas(), size)
    canvas.prepare(20, 28, colour=False)
    for place in ((0.0, 0.0), (0.3, 0.8), (1.0, 1.0)):
        back = canvas.place_of(canvas.pixel_of(QPointF(*place)))
        assert (back.x(), back.y()) == pytest.approx(place)
    assert canvas.room().width() / canvas.room().height() == pytest.approx(20 / 28, abs=0.02)
    assert not canvas.grab().isNull()


def test_the_brush_hides_a_disc_along_its_way(mask):
    mask.brush = 6 / 28
    stroke(mask, (0.25, 0.5), (0.75, 0.5))
    hidden = np.zeros((28, 28), bool)
    y, x = np.mgrid[:28, :28] + 0.5
    hidden |= (np.abs(y - 14) <= 3) & (x >= 7) & (x <= 21)
    hidden |= np.minimum(np.hypot(x - 7, y - 14), np.hypot(x - 21, y - 14)) <= 3
    assert (mask.hidden ^ hidden).mean() < 0.03
    mask.invert()
    assert (mask.hidden ^ ~hidden).mean() < 0.03
    mask.clear()
    assert not mask.hidden.any()


def test_the_brush_uncovers_too(mask):
    mask.invert()
    mask.erasing = True
    stroke(mask, (0.5, 0.1), (0.5, 0.9))
    assert not mask.hidden[14, 14]
    assert mask.hidden[14, 2]


def test_the_keyboard_hides(mask):
    for key in (Qt.Key.Key_Space, *[Qt.Key.Key_Down] * 5, Qt.Key.Key_Space):
        QTest.keyClick(mask, key)
    assert mask.hidden[14, 14]
    assert mask.hidden[18, 14]
    assert not mask.hidden[5, 14]


def test_another_picture_is_not_hidden_and_the_same_stays_so(mask):
    stroke(mask, (0.5, 0.5))
    assert mask.hidden.any()
    mask.set_pixels(np.full((28, 28), 90, np.uint8))
    assert mask.hidden.any()
    mask.set_pixels(np.full((28, 28), 91, np.uint8))
    assert not mask.hidden.any()


def test_without_a_picture_nothing_can_be_hidden(show):
    mask = show(MaskView())
    stroke(mask, (0.2, 0.2), (0.8, 0.8))
    QTest.keyClick(mask, Qt.Key.Key_Space)
    assert not mask.hidden.any()
    assert not mask.grab().isNull()
