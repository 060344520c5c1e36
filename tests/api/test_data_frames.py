"""Labels and attributes of images as a data frame of pandas, with missing cells and words."""

import numpy as np
import pytest

import latentlab

pandas = pytest.importorskip("pandas")

RECIPE = {
    "model": {"kind": "cvae", "hidden": [8], "latent_dim": 2},
    "training": {"epochs": 1, "batch_size": 30, "device": "cpu", "precision": "fp32"},
}
N = 60


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 255, (N, 8, 8), np.uint8)


@pytest.fixture
def frame():
    return pandas.DataFrame(
        {
            "age": np.linspace(18, 67, N),
            "sex": ["female", "male"] * (N // 2),
            "patient": [f"P{i % 9}" for i in range(N)],
        }
    )


def test_columns_are_attributes_and_conditions(images, frame, tmp_path):
    recipe = {**RECIPE, "data": {"conditions": ["age", "sex"]}}
    model = latentlab.fit(recipe, images, frame, folder=tmp_path / "run").model
    assert [str(each.name) for each in model.spec.conditions] == ["age", "sex"]
    mu, _ = model.encode(images, labels=frame[["age", "sex"]])
    same, _ = model.encode(images, labels={"age": frame["age"], "sex": list(frame["sex"])})
    assert np.array_equal(mu, same)


def test_a_group_stays_in_one_part(images, frame, tmp_path):
    recipe = {**RECIPE, "model": "vae", "data": {"split": {"by": "group", "column": "patient"}}}
    table = latentlab.fit(recipe, images, frame, folder=tmp_path / "run").model.codes()
    patients = table.attributes["patient"]
    held_out = {*patients[table.parts == "validation"]}
    assert held_out
    assert not held_out & {*patients[table.parts == "train"]}


def test_missing_cells_are_unknown(images, frame, tmp_path):
    frame["sex"] = frame["sex"].where(frame.index > 2, None)
    frame["visits"] = pandas.array([None, *range(N - 1)], dtype="Int64")
    recipe = {**RECIPE, "model": "vae"}
    table = latentlab.fit(recipe, images, frame, folder=tmp_path / "run").model.codes()
    assert sorted({*table.attributes["sex"]}) == ["", "female", "male"]
    assert sum(table.attributes["sex"] == "") == 3
    assert np.isnan(table.attributes["visits"].astype(float)).sum() == 1


def test_columns_of_no_use_are_refused_by_name(images, frame, tmp_path):
    frame["born"] = pandas.Timestamp("1990-01-01")
    with pytest.raises(latentlab.LatentlabError, match="born holds dates"):
        latentlab.fit(RECIPE, images, frame, folder=tmp_path / "run")
    taken = frame[["age"]].rename(columns={"age": "images"})
    with pytest.raises(latentlab.LatentlabError, match="'images'"):
        latentlab.fit(RECIPE, images, taken, folder=tmp_path / "run")
    wrong = {**RECIPE, "data": {"splitt": {}}}
    with pytest.raises(latentlab.LatentlabError, match="splitt"):
        latentlab.fit(wrong, images, frame[["age"]], folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()
