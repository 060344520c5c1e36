"""Folders that are parts of a set, and those that are its classes."""

import pytest

from latentlab.data.files.parts import find_parts


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Train", "VALID"),
        ("training_set", "test_set"),
        ("trainset", "devset"),
        ("train2017", "val2017"),
        ("TrainingImages", "ValidationImages"),
        ("seg_train", "seg_test"),
        ("train", "held-out"),
        ("trn", "Evaluation"),
    ],
)
@pytest.mark.parametrize(
    "layout",
    [
        "{part}/{kind}/{i}",
        "data/{part}/{kind}/{i}",
        "{kind}/{part}/{i}",
        "{part}/{part}/{kind}/{i}",
    ],
)
def test_levels_of_parts_are_no_classes(train, test, layout):
    names = [
        layout.format(part=part, kind=kind, i=i)
        for part in (train, test)
        for kind in ("ant", "bee")
        for i in range(2)
    ]
    parts = find_parts(names)
    assert parts.names == (train,) * 4 + (test,) * 4
    assert parts.kinds == ("train",) * 4 + ("validation",) * 4
    assert parts.folders == ("ant", "ant", "bee", "bee") * 2
    assert parts.note == f"Held out: {test} (4). Learned from: {train} (4)."


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (["train/1", "bus/2", "car/3"], ("train", "bus", "car")),
        (["train/1", "test/2", "bus/3"], ("train", "test", "bus")),
        (["ant/1", "bee/2"], ("ant", "bee")),
        (["train/ant/1", "train/bee/2"], ("ant", "bee")),
        (["testament/1", "valley/2"], ("testament", "valley")),
    ],
)
def test_classes_that_are_called_like_parts_stay_classes(names, folders):
    parts = find_parts(names)
    assert parts.folders == folders
    assert {*parts.kinds} == {"train"}
    assert parts.note == ""


def test_parts_without_classes():
    parts = find_parts(["train/1", "train/2", "val/3"])
    assert (parts.folders, parts.kinds) == (("",) * 3, ("train", "train", "validation"))
    assert not any(parts.unclassed)


def test_what_lies_in_no_class_folder_of_a_set_with_parts_is_no_class_of_its_own():
    """As the unlabelled pictures to predict that Kaggle gives."""
    names = ["train/ant/1", "train/bee/2", "test/ant/3", "test/bee/4", "pred/5", "6", "test/7"]
    parts = find_parts(names)
    assert {*parts.folders} == {"ant", "bee", ""}
    assert parts.unclassed == (False,) * 4 + (True,) * 3


def test_parts_of_which_none_is_to_learn_from_are_told():
    parts = find_parts(["test/ant/1", "val/ant/2", "test/bee/3"])
    assert parts.folders == ("ant", "ant", "bee")
    assert parts.note == "Parts: test (2), val (1). A random choice from all is held out."
