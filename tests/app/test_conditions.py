"""A model with two conditions in the window: pickers, samples, one's own image, undo and scenes."""

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from latentlab.data.own_image.crop import SourceImage
from latentlab.session.files.scene import SCENE, restored, scene_of
from latentlab.session.files.script import decoding_script
from latentlab.session.model import Decode, MakeSamples
from latentlab.session.points import Tiles

BUILT = ("map", "image", "sliders", "samples", "picture")


@pytest.fixture(scope="module")
def conditions_run(tmp_path_factory):
    """Run folder of a conditional VAE of sprites, given shape and scale."""
    # Imported here: the window is tested in the process that starts it without torch.
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    recipe = {
        "model": {"kind": "cvae", "hidden": [32], "latent_dim": 2},
        "data": {
            "kind": "sprites",
            "count": 200,
            "size": 32,
            "conditions": ["shape: classes", "scale"],
        },
        "training": {"epochs": 10, "batch_size": 30, "device": "cpu", "precision": "fp32"},
    }
    folder = tmp_path_factory.mktemp("conditions") / "run"
    for _ in record(make_recipe(recipe), folder):
        pass
    return folder


@pytest.fixture(scope="module")
def lab(share_desk, conditions_run):
    """One window for all tests, of which the last one opens another model."""
    return share_desk(conditions_run, BUILT)


def pickers(desk):
    return desk.panel("sliders").conditions.pickers


def pixels(desk):
    return desk.state.answer(Decode).pixels.astype(int)


def test_each_condition_has_a_picker_that_shows_the_label_of_z(lab):
    shape, scale = pickers(lab)
    assert lab.panel("sliders").conditions.isVisible()
    assert not lab.panel("sliders").label.isVisible()
    assert [shape.list.itemText(i) for i in range(shape.list.count())] == ["0", "1", "2"]
    assert (float(shape.list.currentIndex()), scale.box.value()) == lab.state.point.label


def test_a_picker_changes_the_image_and_undo_restores_all_digits(lab):
    shape, scale = pickers(lab)
    before, image = lab.state.point, pixels(lab)
    lab.hand.click(scale.slider)
    lab.settle()
    moved = lab.state.point
    assert moved.z == before.z
    assert moved.label[0] == before.label[0]
    assert moved.label[1] != before.label[1]
    assert np.abs(pixels(lab) - image).max() > 0
    other = (shape.list.currentIndex() + 1) % 3
    shape.list.setCurrentIndex(other)
    shape.list.activated.emit(other)
    lab.settle()
    assert lab.state.point.label == (float(other), moved.label[1])
    assert lab.state.answer(Decode).point == lab.state.point
    lab.controller.undo.undo()
    assert lab.state.point.label == moved.label
    lab.controller.undo.undo()
    assert lab.state.point == before
    assert scale.box.value() == before.label[1]


def test_dragging_a_number_is_one_step_of_undo(lab):
    _, scale = pickers(lab)
    before, seen = lab.state.point, set()
    from gui_support import handle_of
    from PySide6.QtCore import QPoint

    start = handle_of(scale.slider)
    side = -1 if scale.slider.value() > 500 else 1
    for _ in lab.hand.drag(scale.slider, start, start + QPoint(side * 30, 0)):
        seen.add(lab.state.point.label[1])
    lab.settle()
    assert len(seen) > 3
    lab.controller.undo.undo()
    assert lab.state.point == before


def test_a_typed_number_keeps_its_digits(lab):
    _, scale = pickers(lab)
    scale.box.setValue(0.712345678912)
    lab.settle()
    assert lab.state.point.label[1] == 0.712345678912


def test_a_scene_keeps_the_label(lab):
    label = (2.0, 0.1 + 0.7)
    lab.controller.point.set_label(label)
    lab.settle()
    stored = SCENE.validate_json(SCENE.dump_json(scene_of(lab.state)))
    assert stored.label == label
    assert restored(stored, lab.state)["point"] == lab.state.point


def test_the_text_of_the_image_and_its_script_name_the_conditions(lab):
    lab.controller.point.set_label((1.0, 0.75))
    lab.settle()
    picture = lab.state.answer(Decode)
    tiles = Tiles((picture.point,), picture.pixels[None], 1)
    assert "labels=[('1', 0.75)]" in decoding_script(lab.state.model, tiles, "image")
    assert lab.state.model.spec.label_text(picture.point.label) == "shape=1, scale=0.75"


def test_samples_are_of_all_combinations_or_as_z(lab):
    drawn = lab.state.answer(MakeSamples).points
    assert len({point.label for point in drawn}) == 3
    choice = lab.panel("samples").label
    assert [choice.itemText(i) for i in range(choice.count())] == ["all", "as z"]
    lab.controller.point.set_label((1.0, 0.625))
    choice.setCurrentIndex(1)
    lab.settle()
    assert {point.label for point in lab.state.answer(MakeSamples).points} == {(1.0, 0.625)}
    lab.controller.undo.undo()
    lab.settle()
    assert choice.currentIndex() == 0


def test_ones_own_image_is_encoded_with_the_chosen_conditions(lab):
    lab.controller.point.set_label((1.0, 0.625))
    lab.controller.own_image.show(SourceImage("mine", np.full((32, 32), 90, np.uint8)))
    lab.until(lambda: lab.state.own is not None)
    assert lab.state.own.point.label == (1.0, 0.625)
    code = lab.state.own.point.z
    lab.controller.own_image.relabel((0.0, 0.9))
    lab.until(lambda: lab.state.own.point.label == (0.0, 0.9))
    assert lab.state.own.point.z != code


def test_another_model_takes_other_labels(lab):
    from latentlab.directories import resources

    lab.controller.runs.open(resources() / "models" / "digits-cvae")
    lab.settle()
    assert isinstance(lab.state.point.label, int)
    assert not lab.panel("sliders").conditions.isVisible()
    assert lab.panel("sliders").label.isVisible()


def test_the_form_offers_the_attributes_of_the_data_set(make_desk):
    desk = make_desk(built=("map", "image", "train"))
    desk.controller.training.use_recipe(
        {"data": {"kind": "sprites"}, "model": {"kind": "cvae"}}, ""
    )
    desk.settle()
    panel = desk.panel("train")
    row = panel.form.row("data.conditions")
    desk.until(
        lambda: [*map(QAction.text, offered(row))] == ["shape", "scale", "rotation", "x", "y"]
    )
    offered(row)[1].trigger()
    assert panel.form.values()["data"]["conditions"] == ["scale"]
    row.set_value(["scale: 0.6 0.8", "x"])
    offered(row)[1].trigger()
    assert panel.form.values()["data"]["conditions"] == ["x"]


def offered(row):
    menus = row.findChildren(QMenu)
    return menus[0].actions() if menus else []


def test_a_model_in_training_is_shown_with_its_conditions(make_desk):
    desk = make_desk(built=("map", "image", "sliders", "train"))
    recipe = {
        "model": {"kind": "cvae", "hidden": [16], "latent_dim": 2},
        "data": {"kind": "sprites", "count": 200, "size": 32, "conditions": ["scale", "x"]},
        "training": {"epochs": 3, "batch_size": 50, "device": "cpu"},
    }
    desk.controller.training.use_recipe(recipe, "")
    desk.settle()
    desk.controller.training.start()
    desk.until(lambda: desk.state.model and desk.state.model.spec.conditions)
    desk.until(lambda: not desk.state.is_training)
    desk.settle()
    assert [each.name for each in desk.state.model.spec.conditions] == ["scale", "x"]
    assert len(desk.state.point.label) == 2
