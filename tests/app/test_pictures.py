"""A folder of pictures from the menu or the desk into the form, trained on, and gone again."""

import shutil

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from latentlab.directories import runs
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record
from latentlab.widgets.kit.relink_dialog import RelinkDialog
from latentlab.widgets.window.import_images.dialog import ImportDialog

pytestmark = pytest.mark.filterwarnings("ignore:Function.*QDrag:DeprecationWarning")


@pytest.fixture
def zoo(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(40):
        file = tmp_path / "zoo" / ("cats" if i % 2 else "dogs") / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 10, 3), np.uint8)).save(file)
    (tmp_path / "zoo" / "cats" / "broken.png").write_text("no picture")
    return tmp_path / "zoo"


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    place, plain = window.rect().center(), Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(place, actions, data, buttons, plain),
        QDropEvent(QPointF(place), actions, data, buttons, plain),
    ):
        QApplication.sendEvent(window.windowHandle(), event)
        assert event.isAccepted()


def dialog_of(desk):
    return desk.window.findChild(ImportDialog)


def test_dropped_pictures_are_trained_on(desk, zoo):
    drop(desk.window, zoo)
    dialog = dialog_of(desk)
    desk.until(lambda: dialog.use.isEnabled() and not dialog.view.unreadable.isHidden())
    assert dialog.view.summary.text() == ("41 images in 2 classes. 37 training images, 4 held out.")
    assert dialog.view.unreadable.text().startswith("1 of 41 images could not be read")
    dialog.form.set_values({"width": 8})
    desk.until(lambda: dialog.use.isEnabled())
    dialog.accept()
    desk.settle()
    values = desk.panel("train").form.values()
    assert values["data"]["kind"] == "folder"
    assert (values["data"]["root"], values["data"]["width"]) == (str(zoo), 8)
    model = {"kind": "vae", "hidden": [8], "latent_dim": 2}
    training = {"epochs": 2, "batch_size": 10, "device": "cpu"}
    desk.controller.training.set_draft({**values, "model": model, "training": training})
    desk.controller.training.start()
    desk.until(lambda: desk.state.training.run is None and desk.state.model.name != "digits-2d")
    desk.settle()
    assert desk.state.failure is None
    assert desk.state.model.spec.shape == (3, 8, 8)
    assert desk.state.model.spec.class_names == ("cats", "dogs")
    assert desk.state.model.note.startswith("1 of 41 images could not be read")
    assert len(desk.state.codes) == 40
    # The run opens without them, and says so.
    moved = zoo.rename(zoo.parent / "moved")
    desk.controller.runs.open(desk.state.model.source)
    gone = f"folder in {zoo} is not on this machine: the map is empty."
    desk.until(lambda: desk.state.model.note == gone)
    assert desk.state.failure is None
    assert len(desk.state.codes) == 0
    # It is pointed to them again; other images are refused, and the run stays as it is.
    find = desk.panel("map").relink
    Image.new("L", (4, 4)).save(zoo.parent / "x.png")
    for path in (zoo.parent / "x.png", moved):
        assert find.isVisible()
        desk.hand.click(find)
        dialog = desk.window.findChild(RelinkDialog)
        dialog.line.setText(str(path))
        dialog.accept()
        desk.until(lambda: desk.state.failure or len(desk.state.codes))
        assert bool(desk.state.failure) == (path != moved)
        desk.controller.store.dismiss_failure()
        desk.until(lambda: desk.window.findChild(RelinkDialog) is None)
    desk.settle()
    assert len(desk.state.codes) == 40
    assert not find.isVisible()


def test_the_menu_opens_the_dialog_and_a_run_folder_still_opens(desk, zoo):
    desk.hand.key(
        Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert dialog_of(desk).isVisible()
    dialog_of(desk).reject()
    desk.until(lambda: dialog_of(desk) is None)
    shutil.make_archive(str(zoo.parent / "archive"), "zip", zoo)
    drop(desk.window, zoo.parent / "archive.zip")
    desk.until(lambda: dialog_of(desk).use.isEnabled())
    dialog_of(desk).reject()
    desk.until(lambda: dialog_of(desk) is None)
    run = shutil.copytree(desk.state.model.source, zoo / "a run")
    shutil.copytree(zoo / "cats", run / "cats")
    drop(desk.window, run)
    desk.settle()
    assert dialog_of(desk) is None
    assert desk.state.model.name == "a run"


def test_an_unfinished_look_does_not_keep_the_window_from_closing(desk, zoo):
    desk.window.use_pictures(zoo)
    desk.clear()


def test_a_run_whose_classes_have_changed_says_so_and_does_not_go_on(desk, zoo):
    recipe = {
        "model": {"kind": "cvae", "hidden": [8], "latent_dim": 2},
        "data": {"kind": "folder", "root": str(zoo), "width": 8},
        "training": {"epochs": 1, "batch_size": 10, "device": "cpu"},
    }
    run = runs() / "of cats and dogs"
    for _ in record(make_recipe(recipe), run):
        pass
    shutil.copytree(zoo / "cats", zoo / "ants")
    desk.controller.runs.open(run)
    says = "made for cats, dogs; the data now has ants, cats, dogs"
    desk.until(lambda: says in desk.state.model.note)
    desk.settle()
    assert desk.state.model.data == ""
    assert says in desk.panel("map").told.text()
    desk.controller.training.resume(run, 2)
    desk.until(lambda: desk.state.training.run is None and desk.state.failure is not None)
    assert says in desk.state.failure.title
