"""Drag and drop: runs, checkpoints, recipes and pictures, anywhere on the window."""

import shutil

import numpy as np
import pytest
from gui_support import drop
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from latentlab.directories import resources
from latentlab.session.model import Decode

# Old PySide knows only what new PySide calls old: a place in whole pixels.
pytestmark = pytest.mark.filterwarnings("ignore:Function.*QDrag:DeprecationWarning")

DIGITS_2D = resources() / "models" / "digits-2d"
CVAE = resources() / "models" / "digits-cvae"
COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
PLAIN = Qt.KeyboardModifier.NoModifier

RECIPE = """
[model]
kind = "cvae"
hidden = [40, 20]
latent_dim = 5
[data]
kind = "digits"
[objective.schedule]
kind = "linear"
[training]
epochs = 7
learning_rate = 0.0005
"""


PLACES = {
    "window": lambda desk: desk.window,
    "map": lambda desk: desk.map.viewport(),
    "curves": lambda desk: desk.panel("curves").plots["loss"].viewport(),
    "image": lambda desk: desk.panel("image").view,
    "manifold": lambda desk: desk.panel("manifold").view,
    "library": lambda desk: desk.panel("library").list.viewport(),
    "sliders": lambda desk: desk.panel("sliders").rows[0].slider,
    "form": lambda desk: desk.panel("train").form,
}


@pytest.mark.parametrize("place", PLACES)
def test_run_folder_opens_wherever_it_falls(old_desk, place):
    other = CVAE if old_desk.state.model.source == DIGITS_2D else DIGITS_2D
    assert drop(PLACES[place](old_desk), other)
    old_desk.settle()
    assert old_desk.state.model.source == other
    assert old_desk.state.failure is None


def test_checkpoint_file_opens_its_run(desk, tmp_path):
    folder = shutil.copytree(CVAE, tmp_path / "my run")
    for name in ("checkpoint.safetensors", "checkpoint.json"):
        drop(desk.window, DIGITS_2D)
        desk.settle()
        drop(desk.window, folder / name)
        desk.settle()
        assert desk.state.model.name == "my run"
        assert desk.state.model.source == folder


def test_recipe_fills_the_form(desk, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(RECIPE)
    before = desk.state.model
    assert drop(desk.window, file)
    desk.settle()
    assert desk.state.failure is None
    values = desk.panel("train").form.values()
    assert values["model"]["kind"] == "cvae"
    assert values["model"]["hidden"] == [40, 20]
    assert values["model"]["latent_dim"] == 5
    assert values["objective"]["schedule"]["kind"] == "linear"
    assert values["training"]["epochs"] == 7
    assert values["training"]["learning_rate"] == 0.0005
    assert desk.state.draft.values == values
    assert desk.state.workspace == "train"
    assert desk.state.model is before
    assert desk.state.failure is None


def test_picture_is_encoded_and_shown_beside_its_reconstruction(desk, tmp_path):
    """A digit from the data, saved and dropped, lands on its own code."""
    desk.controller.point.pick(42)
    desk.settle()
    code, digit = desk.state.point, desk.state.original.picture
    Image.fromarray(digit).save(tmp_path / "mine.png")
    desk.controller.point.randomize()
    assert drop(desk.window, tmp_path / "mine.png")
    desk.settle()
    assert desk.state.point.z == pytest.approx(code.z, abs=1e-4)
    assert desk.state.original.name == "mine.png"
    np.testing.assert_array_equal(desk.state.original.picture, digit)
    captions = [label.text() for label in desk.panel("image")._pair._captions]
    assert captions == ["mine.png", "reconstruction"]
    assert desk.state.answer(Decode).point == desk.state.point
    desk.controller.undo.undo()
    assert desk.state.point != code


def test_large_colour_photo_is_brought_to_size(desk, tmp_path):
    photo = np.zeros((300, 500, 3), np.uint8)
    photo[50:250, 200:300] = (250, 240, 230)
    Image.fromarray(photo).save(tmp_path / "photo.jpg")
    assert drop(desk.window, tmp_path / "photo.jpg")
    desk.settle()
    assert desk.state.original.picture.shape == (28, 28)
    assert desk.state.original.picture[14, 14] > 200
    assert desk.state.original.picture[14, 1] < 30


def test_text_is_not_taken(old_desk):
    data = QMimeData()
    data.setText("hello")
    enter = QDragEnterEvent(QPoint(10, 10), COPY, data, LEFT, PLAIN)
    enter.ignore()
    QApplication.sendEvent(old_desk.window, enter)
    assert not enter.isAccepted()


def test_link_from_a_browser_is_not_taken_for_a_file(old_desk):
    """It names no file here; it must not open whatever folder the program was started in."""
    before = old_desk.state.model
    assert not drop(old_desk.window, QUrl("https://example.org/picture.png"))
    old_desk.settle()
    assert old_desk.state.model is before
    assert old_desk.state.failure is None


def test_first_of_many_files_that_can_be_opened_opens(desk, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    assert drop(desk.window, tmp_path / "notes.txt", CVAE, DIGITS_2D)
    desk.settle()
    assert desk.state.model.name == "digits-cvae"
    said = desk.window.messages.lines[0].text.text()
    assert said == "digits-cvae is used. notes.txt and digits-2d are not used."


def test_drop_of_something_bad_is_told(desk, tmp_path):
    (tmp_path / "holiday").mkdir()
    before = desk.state
    assert drop(desk.window, tmp_path / "holiday")
    desk.settle()
    assert "is not a run" in desk.window.failure_bar.text.text()
    assert desk.state.model is before.model
    assert desk.state.point is before.point


@pytest.mark.parametrize("place", ["window", "compare", "arithmetic"])
def test_files_are_never_taken_as_moved(old_desk, place):
    """A file manager that has moved its files may delete them."""
    widgets = {
        "window": lambda: old_desk.window,
        "compare": lambda: old_desk.panel("compare"),
        "arithmetic": lambda: old_desk.panel("arithmetic").slots[0],
    }
    widget, data, offered = widgets[place](), QMimeData(), COPY | Qt.DropAction.MoveAction
    shift = Qt.KeyboardModifier.ShiftModifier
    data.setUrls([QUrl.fromLocalFile(str(CVAE))])
    enter = QDragEnterEvent(widget.rect().center(), offered, data, LEFT, shift)
    let_go = QDropEvent(QPointF(widget.rect().center()), offered, data, LEFT, shift)
    for event in (enter, let_go):
        assert event.proposedAction() != COPY
        QApplication.sendEvent(widget, event)
        assert event.isAccepted()
        assert event.dropAction() == COPY
    old_desk.settle()
