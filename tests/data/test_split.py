"""Splits: by folder, by a column or array, by group and at random, with a test part."""

import csv
import json
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from latentlab.data.data_set import DATA, load
from latentlab.errors import DataError, RecipeError
from latentlab.learning.events import EpochEnd, FinalTest, Started
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_data import load_run_data
from latentlab.session.curves.curves import read_curves
from latentlab.work import finish

COUNT, SUBJECTS = 60, 12


def subject(i):
    return f"person {i % SUBJECTS}"


def folder(root, count=COUNT):
    """Write images with a table of their subject, day and part."""
    root.mkdir(exist_ok=True)
    rows = []
    for i in range(count):
        pixels = np.random.default_rng(i).integers(0, 256, (6, 6), np.uint8)
        Image.fromarray(pixels).save(root / f"{i:03}.png")
        part = "test" if i % 6 == 0 else "val" if i % 6 == 1 else "Training"
        rows.append((f"{i:03}.png", subject(i), i % 3, part))
    with (root / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "Subject_ID", "day", "Set"), *rows])
    return {"kind": "folder", "root": str(root), "width": 6, "colour": False}


def arrays(root, count=COUNT):
    """Write the same as NPZ."""
    root.mkdir(exist_ok=True)
    images = [np.random.default_rng(i).integers(0, 256, (6, 6), np.uint8) for i in range(count)]
    numbers = np.arange(count)
    np.savez(
        root / "x.npz",
        images=images,
        Subject_ID=np.array([subject(i) for i in range(count)]),
        day=numbers % 3,
        Set=np.array(["test", "val", *["Training"] * 4] * count)[:count],
    )
    return {"kind": "arrays", "images": str(root / "x.npz")}


def config(values, **split):
    return DATA.kinds()[values["kind"]].model_validate({**values, "split": split})


def numbers(part):
    """Return the number of each image: the seed of its pixels."""
    known = {
        np.random.default_rng(i).integers(0, 256, (6, 6), np.uint8).tobytes(): i
        for i in range(2 * COUNT)
    }
    return {known[np.ascontiguousarray(image).tobytes()] for image in part.images[:]}


def parts(splits):
    return [numbers(part) for part in (splits.train, splits.validation, splits.test) if part]


@pytest.mark.parametrize("write", [folder, arrays])
def test_column_names_the_part_of_each_image(tmp_path, write):
    data = write(tmp_path / "data")
    train, validation, test = parts(load(config(data, by="column", column="Set")))
    assert test == set(range(0, COUNT, 6))
    assert validation == set(range(1, COUNT, 6))
    assert len(train) == COUNT - len(test) - len(validation)


@pytest.mark.parametrize("write", [folder, arrays])
@pytest.mark.parametrize("seed", [0, 3])
def test_no_group_is_in_two_parts(tmp_path, write, seed):
    data = write(tmp_path / "data")
    split = {"by": "group", "column": "Subject_ID", "validation": 0.25, "test": 0.25, "seed": seed}
    splits = load(config(data, **split))
    sets = [{subject(i) for i in part} for part in parts(splits)]
    assert len(sets) == 3
    assert not any(a & b for a, b in combinations(sets, 2))
    assert [len(part) for part in parts(splits)] == [30, 15, 15]
    assert "12 groups: 6 training, 3 validation, 3 test" in splits.notes
    outline = finish(config(data, **split).outline())
    assert outline.counts == splits.counts == "30 training images, 15 held out, 15 for the test"


def test_folders_are_groups_without_a_column(tmp_path):
    data = folder(tmp_path / "data")
    for i in range(COUNT):
        (tmp_path / "data" / subject(i)).mkdir(exist_ok=True)
        (tmp_path / "data" / f"{i:03}.png").rename(tmp_path / "data" / subject(i) / f"{i}.png")
    splits = load(config(data, by="group"))
    train, validation = ({subject(i) for i in part} for part in parts(splits))
    assert validation
    assert not train & validation


@pytest.mark.parametrize("write", [folder, arrays])
def test_test_share_leaves_the_validation_images_and_depends_on_the_seed(tmp_path, write):
    data = write(tmp_path / "data")
    without = parts(load(config(data)))
    train, validation, test = parts(load(config(data, test=0.2)))
    assert (len(train), len(validation), len(test)) == (42, 6, 12)
    assert validation == without[1]
    assert parts(load(config(data, test=0.2, seed=5)))[2] != test


@pytest.mark.parametrize("write", [folder, arrays])
@pytest.mark.parametrize(
    ("split", "reason"),
    [
        ({"by": "column", "column": "day"}, "training image|names of parts"),
        ({"by": "column", "column": "Subject_ID"}, "not names of parts"),
        ({"by": "column", "column": "colour"}, "no (column|array) 'colour'"),
        ({"by": "group", "column": "day", "validation": 0.3, "test": 0.3}, ""),
    ],
)
def test_column_that_cannot_decide_is_refused(tmp_path, write, split, reason):
    data = config(write(tmp_path / "data"), **split)
    if not reason:  # three groups are enough for three parts
        assert len(load(data)) == COUNT
        return
    if split["column"] == "day":  # 0, 1 and 2, as in the partition of CelebA
        assert len(load(data).test) == COUNT / 3
        return
    with pytest.raises(DataError, match=reason):
        load(data)


def test_keys_of_before_still_mean_the_same():
    recipe = make_recipe(
        {"data": {"kind": "arrays", "images": "x", "held_out": 0.3, "split_seed": 4}}
    )
    assert (recipe.data.split.validation, recipe.data.split.seed) == (0.3, 4)
    assert recipe.changed("data.held_out", 0.2).data.split.validation == 0.2
    with pytest.raises(RecipeError, match="leave images"):
        recipe.changed("data.split.test", 0.7)


def trained(run, data, epochs=3):
    recipe = make_recipe(
        {
            "model": {"kind": "vae", "hidden": [4], "latent_dim": 2},
            "data": data,
            "training": {"epochs": epochs, "batch_size": 20, "device": "cpu"},
        }
    )
    return list(record(recipe, run))


def test_test_images_are_scored_once_at_the_end(tmp_path):
    data = arrays(tmp_path / "data") | {"split": {"test": 0.2}}
    events = trained(tmp_path / "run", data)
    (tested,) = [event for event in events if isinstance(event, FinalTest)]
    (started,) = [event for event in events if isinstance(event, Started)]
    last = [event for event in events if isinstance(event, EpochEnd)][-1]
    assert tested.epoch == last.epoch == 3
    assert tested.losses.keys() == last.validation.keys()
    assert tested.losses["loss"] != last.validation["loss"]
    assert tested.best_epoch == last.best_epoch
    epochs, losses = read_curves(tmp_path / "run")["test", "loss"]
    assert (epochs[-1], losses[-1]) == (3, tested.losses["loss"])
    checkpoint = json.loads((tmp_path / "run" / "checkpoint.json").read_text())
    assert checkpoint["metrics"]["test"]["loss"] == pytest.approx(tested.losses["loss"])
    # The same weights on the same images have the same loss, whoever computes it.
    assert numbers(started.splits.test) == parts(load(config(data, test=0.2)))[2]


@pytest.mark.parametrize("write", [folder, arrays])
@pytest.mark.parametrize("by", ["random", "group"])
def test_parts_of_a_run_stay_when_images_are_added(tmp_path, write, by):
    column = "Subject_ID" if by == "group" else ""
    split = {"by": by, "column": column, "test": 0.2, "validation": 0.2}
    data = write(tmp_path / "data") | {"split": split}
    trained(tmp_path / "run", data, epochs=1)
    before = parts(load(config(data, **split)))
    write(tmp_path / "data", 2 * COUNT)
    recipe_data = config(data, **split)
    splits = finish(load_run_data(tmp_path / "run", recipe_data, None))
    train, validation, test = parts(splits)
    assert before[1] <= validation
    assert before[2] <= test
    if by == "group":  # new images of a subject join its part
        assert {subject(i) for i in validation} == {subject(i) for i in before[1]}
        assert {subject(i) for i in test} == {subject(i) for i in before[2]}
        assert not {subject(i) for i in train} & {subject(i) for i in validation | test}
    else:
        assert (validation, test) == (before[1], before[2])
    resumed = [event for event in resume(tmp_path / "run", 2) if isinstance(event, Started)]
    assert parts(resumed[0].splits) == [train, validation, test]


def test_run_of_before_holds_out_what_is_the_test_part_now(tmp_path):
    data = folder(tmp_path / "data")
    for i in range(COUNT):
        part = tmp_path / "data" / ("test" if i % 5 == 0 else "val" if i % 5 == 1 else "train")
        part.mkdir(exist_ok=True)
        (tmp_path / "data" / f"{i:03}.png").rename(part / f"{i}.png")
    trained(tmp_path / "run", data, epochs=1)
    file = tmp_path / "run" / "data.json"
    record = json.loads(file.read_text())
    images = record["images"]
    assert images["test"] == len(images["tested"]) / 16 == 12
    images["held_out"] += images["tested"]
    images["validation"] += images["test"]
    for name in ("test", "tested", "tested_contents", "grouped"):
        del images[name]
    images["contents"] = None
    file.write_text(json.dumps(record))
    splits = finish(load_run_data(tmp_path / "run", config(data), None))
    assert splits.test is None
    assert len(splits.validation) == 24
    assert "without a test part" in splits.notes
