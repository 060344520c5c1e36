"""The Own picture panel on toys: what it asks, what it shows, and how pictures are pasted."""

from dataclasses import replace

import numpy as np
import pytest
import toy
from gui_support import LEFT, PLAIN
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest

from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import CropBox, OwnImage, Preprocessing, SourceImage
from latentlab.session.model import EncodeFile
from latentlab.session.own_image import (
    EstimateElbo,
    EstimateReferenceElbo,
    ImageElbo,
    Inpaint,
    Inpaintings,
    InpaintSamples,
    ReferenceElbo,
)
from latentlab.session.points import Original, Point, Tiles
from latentlab.session.runs import Run
from latentlab.widgets.kit.clipboard import to_pixels
from latentlab.widgets.panels.own_image.panel import CROP, DRAW, DRAWING, MASK, OwnImagePanel
from latentlab.work import Progress

SPEC = ImageSpec((1, 28, 28))
DIGITS = {"data": {"kind": "mnist"}}


def card(spec=SPEC, **more):
    return toy.card(spec=spec, recipe=DIGITS, **more)


def mine(name="photo.png", shape=(28, 28), seed=0, **fitting):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, shape, np.uint8)
    fitting = Preprocessing(CropBox(6, 0, 28, 28), **fitting)
    source = SourceImage(name, rng.integers(0, 256, (28, 40, *shape[2:]), np.uint8))
    made = np.clip(picture.astype(int) + 20, 0, 255).astype(np.uint8)
    point = Point((0.5, -0.5))
    return Original(name, point, picture, made, sigma=(0.1, 0.2), own=OwnImage(source, fitting))


@pytest.fixture
def panel(show_panel):
    return show_panel(
        OwnImagePanel, (440, 520), model=card(), codes=toy.codes(), point=mine().point
    )


def asked(panel, kind):
    return [
        value
        for name, *values in panel.controller.asked
        for value in values
        if name == "ask" and isinstance(value, kind)
    ]


def calls(panel, name):
    return [values for called, *values in panel.controller.asked if called == name]


@pytest.fixture
def clipboard(application):
    board = QGuiApplication.clipboard()
    board.clear()
    yield board
    board.clear()


def test_without_a_picture_it_says_what_to_do(panel):
    assert panel.result.verdict.text() == "Draw an image, or open, paste or drop one."
    assert not panel.result.back.isEnabled()
    assert not panel.filling.brushes.fill_in.isEnabled()
    assert panel.controller.asked == []


def test_nothing_jumps_when_the_picture_comes(panel):
    before = panel.canvas.geometry()
    panel.controller.show(own=mine(DRAWING))
    panel.layout().activate()
    assert panel.canvas.geometry() == before


def test_a_drawing_is_handed_over_centred_for_digits(panel):
    assert panel.draw_tools.center.isChecked()
    canvas = panel.canvas
    QTest.mouseClick(canvas, LEFT, PLAIN, canvas.rect().center())
    source, fitting = calls(panel, "own_image.show")[0]
    assert source.name == DRAWING
    assert source.pixels.shape == (448, 448)
    assert source.pixels.max() == 255
    assert fitting == Preprocessing(center=True)
    panel.draw_tools.center.click()
    assert calls(panel, "own_image.show")[-1][1] == Preprocessing(center=False)
    panel.draw_tools.clear.click()
    assert calls(panel, "own_image.forget") == [[]]


def test_other_data_is_not_centred(panel):
    panel.controller.show(model=toy.card(spec=SPEC, recipe={"data": {"kind": "fashion-mnist"}}))
    assert not panel.draw_tools.center.isChecked()


def test_colour_models_get_a_palette(panel):
    assert not panel.draw_tools.fill.isVisible()
    panel.controller.show(model=card(ImageSpec((3, 16, 12))))
    assert panel.draw_tools.fill.isVisible()
    assert not panel.draw_tools.center.isVisible()
    assert not panel.crop_tools.invert.isVisibleTo(panel.crop_tools)
    panel.draw_tools._swatches.buttons()[4].click()
    place = panel.canvas.pixel_of(QPointF(0.5, 0.5)).toPoint()
    QTest.mouseClick(panel.canvas, LEFT, PLAIN, place)
    source, _ = calls(panel, "own_image.show")[-1]
    height, width, _ = source.pixels.shape
    assert height * 12 == pytest.approx(width * 16, abs=16)
    assert source.pixels[height // 2, width // 2].tolist() == [0xD1, 0x35, 0x2B]


def test_a_photo_turns_to_its_frame_and_a_drawing_does_not(panel):
    panel.controller.show(own=mine(DRAWING))
    assert panel._stack.currentIndex() == DRAW
    panel.controller.show(own=mine("photo.png"))
    assert panel._stack.currentIndex() == CROP
    panel.turn_to(MASK)
    panel.controller.show(own=mine("other.png", seed=1))
    assert panel._stack.currentIndex() == MASK


def test_the_frame_is_moved_by_keys(panel):
    own = mine()
    panel.controller.show(own=own)
    panel.crop.setFocus()
    QTest.keyClick(panel.crop, Qt.Key.Key_Right)
    source, fitting = calls(panel, "own_image.show")[-1]
    assert source is own.own.source
    assert fitting.frame.left == pytest.approx(6 + 0.02 * 40)


def test_the_crop_shows_the_image_as_the_model_gets_it(panel):
    own = mine()
    inverted = replace(own, own=replace(own.own, fitting=replace(own.own.fitting, invert=True)))
    shown = []
    for each in (own, inverted, own):
        panel.controller.show(own=each)
        shown.append(panel.crop._image.pixelColor(3, 3).lightness())
    value = int(own.own.source.pixels[3, 3])
    assert shown == [value, 255 - value, value]


def test_invert_and_whole(panel):
    panel.controller.show(own=mine())
    panel.crop_tools.invert.click()
    assert calls(panel, "own_image.show")[-1][1] == Preprocessing(
        CropBox(6, 0, 28, 28), invert=True
    )
    panel.controller.show(own=mine(invert=True))
    assert panel.crop_tools.invert.isChecked()
    reset = panel.crop_tools.findChildren(type(panel.open))[-1]
    reset.click()
    assert calls(panel, "own_image.show")[-1][1] == Preprocessing(None, invert=True)


def test_numbers_come_with_the_judgement(panel):
    own = mine(DRAWING)
    panel.controller.show(own=own)
    assert asked(panel, EstimateElbo) == [EstimateElbo(own)]
    assert len(asked(panel, EstimateReferenceElbo)) == 1
    assert panel.result.verdict.text().endswith("○</span> Estimating the ELBO…")
    panel.controller.show(answers={EstimateElbo: ImageElbo(own, 90.0, 5.5)})
    assert "reconstruction 90.0 + KL 5.5 = 95.5 nats · RMSE 0.0" in panel.result.numbers.text()
    usual = ReferenceElbo(np.arange(100.0), panel.controller.state.codes)
    panel.controller.show(answers={EstimateReferenceElbo: usual})
    assert "less likely than 96 % of 100 images" in panel.result.verdict.text()
    assert len(asked(panel, EstimateElbo)) == len(asked(panel, EstimateReferenceElbo)) == 1


def test_numbers_that_find_no_room_end_in_dots(panel):
    """What is merely cut off reads as another number."""
    own = mine(DRAWING)
    panel.controller.show(own=own, answers={EstimateElbo: ImageElbo(own, 116_731.8, 215.4)})
    numbers = panel.result.numbers
    panel.layout().activate()
    assert numbers.shown_text == numbers.text()
    panel.resize(200, 600)
    panel.layout().activate()
    assert numbers.shown_text.endswith("…")
    assert numbers.toolTip().startswith(numbers.text())


def test_other_codes_are_judged_anew_but_not_while_training(panel):
    panel.controller.show(own=mine(DRAWING), run=Run("training"))
    assert asked(panel, EstimateReferenceElbo) == []
    panel.controller.show(answers={EstimateElbo: ImageElbo(panel.controller.state.own, 90.0, 5.5)})
    assert panel.result.verdict.text().endswith(
        "Compared with the map when training pauses or ends"
    )
    panel.controller.show(run=None)
    assert len(asked(panel, EstimateReferenceElbo)) == 1
    panel.controller.show(codes=toy.codes(seed=3))
    assert len(asked(panel, EstimateReferenceElbo)) == 2


def test_the_error_map_is_bright_where_it_is_wrong(panel):
    picture = np.zeros((28, 28), np.uint8)
    picture[5, 7] = 204
    own = Original("x", Point((0.0, 0.0)), picture, np.zeros_like(picture), own=mine().own)
    panel.controller.show(own=own)
    image = panel.result.views[2].image
    yellow, violet = image.pixelColor(7, 5), image.pixelColor(8, 5)
    assert (yellow.red(), yellow.green(), yellow.blue()) == pytest.approx((253, 231, 36), abs=1)
    assert (violet.red(), violet.green(), violet.blue()) == pytest.approx((68, 1, 84), abs=1)
    assert panel.result.bar.accessibleName() == "Colours from 0 to 0.80"


def test_ends_and_z_can_be_put_at_it(panel):
    state = toy.ToyLab()
    state.card, state.codes = card(), toy.codes()
    _, ends, _ = state.start()
    own = mine()
    panel.controller.show(own=own, ends=ends)
    for button in (panel.result.back, panel.result.put_a, panel.result.put_b):
        button.click()
    assert calls(panel, "own_image.return_to")
    moved = [value[0] for value in calls(panel, "path.set")]
    assert moved == [ends.moved("a", own.point), ends.moved("b", own.point)]


def test_filling_in_asks_with_the_mask(panel):
    own = mine()
    panel.controller.show(own=own)
    panel.turn_to(MASK)
    assert not panel.filling.brushes.fill_in.isEnabled()
    place = panel.filling.veiled.pixel_of(QPointF(0.5, 0.5)).toPoint()
    QTest.mouseClick(panel.filling.veiled, LEFT, PLAIN, place)
    panel.filling.brushes.fill_in.click()
    panel.filling.brushes.others.click()
    panel.filling.brushes.others.click()
    (fill,), others = asked(panel, Inpaint), asked(panel, InpaintSamples)
    assert fill.original is own
    assert fill.hidden[14, 14]
    assert not fill.hidden[0, 0]
    assert others[0].seed != others[1].seed
    panel.filling.veiled.invert()
    panel.filling.veiled.clear()
    assert not panel.filling.brushes.others.isEnabled()


def test_work_under_way_shows_and_can_be_given_up(panel):
    panel.controller.show(own=mine(), working={Inpaint: Progress("Looking", 0.4)})
    assert not panel.filling._busy.isHidden()
    assert panel.filling.progress.value() == 40
    panel.filling.cancel.click()
    assert calls(panel, "cancel") == [[Inpaint], [InpaintSamples]]
    panel.controller.show(working={})
    assert panel.filling._busy.isHidden()


def test_a_fill_that_is_clicked_becomes_z(panel):
    own = mine()
    points = tuple(Point((0.1 * i, 0.0)) for i in range(6))
    tiles = Tiles(points, np.stack([own.picture] * 6), 6)
    hidden = np.zeros((28, 28), bool)
    panel.controller.show(own=own, answers={Inpaint: Inpaintings(own, hidden, tiles, (-1.0,) * 6)})
    panel.turn_to(MASK)
    panel.layout().activate()
    assert panel.filling.fills_caption.isVisible()
    assert panel.filling.fills_caption.text().startswith("filled in")
    place = panel.filling.fills.tile_rect(4).center().toPoint()
    QTest.mouseMove(panel.filling.fills, place)
    QTest.mouseClick(panel.filling.fills, LEFT, PLAIN, place)
    assert calls(panel, "preview.point")[0] == [points[4]]
    assert calls(panel, "point.set") == [[points[4]]]
    panel.controller.show(answers={Inpaint: None})
    assert not panel.filling.fills.isVisible()
    assert not panel.filling.fills_caption.isVisible()


def test_a_conditional_model_is_told_the_class(panel):
    assert not panel.label.isVisible()
    panel.controller.show(model=card(ImageSpec((1, 28, 28), toy.NAMES), conditional=True))
    assert panel.label.isVisible()
    QTest.keyClick(panel.label, Qt.Key.Key_Down)
    assert calls(panel, "own_image.relabel") == [[1]]


@pytest.mark.parametrize("size", [(240, 300), (440, 520), (900, 260), (1200, 900)])
@pytest.mark.parametrize("page", [DRAW, CROP, MASK])
def test_any_size_holds_it(panel, page, size):
    own = mine()
    panel.controller.show(own=own, answers={EstimateElbo: ImageElbo(own, 90.0, 5.5)})
    panel.turn_to(page)
    panel.resize(*size)
    panel.layout().activate()
    assert panel.minimumSizeHint().width() <= 330
    assert panel.minimumSizeHint().height() <= 330
    assert not panel.grab().isNull()


# The clipboard


def paste(desk):
    desk.hand.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    desk.settle()


def test_an_image_is_pasted_anywhere_in_the_window(desk, clipboard):
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor(255, 255, 255))
    clipboard.setImage(image)
    paste(desk)
    assert desk.state.own.name == "pasted image"
    assert desk.state.point.z[0] == pytest.approx(1.0)
    desk.hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.original.row == 2


def test_a_copied_file_is_pasted(desk, clipboard, tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "mine.png")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "mine.png"))])
    clipboard.setMimeData(data)
    desk.lab.EncodeFile = lambda request: desk.lab.PickImage(type("Row", (), {"row": 5}))
    paste(desk)
    assert [r.path.name for r in desk.lab.asked if isinstance(r, EncodeFile)] == ["mine.png"]


def test_an_empty_clipboard_is_told_and_changes_nothing(desk, clipboard):
    before = desk.state.point
    clipboard.setText("words")
    paste(desk)
    assert desk.state.failure.title == "The clipboard holds no image."
    assert desk.state.point is before


@pytest.mark.parametrize("width", [1, 3, 8, 13])
def test_pixels_of_an_image_are_its_own(width):
    rng = np.random.default_rng(width)
    for shape in ((5, width), (5, width, 3)):
        pixels = rng.integers(0, 256, shape, np.uint8)
        image = QImage(width, 5, QImage.Format.Format_RGB32)
        for y in range(5):
            for x in range(width):
                image.setPixelColor(x, y, QColor(*np.broadcast_to(pixels[y, x], 3).tolist()))
        np.testing.assert_array_equal(to_pixels(image), pixels)
