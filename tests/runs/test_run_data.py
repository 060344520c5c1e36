"""A run and its data: known again after changes, found again after moves, and never replaced."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image

from latentlab.api.files import write_path, write_scores
from latentlab.api.model import load as load_run
from latentlab.data.data_set import load
from latentlab.errors import DataError, RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.learning.events import Started
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_data import FILE, read_run_data, relink
from latentlab.session.export import ReadRecipe
from latentlab.work import finish

find_answers()


def arrays(folder, count=40, first=0, classes=("cat", "dog"), size=6):
    """Write images of which each is of another pattern; the same number, the same image."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [
        np.random.default_rng(i).integers(0, 256, (size, size), np.uint8)
        for i in range(first, first + count)
    ]
    labels = np.array(classes)[np.arange(first, first + count) % len(classes)]
    np.savez(folder / "x.npz", images=np.stack(images), labels=labels)
    return {"kind": "arrays", "images": str(folder / "x.npz"), "held_out": 0.25}


def pictures(folder, count=40, first=0):
    """Write picture files, each with its number in its name and of another pattern."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for i in range(first, first + count):
        pixels = np.random.default_rng(i).integers(0, 256, (6, 6), np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{i:03}.png")
    root = str(folder / "pictures")
    return {"kind": "folder", "root": root, "width": 6, "colour": False, "held_out": 0.25}


def trained(folder, data, model="vae", epochs=1):
    recipe = make_recipe(
        {
            "model": {"kind": model, "hidden": [4], "latent_dim": 2},
            "data": data,
            "training": {"epochs": epochs, "batch_size": 20, "device": "cpu"},
        }
    )
    for _ in record(recipe, folder):
        pass
    return folder


def opened(folder):
    explorer = Explorer()
    explorer.open(folder)
    return explorer


def resumed(folder, epochs=2):
    """Go on with a run; return its images."""
    started = [event for event in resume(folder, epochs) if isinstance(event, Started)]
    return started[0].splits


def held_out_of(explorer):
    images = explorer.images
    return {images.images[row].tobytes() for row in range(explorer.held_out)}


@pytest.mark.parametrize("instead", ["gone", "another size", "other images", "other classes"])
def test_no_other_data_set_takes_the_place_of_a_runs_own(tmp_path, instead):
    run = trained(tmp_path / "run", arrays(tmp_path / "data"))
    match instead:
        case "gone":
            shutil.rmtree(tmp_path / "data")
            reason = "is not on this machine"
        case "another size":
            arrays(tmp_path / "data", size=7)
            reason = "made for 6×6 grey images; the data now has 7×7 grey ones"
        case "other images":
            arrays(tmp_path / "data", first=1000)
            reason = "holds none of the images"
        case "other classes":
            arrays(tmp_path / "data", classes=("cat", "fox"))
            reason = "made for cat, dog; the data now has cat, fox"
    explorer = opened(run)
    assert explorer.card.data == ""
    assert reason in explorer.card.note
    assert str(tmp_path / "data") in explorer.card.note
    with pytest.raises(DataError, match=reason):
        _ = explorer.images
    with pytest.raises(DataError, match=reason):
        resumed(run)


def test_twenty_eight_pixels_and_ten_classes_are_not_taken_for_digits(tmp_path):
    data = arrays(tmp_path / "data", classes=[f"species {i}" for i in range(10)], size=28)
    run = trained(tmp_path / "run", data)
    shutil.rmtree(tmp_path / "data")
    assert opened(run).card.data == ""


@pytest.mark.parametrize("write", [arrays, pictures])
@pytest.mark.parametrize(("first", "count"), [(1, 39), (0, 50), (5, 60), (0, 30)])
def test_what_was_held_out_stays_so_when_images_come_and_go(tmp_path, write, first, count):
    run = trained(tmp_path / "run", write(tmp_path / "data"))
    before = held_out_of(opened(run))
    shutil.rmtree(tmp_path / "data")
    write(tmp_path / "data", count, first)
    gone, new = first + max(0, 40 - first - count), max(0, first + count - 40)
    explorer = opened(run)
    assert held_out_of(explorer) <= before
    for number, word in ((gone, "gone"), (new, "new")):
        assert (word in explorer.card.note) == bool(number)
        assert not number or f"{number} image{'s are' if number > 1 else ' is'} {word}" in (
            explorer.card.note
        )
    splits = resumed(run)
    assert not before & {image.tobytes() for image in splits.train.images}
    assert "not exactly" in splits.notes
    # Also what comes back later, and after the run has gone on with others.
    write(tmp_path / "data", 80)
    explorer = opened(run)
    assert held_out_of(explorer) == before


def test_what_was_held_out_stays_so_under_another_name(tmp_path):
    run = trained(tmp_path / "run", pictures(tmp_path / "data"))
    before = held_out_of(opened(run))
    for number, path in enumerate(sorted((tmp_path / "data" / "pictures").iterdir())):
        if number % 2:
            path.rename(path.with_stem(f"renamed {number}"))
    explorer = opened(run)
    assert held_out_of(explorer) == before
    assert "held out under another name" in explorer.card.note
    splits = resumed(run)
    assert not before & {image.tobytes() for image in splits.train.images}
    assert held_out_of(opened(run)) == before


def test_a_run_whose_data_has_not_changed_says_nothing(tmp_path):
    run = trained(tmp_path / "run", arrays(tmp_path / "data"))
    before = held_out_of(opened(run))
    assert opened(run).card.note == ""
    splits = resumed(run)
    assert splits.notes == ""
    assert {image.tobytes() for image in splits.validation.images} == before


@pytest.mark.parametrize("typed", ["relative", "absolute"])
def test_a_run_finds_its_data_from_another_folder(tmp_path, monkeypatch, typed):
    data = arrays(tmp_path / "work" / "data")
    monkeypatch.chdir(tmp_path / "work")
    images = "data/x.npz" if typed == "relative" else data["images"]
    run = trained(tmp_path / "work" / "run", {**data, "images": images})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert opened(run).card.note == ""
    assert len(resumed(run)) == 40
    # Both together, which leaves nothing at the absolute path.
    (tmp_path / "work").rename(tmp_path / "moved")
    assert opened(tmp_path / "moved" / "run").card.note == ""
    assert len(resumed(tmp_path / "moved" / "run", 3)) == 40
    # Now the run alone: only the folder of its data helps.
    (tmp_path / "moved" / "run").rename(tmp_path / "run")
    tried = opened(tmp_path / "run").card.note
    assert str(tmp_path / "work" / "data" / "x.npz") in tried
    monkeypatch.chdir(tmp_path / "moved")
    found = opened(tmp_path / "run").card.note
    assert (found == "") == (typed == "relative")


def test_what_lies_nearer_but_is_other_data_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arrays(tmp_path / "data")
    run = trained(tmp_path / "runs" / "run", {"kind": "arrays", "images": "data/x.npz"})
    shutil.copytree(run, tmp_path / "copy" / "runs" / "run")
    arrays(tmp_path / "copy" / "data", first=1000)
    explorer = opened(tmp_path / "copy" / "runs" / "run")
    assert (explorer.card.data, explorer.card.note) == ("arrays", "")


def test_a_run_of_before_opens_and_says_that_its_held_out_images_are_not_known(tmp_path):
    run = trained(tmp_path / "run", arrays(tmp_path / "data"))
    (run / FILE).unlink()
    explorer = opened(run)
    assert len(explorer.images) == 40
    assert "held-out images of this run are unknown" in explorer.card.note
    assert "held-out images of this run are unknown" in resumed(run).notes
    # It must not be believed later on.
    assert "held-out images of this run are unknown" in opened(run).card.note


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"format": 2}', b"[" * 100_000, b"\xff\xfe", b'{"kind": NaN}'],
)
def test_a_damaged_record_is_told_and_nothing_is_guessed(tmp_path, content):
    run = trained(tmp_path / "run", arrays(tmp_path / "data"))
    (run / FILE).write_bytes(content)
    explorer = opened(run)
    assert explorer.card.data == ""
    assert "data.json is damaged" in explorer.card.note
    assert len(explorer.card.note) < 500
    with pytest.raises(RunError, match="is damaged"):
        resumed(run)


def test_the_record_is_readable(tmp_path):
    run = trained(tmp_path / "run", arrays(tmp_path / "data"))
    kept = read_run_data(run)
    assert (kept.kind, kept.images.train, kept.images.validation) == ("arrays", 30, 10)
    assert kept.images.class_names == ("cat", "dog")
    assert kept.paths["images"].relative == "../data/x.npz"
    assert '"class_names"' in (run / FILE).read_text(encoding="utf-8")


def test_a_class_that_was_added_is_told_in_words_of_the_data(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pics" / name).mkdir(parents=True)
        for i in range(8):
            Image.new("L", (6, 6), 10 * i).save(tmp_path / "pics" / name / f"{i}.png")
    data = {"kind": "folder", "root": str(tmp_path / "pics"), "width": 6, "colour": False}
    run = trained(tmp_path / "run", data, model="cvae")
    (tmp_path / "pics" / "dog").rename(tmp_path / "pics" / "yak")
    says = "made for cat, dog; the data now has cat, yak"
    assert says in opened(run).card.note
    with pytest.raises(DataError, match=says):
        resumed(run)


@pytest.mark.parametrize("resident_mb", [1, 4096])
def test_images_that_are_mapped_from_disk_are_divided_trained_and_shown(tmp_path, resident_mb):
    count = 1400
    images = np.random.default_rng(0).integers(0, 256, (count, 1, 30, 30), np.uint8)
    labels = np.repeat(np.arange(7), count // 7)
    np.save(tmp_path / "x.npy", images)
    np.save(tmp_path / "y.npy", labels)
    data = {"kind": "arrays", "images": str(tmp_path / "x.npy"), "labels": str(tmp_path / "y.npy")}
    recipe = make_recipe(
        {
            "model": {"kind": "cvae", "hidden": [4], "latent_dim": 2},
            "data": data,
            "training": {
                "epochs": 1,
                "batch_size": 100,
                "device": "cpu",
                "resident_mb": resident_mb,
            },
        }
    )
    started = [event for event in record(recipe, tmp_path / "run") if isinstance(event, Started)]
    splits = started[0].splits
    assert np.bincount(splits.validation.labels).tolist() == [20] * 7
    assert splits.notes == ""
    explorer = opened(tmp_path / "run")
    finish(explorer.show_all())
    assert len(explorer.codes) == count
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for row in range(0, count, 100):
        assert known[explorer.images.images[row].tobytes()] == explorer.images.labels[row]


def test_headless_commands_name_the_reason_for_which_there_are_no_images(tmp_path):
    run = trained(tmp_path / "run", arrays(tmp_path / "data"))
    shutil.rmtree(tmp_path / "data")
    reason = f"{tmp_path / 'data' / 'x.npz'} is not on this machine"
    for ask in (
        lambda model: write_scores(model, tmp_path / "s.csv", 1, None, 0),
        lambda model: write_path(model, tmp_path / "i.png", "", "", 4, "straight"),
        lambda model: write_path(model, tmp_path / "i.png", "cat", "dog", 4, "straight"),
    ):
        with pytest.raises(DataError, match=re.escape(reason)):
            ask(load_run(run))
    assert not [*tmp_path.glob("*.png"), *tmp_path.glob("*.csv")]


def test_of_many_classes_only_those_that_came_and_went_are_named(tmp_path):
    names = [f"species {i:02}" for i in range(20)]
    run = trained(tmp_path / "run", arrays(tmp_path / "data", classes=names))
    arrays(tmp_path / "data", classes=[*names[:7], "fox", *names[8:]])
    note = opened(run).card.note
    assert "made for 20 classes; the data now has 20: species 07 gone and fox new" in note


def test_the_recipe_of_a_run_leads_to_its_data_from_another_folder(tmp_path, monkeypatch):
    arrays(tmp_path / "work" / "data")
    monkeypatch.chdir(tmp_path / "work")
    run = trained(tmp_path / "work" / "run", {"kind": "arrays", "images": "data/x.npz"})
    monkeypatch.chdir(tmp_path)
    values = answer(ReadRecipe(run), Explorer())
    assert len(load(make_recipe(values).data)) == 40
    # Where the data is gone, the recipe says what it said.
    shutil.rmtree(tmp_path / "work" / "data")
    values = answer(ReadRecipe(run), Explorer())
    assert values["data"]["images"] == "data/x.npz"


@pytest.mark.parametrize("write", [arrays, pictures])
def test_run_is_pointed_to_its_data_again(tmp_path, write):
    run = trained(tmp_path / "run", write(tmp_path / "data"))
    before = held_out_of(opened(run))
    (tmp_path / "attic").mkdir()
    (tmp_path / "data").rename(tmp_path / "attic" / "other name")
    assert opened(run).card.data == ""
    (place,) = (tmp_path / "attic" / "other name").iterdir()
    found = finish(relink(run, place))
    assert str(place) in found
    assert "30 training images, 10 held out" in found
    assert held_out_of(opened(run)) == before
    assert len(resumed(run)) == 40


def test_other_images_are_not_taken_for_those_of_the_run(tmp_path):
    run = trained(tmp_path / "run", arrays(tmp_path / "data"))
    shutil.rmtree(tmp_path / "data")
    arrays(tmp_path / "others", first=1000)
    before = (run / FILE).read_bytes()
    for path in (tmp_path / "others" / "x.npz", tmp_path / "nowhere"):
        with pytest.raises(DataError):
            finish(relink(run, path))
    assert (run / FILE).read_bytes() == before


def test_labels_of_the_same_name_beside_the_images_are_found(tmp_path):
    data = arrays(tmp_path / "data")
    labels = np.array(["ape", "bee"] * 20)
    np.save(tmp_path / "data" / "y.npy", labels)
    run = trained(tmp_path / "run", {**data, "labels": str(tmp_path / "data" / "y.npy")})
    (tmp_path / "data").rename(tmp_path / "moved")
    finish(relink(run, tmp_path / "moved" / "x.npz"))
    assert opened(run).card.spec.class_names == ("ape", "bee")
    assert len(opened(run).codes) == 40
