"""Run folders: their names, the library that lists them, and what can be done with them."""

import shutil
import sys
import time
from urllib.parse import unquote

import numpy as np
import pytest
from training_support import recipe_of

from latentlab.directories import resources, runs
from latentlab.errors import RunError
from latentlab.learning.checkpoint import DESCRIPTION_FILE
from latentlab.learning.recipe import make_recipe
from latentlab.runs import library as rooms
from latentlab.runs.library import (
    MAX_DISCARDED,
    NAME,
    PREVIEW,
    compare,
    discard,
    library,
    new_folder,
    rename,
    restore,
    run_name,
    trash,
)
from latentlab.runs.notes import write_notes
from latentlab.runs.recorder import record
from latentlab.session.library.comparable import scale_of
from latentlab.session.library.notes import Notes


def finish(events):
    return list(events)


def test_the_library_begins_with_what_ships():
    shipped = [entry for entry in library() if entry.shipped]
    assert library()[: len(shipped)] == tuple(shipped)
    assert [entry.name for entry in shipped] == ["digits-2d", "digits-cvae", "faces"]
    assert [entry.path.parent for entry in shipped] == [resources() / "models"] * 3
    assert shipped[2].detail == "Convolutional VAE 32-D · Drawn faces"
    assert shipped[2].thumbnail.ndim == 3
    for entry, title in zip(shipped[:2], ("VAE 2-D", "Conditional VAE 20-D"), strict=True):
        assert entry.detail == f"{title} · MNIST"
        assert 80 < entry.loss < 150
        assert entry.summary == f"{title} · MNIST · {entry.loss:.1f} nats"
        assert entry.loss == pytest.approx(entry.rate + entry.distortion, abs=1e-3)
        assert entry.started is None
        assert entry.thumbnail.ndim == 2
        assert np.ptp(entry.thumbnail) > 100


def test_own_runs_follow_the_newest_first(vae_run):
    for name in ("20260101-000000-vae-digits", "20260102-000000-cvae-digits"):
        runs().mkdir(parents=True, exist_ok=True)
        (runs() / name).symlink_to(vae_run)
    own = [entry for entry in library() if not entry.shipped]
    assert [entry.name for entry in own] == [
        "cvae-digits · 02 Jan 00:00",
        "vae-digits · 01 Jan 00:00",
    ]
    assert own[0].detail == "VAE 2-D · Digits"
    assert own[0].thumbnail.shape == (112, 112)
    assert time.localtime(own[0].started)[:5] == (2026, 1, 2, 0, 0)


def test_runs_of_one_kind_are_told_apart_by_what_most_do_not_share():
    recipes = {
        "a": {"objective": {"beta": 4.0}},
        "b": {"objective": {"beta": 0.5}, "learning_rate": 0.0005},
        "c": {"objective": {"beta": 4.0}, "hidden": (32, 16)},
        "d": {"kind": "cvae"},
    }
    for name, values in recipes.items():
        finish(record(recipe_of(**values), runs() / name))
    own = {entry.name: entry.differences for entry in library() if not entry.shipped}
    assert own == {
        "a": "",
        "b": "beta 0.5, learning rate 0.0005",
        "c": "hidden 32-16",
        "d": "",  # the only one of its kind
    }
    entry = next(entry for entry in library() if entry.name == "b")
    assert entry.title == "b · beta 0.5, learning rate 0.0005"


def test_unchanged_runs_are_not_read_again(vae_run, monkeypatch):
    for name in "ab":
        shutil.copytree(vae_run, runs() / name)
    before = library()
    read = []
    original = rooms.read_checkpoint
    monkeypatch.setattr(rooms, "read_checkpoint", lambda path: read.append(path) or original(path))
    assert library() == before
    assert read == []
    write_notes(runs() / "a", Notes("new"))
    assert [entry.notes.text for entry in library() if not entry.shipped] == ["", "new"]
    assert read == [runs() / "a"]
    rename(runs() / "b", "better")
    assert [entry.name for entry in library() if not entry.shipped] == ["better", "a"]
    assert read == [runs() / "a", runs() / "b"]


@pytest.mark.parametrize(
    "description",
    [
        "",
        "{",
        "[]",
        '{"format": 99, "latentlab": "9"}',
        '{"format": 1, "images": {"shape": [1, 2, 2], "class_names": []}, "step": 0, "epoch": 0, '
        '"metrics": {}, "latentlab": "1", "recipe": {"model": {"kind": "from-a-plugin"}}}',
        '{"format": 1, "images": {"shape": [1, 2, 2], "class_names": []}, "step": 0, "epoch": 0, '
        '"metrics": "none", "latentlab": "1", "recipe": {}}',
    ],
)
def test_a_broken_run_is_listed_with_the_reason_beside_the_others(vae_run, description):
    (runs() / "broken").mkdir(parents=True)
    (runs() / "broken" / DESCRIPTION_FILE).write_text(description, "utf-8")
    (runs() / "whole").symlink_to(vae_run)
    whole, broken = (entry for entry in library() if not entry.shipped)
    assert (whole.name, whole.damage) == ("whole", "")
    assert broken.name == "broken"
    assert broken.detail.startswith(DESCRIPTION_FILE)
    assert str(runs() / "broken") in broken.damage
    assert not broken.resumable


def test_a_run_without_its_description_is_listed_as_damaged(tmp_path):
    folder = runs() / "run"
    finish(record(recipe_of(), folder))
    (folder / DESCRIPTION_FILE).unlink()
    (entry,) = (entry for entry in library() if not entry.shipped)
    assert f"it has no {DESCRIPTION_FILE}" in entry.damage


@pytest.mark.parametrize("damage", ["missing", "text", "half", "flipped"])
def test_a_run_without_a_good_preview_is_listed_all_the_same(tmp_path, damage):
    folder = runs() / "run"
    finish(record(recipe_of(), folder))
    preview = folder / PREVIEW
    content = bytearray(preview.read_bytes())
    if damage == "missing":
        preview.unlink()
    else:
        content[60:90] = bytes(30)
        spoilt = {"text": b"no picture", "half": content[:200], "flipped": content}[damage]
        preview.write_bytes(spoilt)
    (entry,) = (entry for entry in library() if not entry.shipped)
    assert entry.name == "run"
    assert entry.thumbnail is None or damage == "flipped"


def test_no_runs_is_no_error(own_place):
    assert not own_place.exists()
    assert [entry.shipped for entry in library()] == [True, True, True]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("20260131-235959-vae-digits", "vae-digits · 31 Jan 23:59"),
        ("20260131-235959-cvae-fashion-mnist-2", "cvae-fashion-mnist-2 · 31 Jan 23:59"),
        ("digits-2d", "digits-2d"),
        ("20261331-000000-vae-digits", "20261331-000000-vae-digits"),
        ("my run", "my run"),
        ("", ""),
    ],
)
def test_a_run_is_called_by_what_and_when(tmp_path, name, want):
    assert run_name(rooms.runs() / name if name else type(tmp_path)("")) == want


def test_new_folders_are_new(own_place, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda *_: "20260102-030405")
    made = []
    for _ in range(4):
        folder = new_folder(recipe_of())
        folder.mkdir(parents=True)
        made.append(folder.name)
    base = "20260102-030405-vae-digits"
    assert made == [base, f"{base}-2", f"{base}-3", f"{base}-4"]
    assert folder.parent == own_place / "runs"


def test_a_new_folder_says_when_and_what():
    name = new_folder(make_recipe({"model": "cvae", "data": "fashion-mnist"})).name
    assert name.endswith("-cvae-fashion-mnist")
    began = time.mktime(time.strptime(name[:15], "%Y%m%d-%H%M%S"))
    assert abs(time.time() - began) < 60


# Names


def test_a_run_can_be_called_something_else(vae_run):
    folder = runs() / "20260101-000000-vae-digits"
    folder.parent.mkdir(parents=True)
    folder.symlink_to(vae_run)
    try:
        rename(folder, "  my best · ünï \n")
        assert run_name(folder) == "my best · ünï"
        assert [entry.name for entry in library() if not entry.shipped] == ["my best · ünï"]
        rename(folder, "")
        assert run_name(folder) == "vae-digits · 01 Jan 00:00"
    finally:
        (vae_run / NAME).unlink()


def test_a_name_that_cannot_be_read_or_written_is_no_end(tmp_path):
    (tmp_path / NAME).write_bytes(b"\xff\xfe")
    assert run_name(tmp_path) == tmp_path.name
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="cannot be written"):
        rename(tmp_path / "file", "name")


# Trash


@pytest.fixture
def bin_of(tmp_path, monkeypatch):
    """Move the system's trash into the test's own place; returns what is in it."""
    if sys.platform in ("win32", "darwin"):
        pytest.skip("this system's trash cannot be moved")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    from send2trash.plat_other import HOMETRASH_B  # noqa: F401  (it reads that once, on import)

    monkeypatch.setattr(
        "send2trash.plat_other.HOMETRASH_B", str(tmp_path / "share" / "Trash").encode()
    )
    return lambda: sorted((tmp_path / "share" / "Trash").glob("files/*"))


def test_a_run_goes_to_the_trash_whole(tmp_path, bin_of):
    folder = runs() / "run"
    folder.mkdir(parents=True)
    (folder / DESCRIPTION_FILE).write_text("{}")
    trash(folder)
    assert not folder.exists()
    (kept,) = bin_of()
    assert (kept.name, (kept / DESCRIPTION_FILE).read_text()) == ("run", "{}")
    (info,) = (kept.parents[1] / "info").iterdir()
    assert str(folder) in unquote(info.read_text())


def test_two_runs_of_one_name_both_stay_in_the_trash(bin_of):
    for text in ("one", "two"):
        folder = runs() / "run"
        folder.mkdir(parents=True)
        (folder / "file").write_text(text)
        trash(folder)
    assert sorted((kept / "file").read_text() for kept in bin_of()) == ["one", "two"]


def test_what_came_with_the_program_is_not_thrown_away(bin_of):
    with pytest.raises(RunError, match="digits-2d is a shipped model and cannot be deleted"):
        trash(resources() / "models" / "digits-2d")
    assert (resources() / "models" / "digits-2d").is_dir()


def test_what_is_not_there_cannot_be_thrown_away(bin_of, tmp_path):
    with pytest.raises(RunError, match="cannot be moved to the trash") as caught:
        trash(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in caught.value.message


# Discarded


def run_folder(name):
    folder = runs() / name
    folder.mkdir(parents=True)
    (folder / DESCRIPTION_FILE).write_text(name)
    return folder


def test_a_discarded_run_comes_back_whole():
    folder = run_folder("run")
    place = discard(folder)
    assert not folder.exists()
    assert library() == library_of_shipped()
    assert restore(place) == folder
    assert (folder / DESCRIPTION_FILE).read_text() == "run"


def library_of_shipped():
    return tuple(entry for entry in library() if entry.shipped)


def test_discarded_runs_do_not_pile_up(bin_of):
    """The latest are at hand, those before are in the trash, and none is deleted."""
    names = [f"run-{i:02}" for i in range(MAX_DISCARDED + 3)]
    places = [discard(run_folder(name)) for name in names]
    assert sorted(p.name for p in places[0].parent.iterdir()) == names[-MAX_DISCARDED:]
    assert [kept.name for kept in bin_of()] == names[:3]
    assert restore(places[-1]).is_dir()
    with pytest.raises(RunError, match="no longer there") as caught:
        restore(places[0])
    assert "trash" in caught.value.advice


@pytest.mark.parametrize("move", [discard, restore])
def test_a_run_that_cannot_be_moved_stays(move):
    """Another stands in its way; neither is touched."""
    one, place = run_folder("run"), run_folder("discarded/run")
    with pytest.raises(RunError, match="run cannot be") as caught:
        move({discard: one, restore: place}[move])
    assert (one / DESCRIPTION_FILE).read_text() == "run"
    assert (place / DESCRIPTION_FILE).read_text() == "discarded/run"
    assert "still in" in caught.value.advice


# Compared


def test_runs_are_compared_by_what_sets_them_apart(vae_run, cvae_run):
    one, other = compare((vae_run, cvae_run))
    assert (one.name, other.name) == ("model vae, latent dim 2", "model cvae, latent dim 3")
    assert (one.path, other.path) == (vae_run, cvae_run)
    for run in (one, other):
        epochs, losses = run.curves["validation", "loss"]
        assert epochs.tolist() == [1, 2]
        assert losses[1] < losses[0]


def test_runs_of_one_recipe_are_called_by_their_names(vae_run):
    assert [run.name for run in compare((vae_run, vae_run))] == ["run", "run"]


def test_a_compared_run_keeps_the_name_that_it_was_given(vae_run, cvae_run, tmp_path):
    folder = shutil.copytree(vae_run, tmp_path / "copy")
    rename(folder, "my best")
    assert compare((folder, cvae_run))[0].name == "my best"


def test_a_run_that_is_gone_cannot_be_compared(vae_run, tmp_path):
    with pytest.raises(RunError, match="is not a run"):
        compare((vae_run, tmp_path / "gone"))


def test_different_files_of_one_kind_are_different_data_sets():
    for key, kind in (("images", "arrays"), ("table", "pixel-table"), ("root", "folder")):
        a, b = (scale_of({"data": {"kind": kind, key: name}}) for name in "ab")
        assert a.difference(b) == "the data sets differ"
        assert not a.difference(a)
