"""Presets from the folder of recipes, the time of a run, and saved recipes."""

import numpy as np
import pytest

from latentlab.directories import recipes
from latentlab.explorer import recipes as answers
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.learning.recipe import read_recipe
from latentlab.learning.step_time import StepTime
from latentlab.session.recipes import (
    EstimateTime,
    ListPresets,
    SaveRecipe,
    TimePresets,
    approximate,
    describe_estimate,
)
from latentlab.work import finish

TINY = {
    "model": {"kind": "vae", "hidden": [8], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"epochs": 2, "batch_size": 64, "device": "cpu"},
}


@pytest.fixture
def folder(tmp_path, monkeypatch, own_place):
    """A folder of recipes of the test's own."""
    monkeypatch.setattr(answers, "recipes", lambda: tmp_path)
    return tmp_path


def ask(request):
    return finish(answer(request, Explorer()))


def write(folder, name, text="", data="digits"):
    path = folder / f"{name}.toml"
    path.write_text(f"{text}\n[model]\nhidden = [8]\n[data]\nkind = '{data}'\n")
    return path


def test_every_recipe_in_the_folder_is_a_preset(own_place):
    """With title, lesson and values; the five tutorials first."""
    found = ask(ListPresets())
    files = sorted(recipes().glob("*.toml"))
    assert len(found) == len(files) > 8
    assert [preset.reference for preset in found[:6]] == [*"ABCDE", ""]
    assert not any(preset.reference for preset in found[5:])
    values = [read_recipe(path).to_dict() for path in files]
    for preset in found:
        assert preset.values in values
        assert preset.title not in {path.stem for path in files}
        assert 20 < len(preset.lesson) < 70
        assert not preset.lesson.endswith(".")
    assert len({preset.title for preset in found}) == len(found)


def test_a_preset_without_its_data_says_so(own_place):
    found = {preset.title: preset for preset in ask(ListPresets())}
    assert found["CelebA faces"].unavailable == "CelebA is not on this machine"
    assert found["Sprites"].unavailable == ""
    # It can be downloaded.
    assert found["Two latent dimensions"].unavailable == ""


def test_a_new_file_is_a_new_preset_and_a_damaged_one_is_left_out(folder):
    write(folder, "a", "# Small: it is quick\n# Reference Z.")
    write(folder, "b")
    (folder / "c.toml").write_text("[model")
    found = ask(ListPresets())
    assert [(preset.title, preset.lesson) for preset in found] == [
        ("Small", "it is quick"),
        ("b", ""),
    ]
    assert [preset.reference for preset in found] == ["Z", ""]
    assert [preset.seconds for preset in found] == [None, None]


def test_times_are_measured_once_and_kept(folder, monkeypatch):
    write(folder, "a")
    write(folder, "b", data="celeba")
    measured, missing = ask(TimePresets())
    assert measured.seconds > 0
    assert (missing.seconds, bool(missing.unavailable)) == (None, True)
    monkeypatch.setattr(answers, "seconds_per_image", None)
    assert ask(ListPresets())[0].seconds == measured.seconds


def test_time_grows_with_the_epochs_and_is_not_measured_again(own_place, monkeypatch):
    first = ask(EstimateTime(TINY))
    assert first.values == TINY
    assert 0 < first.seconds < 100
    monkeypatch.setattr(answers, "seconds_per_image", None)
    longer = {**TINY, "training": {**TINY["training"], "epochs": 20}}
    assert ask(EstimateTime(longer)).seconds == pytest.approx(10 * first.seconds)


@pytest.mark.parametrize(
    "values",
    [
        {"model": {"kind": "gan"}},
        {"data": {"kind": "celeba"}},
        {"data": {"kind": "folder", "root": "/no/such/folder"}},
        {"data": {"kind": "arrays", "images": "/no/such/file.npy"}},
        {"model": {"hidden": [8192, 8192]}},
        {"model": {"kind": "conv-vae"}, "data": {"kind": "folder", "root": ".", "width": 2048}},
    ],
    ids=str,
)
def test_what_cannot_be_estimated_is_no_error(own_place, values):
    """And a network that may not fit into memory is not built."""
    assert ask(EstimateTime(values)).seconds is None


def test_saved_recipe_can_be_read(tmp_path):
    path = tmp_path / "mine.toml"
    assert answer(SaveRecipe(TINY, path), Explorer()).path == path
    assert read_recipe(path).model.hidden == (8,)
    assert read_recipe(path).training.epochs == 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "about 5 s"),
        (48, "about 50 s"),
        (62, "about 1 min"),
        (95, "about 1.5 min"),
        (1234, "about 21 min"),
        (5000, "about 1.5 h"),
        (40_000, "about 11 h"),
        (400_000, "about 5 days"),
    ],
)
def test_estimates_are_rounded(seconds, text):
    assert approximate(seconds) == text


def test_an_estimate_that_is_not_sure_is_a_range():
    assert approximate(100, 110) == "about 1.5 min"
    assert approximate(2, 5) == "about 5 s"
    assert approximate(100, 200) == "1.5 to 3 min"
    assert approximate(40, 90) == "40 s to 1.5 min"


def test_under_load_the_time_is_a_range_and_the_fastest_step_is_kept(folder, monkeypatch):
    write(folder, "a")
    monkeypatch.setattr(answers, "_measured", set())
    monkeypatch.setattr(answers, "seconds_per_image", timed(StepTime(1e-5, 4e-5)))
    (loaded,) = ask(TimePresets())
    assert loaded.slowest == pytest.approx(4 * loaded.seconds)
    monkeypatch.setattr(answers, "_measured", set())
    monkeypatch.setattr(answers, "seconds_per_image", timed(StepTime(2e-5, 2e-5)))
    estimate = ask(EstimateTime(loaded.values))
    assert estimate.seconds == loaded.seconds
    assert estimate.slowest == pytest.approx(2 * loaded.seconds)


def timed(time):
    def measure(recipe, spec):
        yield
        return time

    return measure


def test_images_of_each_part_are_counted_before_training(tmp_path):
    assert ask(EstimateTime(TINY)).images == "4,000 training images, 1,000 held out"
    np.savez(tmp_path / "x.npz", images=np.zeros((50, 4, 4), np.uint8), who=np.arange(50) % 10)
    data = {"kind": "arrays", "images": str(tmp_path / "x.npz")}
    split = {"by": "group", "column": "who", "validation": 0.2, "test": 0.2}
    found = ask(EstimateTime({**TINY, "data": {**data, "split": split}}))
    assert describe_estimate(found).startswith("30 training images, 10 held out, 10 for the test")
    wrong = ask(EstimateTime({**TINY, "data": {**data, "split": {**split, "column": "whom"}}}))
    assert "has no array 'whom'" in describe_estimate(wrong)
