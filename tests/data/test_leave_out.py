"""Classes that are left out of the training: what is held out, counted, refused and kept."""

import numpy as np
import pytest
from PIL import Image

from latentlab.config import parse
from latentlab.data.conditions import read_splits
from latentlab.data.data_set import DATA, load
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.leave_out import leave_out, of_learned_classes
from latentlab.data.parts import Splits
from latentlab.errors import DataError
from latentlab.learning.fit import fit
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_data import load_run_data
from latentlab.work import finish


def config(kind="digits", **values):
    return parse(DATA.kinds()[kind], values)


def read(data):
    return finish(read_splits(data))


def counts(part):
    return np.bincount(part.labels, minlength=part.spec.classes)


@pytest.mark.parametrize("given", [["1", "7"], "1, 7", [1, 7]])
def test_all_images_of_the_classes_are_held_out_and_no_other_image_moves(given):
    data = config(leave_out=given)
    plain, found = load(config()), read(data)
    assert found.left_out == ("1", "7")
    assert (counts(found.train)[[1, 7]] == 0).all()
    others = [0, 2, 3, 4, 5, 6, 8, 9]
    np.testing.assert_array_equal(counts(found.train)[others], counts(plain.train)[others])
    every = counts(plain.train) + counts(plain.validation)
    np.testing.assert_array_equal(counts(found.validation)[[1, 7]], every[[1, 7]])
    np.testing.assert_array_equal(found.validation.images[:1000], plain.validation.images)
    np.testing.assert_array_equal(
        found.train.images[:], plain.train.images[~np.isin(plain.train.labels, [1, 7])]
    )
    assert "Left out of the training, and held out: 1, 7." in found.notes
    assert "cannot be learned" not in found.notes
    again = leave_out(found, data)
    np.testing.assert_array_equal(again.train.images[:], found.train.images[:])
    assert again.sizes == found.sizes


def test_losses_count_the_other_classes_only():
    found = read(config(leave_out="1"))
    counted = of_learned_classes(found)
    plain = load(config()).validation
    np.testing.assert_array_equal(counted.validation.images[:], plain.images[plain.labels != 1])
    assert of_learned_classes(load(config())).sizes == load(config()).sizes


def test_the_test_part_keeps_the_classes_and_is_scored_without_them():
    rng = np.random.default_rng(0)
    part = ImageSet(
        rng.integers(0, 256, (20, 1, 4, 4), np.uint8),
        np.arange(20) % 2,
        ImageSpec((1, 4, 4), ("even", "odd")),
    )
    found = leave_out(Splits(part, part, test=part), config(leave_out="odd"))
    assert found.sizes == {"train": 10, "validation": 30, "test": 20}
    assert counts(found.test).tolist() == [10, 10]
    assert counts(of_learned_classes(found).test).tolist() == [10, 0]


def test_a_class_whose_name_has_commas_can_be_left_out():
    values = {"count": 200, "size": 32, "classes": "hair and glasses"}
    name = load(config("synthetic-faces", **values)).spec.class_names[1]
    assert "," in name
    found = read(config("synthetic-faces", **values, leave_out=name))
    assert found.left_out == (name,)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("seven", "no class 'seven'. There are 0, 1, 2"),
        ([str(i) for i in range(10)], "no training image is of a class other than those left out"),
    ],
)
def test_classes_that_cannot_be_left_out_are_refused_with_advice(given, says):
    with pytest.raises(DataError, match=r"data\.leave_out") as raised:
        read(config(leave_out=given))
    assert says in str(raised.value)


def test_a_similar_name_is_proposed_and_images_without_classes_are_refused(tmp_path):
    with pytest.raises(DataError, match="Did you mean curly"):
        read(config("synthetic-faces", count=50, size=32, leave_out="culry"))
    np.savez(tmp_path / "a.npz", images=np.zeros((9, 4, 4), np.uint8))
    with pytest.raises(DataError, match="the images have no classes"):
        read(config("arrays", images=tmp_path / "a.npz", leave_out="a"))


# Runs

MODEL = {"kind": "vae", "hidden": [4], "latent_dim": 2}
TRAINING = {"epochs": 1, "device": "cpu", "batch_size": 32}


def folder_of_pictures(root, names, count=12, start=0):
    rng = np.random.default_rng(start)
    for name in names:
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(start, start + count):
            pixels = rng.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")


def test_training_never_sees_the_class_and_its_losses_are_those_of_a_set_without_it(tmp_path):
    found = load(config())
    few = {
        "images": np.concatenate([found.train.images[:200], found.validation.images[:50]])[:, 0],
        "labels": np.concatenate([found.train.labels[:200], found.validation.labels[:50]]),
        "split": np.repeat(["train", "validation"], [200, 50]),
    }
    kept = few["labels"] != 4
    np.savez(tmp_path / "all.npz", **few)
    np.savez(tmp_path / "less.npz", **{name: each[kept] for name, each in few.items()})
    weights = []
    for name, without in (("all", ["4"]), ("less", [])):
        split = {"by": "column", "column": "split"}
        images = str(tmp_path / f"{name}.npz")
        data = {"kind": "arrays", "images": images, "split": split, "leave_out": without}
        model = finish(fit(make_recipe({"model": MODEL, "data": data, "training": TRAINING})))
        weights.append([each.detach().numpy() for each in model.parameters()])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_holds_the_class_out_when_it_is_opened_resumed_and_its_folder_grows(tmp_path):
    root = tmp_path / "pictures"
    folder_of_pictures(root, ["cat", "dog", "owl"])
    data = {"kind": "folder", "root": str(root), "width": 8, "height": 8, "leave_out": ["owl"]}
    recipe = make_recipe({"model": MODEL, "data": data, "training": TRAINING})
    finish(record(recipe, tmp_path / "run"))
    opened = finish(load_run_data(tmp_path / "run", recipe.data, None))
    assert counts(opened.train)[2] == 0
    assert counts(opened.validation)[2] == 12
    assert opened.notes == "Left out of the training, and held out: owl."
    folder_of_pictures(root, ["dog", "owl"], count=3, start=12)
    grown = finish(load_run_data(tmp_path / "run", recipe.data, None))
    assert counts(grown.train)[2] == 0
    assert counts(grown.validation)[2] == 15
    assert counts(grown.train)[1] == counts(opened.train)[1] + 3
    finish(resume(tmp_path / "run", epochs=2))
    again = finish(load_run_data(tmp_path / "run", recipe.data, None))
    assert counts(again.validation)[2] == 15
