"""Drawing, pasting, cropping and filling in, in the real window with real models."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication

from latentlab.data.own_image.crop import SourceImage
from latentlab.latent.ranking import percentile as unlike
from latentlab.session.model import Decode
from latentlab.session.own_image import EstimateElbo, EstimateReferenceElbo, Inpaint, InpaintSamples
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.panels.own_image.panel import CROP, MASK

CTRL = Qt.KeyboardModifier.ControlModifier
SEVEN = ((0.3, 0.25), (0.7, 0.25), (0.55, 0.5), (0.42, 0.82))


@pytest.fixture
def studio(desk):
    """The program with the Own picture panel in front."""
    desk.hand.key(Qt.Key.Key_O, Qt.KeyboardModifier.AltModifier)
    panel = desk.panel("picture")
    desk.until(lambda: panel.canvas.isVisible() and not panel.canvas.visibleRegion().isEmpty())
    desk.studio = panel
    return desk


def draw(desk, easel, *places):
    """Draw through places given as shares of the picture, a few moves from one to the next."""
    pixels = [easel.pixel_of(QPointF(*place)) for place in places]
    desk.hand.move(easel, pixels[0])
    desk.hand.press(easel, pixels[0])
    for before, after in pairwise(pixels):
        for share in (0.25, 0.5, 0.75, 1.0):
            desk.hand.move(easel, before + (after - before) * share)
    desk.hand.release(easel, pixels[-1])


def nearest_labels(desk, count=25):
    codes = desk.state.codes
    away = np.linalg.norm(codes.mu - np.array(desk.state.own.point.z), axis=1)
    return codes.labels[np.argsort(away)[:count]]


def shown(desk):
    view = desk.panel("image").view
    return view.image.copy() if view.image else None


def test_a_drawn_digit_is_encoded_and_edited(studio):
    """Draw a 7: it lands among sevens and is seen; a slider edits it; undo brings it back."""
    before = studio.state
    draw(studio, studio.studio.canvas, *SEVEN)
    studio.until(lambda: studio.state.own is not None)
    studio.settle()
    own = studio.state.own
    assert studio.state.original is own
    assert studio.state.point == own.point
    assert studio.state.answer(Decode).point == own.point
    assert own.picture.shape == (28, 28)
    rows, columns = np.nonzero(own.picture > 127)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
    assert np.mean(np.isin(nearest_labels(studio), (7, 9, 4))) > 0.8
    assert studio.panel("map").layers.spread.isVisible()
    drawn = shown(studio)
    assert drawn == to_qimage(own.reconstruction)

    slider = studio.panel("sliders").rows[0].slider
    slider.setFocus()
    studio.hand.key(Qt.Key.Key_PageUp)
    studio.settle()
    assert studio.state.point.z[0] > own.point.z[0]
    assert studio.state.point.z[1] == own.point.z[1]
    assert shown(studio) != drawn
    assert studio.state.own is own

    studio.hand.key(Qt.Key.Key_Z, CTRL)
    studio.settle()
    assert studio.state.original is own
    assert shown(studio) == drawn
    studio.hand.key(Qt.Key.Key_Z, CTRL)
    studio.settle()
    assert studio.state.point == before.point


def test_it_is_judged_against_the_map(studio):
    draw(studio, studio.studio.canvas, *SEVEN)
    studio.until(
        lambda: (
            studio.state.answer(EstimateElbo) is not None
            and studio.state.answer(EstimateReferenceElbo) is not None
        )
    )
    studio.settle()
    text = studio.studio.result.verdict.text()
    assert "less likely than" in text
    assert "of 300 images" in text
    usual = studio.state.answer(EstimateReferenceElbo)
    assert usual.codes is studio.state.codes
    share = unlike(studio.state.answer(EstimateElbo).bound, usual.bounds) / 100
    assert f"{100 * share:.0f} %" in text
    assert 100 < np.median(usual.bounds) < 180  # nats; the model's validation loss is 139


def test_ctrl_z_on_the_canvas_takes_a_stroke_and_not_z(studio):
    canvas = studio.studio.canvas
    draw(studio, canvas, *SEVEN)
    studio.settle()
    one = studio.state.own.picture
    draw(studio, canvas, (0.35, 0.5), (0.7, 0.5))
    studio.settle()
    assert not np.array_equal(studio.state.own.picture, one)
    assert canvas.hasFocus()
    studio.hand.key(Qt.Key.Key_Z, CTRL)
    studio.settle()
    assert len(canvas.strokes) == 1
    np.testing.assert_array_equal(studio.state.own.picture, one)


def test_a_pasted_picture_of_a_few_pixels_is_encoded(studio):
    for size in ((1, 1), (3, 2), (5, 300)):
        before = studio.state.own
        QGuiApplication.clipboard().setImage(to_qimage(np.full(size, 200, np.uint8)))
        studio.hand.key(Qt.Key.Key_V, CTRL)
        studio.until(lambda before=before: studio.state.own is not before)
        studio.settle()
        assert studio.state.own is not None, size
        assert studio.state.failure is None, size
    QGuiApplication.clipboard().clear()


def test_a_pasted_photo_is_inverted_and_cropped_by_keyboard(studio):
    """Dark ink on grey paper, off the middle: inverted, framed and centred it is a one."""
    photo = np.full((200, 300), 235, np.uint8)
    photo[60:140, 146:156] = 20
    QGuiApplication.clipboard().setImage(to_qimage(photo))
    studio.hand.key(Qt.Key.Key_V, CTRL)
    studio.until(lambda: studio.state.own is not None)
    studio.settle()
    panel = studio.studio
    assert panel._stack.currentIndex() == CROP
    assert panel.crop_tools.invert.isChecked(), "paper is light, and the data set is dark"
    said = [line.text.text() for line in studio.window.messages.lines]
    assert any(text.startswith("Inverted the image") for text in said)
    panel.crop_tools.invert.setFocus()
    studio.hand.key(Qt.Key.Key_Space)
    studio.until(lambda: "try Crop, Invert" in panel.result.verdict.text())
    studio.hand.key(Qt.Key.Key_Space)
    studio.settle()
    assert studio.state.own.picture[14, 14] > 150
    assert studio.state.own.picture[2, 2] < 40
    panel.crop.setFocus()
    for _ in range(6):
        studio.hand.key(Qt.Key.Key_Minus)
        studio.settle()
    frame = studio.state.own.own.fitting.frame
    assert frame.width == pytest.approx(200 / 1.1**6)
    left = frame.left
    studio.hand.key(Qt.Key.Key_Right)
    studio.settle()
    assert studio.state.own.own.fitting.frame.left == pytest.approx(left + 0.02 * 300)
    panel.crop_tools.center.setFocus()
    studio.hand.key(Qt.Key.Key_Space)
    studio.settle()
    assert studio.state.own.picture[2, 2] == 0
    assert np.mean(nearest_labels(studio) == 1) > 0.9
    QGuiApplication.clipboard().clear()


def test_a_hidden_half_is_filled_in_and_filled_otherwise(studio):
    draw(studio, studio.studio.canvas, *SEVEN)
    studio.settle()
    own, panel = studio.state.own, studio.studio
    panel.turn_to(MASK)
    panel.filling.brushes.width_slider.setValue(24)
    studio.until(lambda: panel.filling.veiled.width() > 100)
    draw(studio, panel.filling.veiled, (0.1, 0.85), (0.9, 0.85))
    hidden = panel.filling.veiled.hidden
    assert hidden[24].all() or hidden[24, 6:22].all()
    assert not hidden[:14].any()
    studio.hand.click(panel.filling.brushes.fill_in)
    studio.until(lambda: studio.state.answer(Inpaint) is not None)
    studio.settle()
    fills = studio.state.answer(Inpaint)
    assert studio.state.point == fills.tiles.points[0]
    said = [line.text.text() for line in studio.window.messages.lines]
    assert any(text.startswith("Filled in: z is now") for text in said)
    np.testing.assert_array_equal(fills.tiles.pictures[0][~hidden], own.picture[~hidden])
    assert Inpaint not in studio.state.working
    studio.hand.click(panel.filling.brushes.others)
    studio.until(lambda: len(studio.state.answer(Inpaint).tiles.points) == 6)
    studio.settle()
    assert InpaintSamples not in studio.state.working
    place = panel.filling.fills.tile_rect(3).center()
    studio.hand.click(panel.filling.fills, place)
    studio.settle()
    assert studio.state.point == studio.state.answer(Inpaint).tiles.points[3]
    studio.controller.undo.undo()
    assert studio.state.point == fills.tiles.points[0]


def test_something_that_is_no_picture_loses_nothing(studio, tmp_path):
    draw(studio, studio.studio.canvas, *SEVEN)
    studio.settle()
    before = studio.state
    (tmp_path / "letter.png").write_text("Dear model,")
    half = tmp_path / "half.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)).save(half)
    half.write_bytes(half.read_bytes()[:1500])
    for path, words in ((tmp_path / "letter.png", "is not an image"), (half, "cannot be read")):
        studio.controller.open_path(path)
        studio.settle()
        assert words in studio.window.failure_bar.text.text()
        assert studio.state.own is before.own
        assert studio.state.point is before.point
        assert studio.studio.canvas.strokes


def test_it_is_followed_while_a_model_learns(training):
    """Each time the model has moved, the picture has the code that it then gives it."""
    training.controller.point.pick(3)
    training.until(lambda: training.state.original and training.state.original.row == 3)
    picture = training.state.original.picture
    training.controller.own_image.show(SourceImage("mine", picture))
    training.until(lambda: training.state.own is not None)
    first = training.state.own
    training.until(lambda: training.state.own is not first)
    training.until(
        lambda: (
            training.state.own.point.z
            == pytest.approx(training.state.codes.mu[3].tolist(), abs=1e-3)
        )
    )
    assert training.state.original is training.state.own
    assert training.state.point == training.state.own.point


def test_the_conditional_model_encodes_it_as_the_class_it_is_told(cvae):
    cvae.controller.point.set_label(7)
    panel = cvae.panel("picture")
    cvae.window.docks["picture"].raise_()
    cvae.until(lambda: not panel.canvas.visibleRegion().isEmpty())
    draw(cvae, panel.canvas, *SEVEN)
    cvae.until(lambda: cvae.state.own is not None)
    cvae.settle()
    assert cvae.state.own.point.label == 7
    assert panel.label.currentText() == "7"
    as_seven = cvae.state.answer(EstimateElbo).bound
    panel.label.setFocus()
    cvae.hand.key(Qt.Key.Key_Up)
    cvae.until(lambda: cvae.state.own.point.label == 6)
    cvae.settle()
    assert cvae.state.answer(EstimateElbo).original is cvae.state.own
    assert cvae.state.answer(EstimateElbo).bound > as_seven
