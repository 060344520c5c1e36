"""Run folders: what a run leaves on disk, and the library that lists them."""

import json
import time
from contextlib import closing

import numpy as np
import pytest
import torch
from PIL import Image

from latentlab.errors import DataError, RunError, TrainingError
from latentlab.learning.checkpoint import DESCRIPTION, WEIGHTS, load_model
from latentlab.learning.events import EpochEnd, Loading, Snapshot, Started, Step
from latentlab.learning.recipe import make_recipe, read_recipe
from latentlab.paths import resources, runs
from latentlab.session import runs as rooms
from latentlab.session.curves import METRICS, read_curves
from latentlab.session.runs import PREVIEW, RECIPE, library, new_folder, record, run_name

KEYS = ["epoch", "split", "loss", "reconstruction", "kl", "seconds"]


def recipe_of(data="digits", **training):
    values = {"epochs": 2, "batch_size": 500, "device": "cpu", "precision": "fp32", **training}
    return make_recipe({"model": {"hidden": [8]}, "data": data, "training": values})


def finish(events):
    return list(events)


def stop_at(events, step):
    with closing(events):
        for event in events:
            if isinstance(event, Step) and event.step == step:
                return


def lines_of(folder):
    return [json.loads(line) for line in (folder / METRICS).read_text("utf-8").splitlines()]


def test_a_run_leaves_five_files_and_no_other(tmp_path):
    finish(record(recipe_of(), tmp_path / "deep" / "run"))
    names = {path.name for path in (tmp_path / "deep" / "run").iterdir()}
    assert names == {RECIPE, METRICS, WEIGHTS, DESCRIPTION, PREVIEW}


def test_the_events_are_those_of_fit_and_started_names_the_folder(tmp_path):
    events = finish(record(recipe_of(), tmp_path / "run", snapshot_every=1000.0))
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Loading, Started]
    assert [kinds.count(kind) for kind in (Step, EpochEnd, Snapshot)] == [16, 2, 3]
    assert events[1].folder == tmp_path / "run"


def test_metrics_have_one_line_for_each_epoch_and_split(tmp_path):
    events = finish(record(recipe_of(), tmp_path))
    lines = lines_of(tmp_path)
    assert [list(line) for line in lines] == [KEYS] * 4
    places = [(line["epoch"], line["split"]) for line in lines]
    assert places == [(1, "train"), (1, "validation"), (2, "train"), (2, "validation")]
    ends = [event for event in events if isinstance(event, EpochEnd)]
    for line, end, split in zip(
        lines, [end for end in ends for _ in "tv"], ["train", "validation"] * 2, strict=True
    ):
        losses = getattr(end, split)
        assert {name: line[name] for name in losses} == losses
        assert line["loss"] == pytest.approx(line["reconstruction"] + line["kl"])
    assert lines[2]["seconds"] == pytest.approx(ends[1].seconds, abs=1e-4)
    assert lines[3]["seconds"] == pytest.approx(ends[1].validation_seconds, abs=1e-4)


def test_the_checkpoint_holds_the_last_weights_and_losses(tmp_path):
    events = finish(record(recipe_of(), tmp_path, snapshot_every=1000.0))
    model, checkpoint = load_model(tmp_path)
    assert (checkpoint.epoch, checkpoint.step) == (2, 16)
    assert checkpoint.recipe == recipe_of() == read_recipe(tmp_path / RECIPE)
    (*_, last) = (event for event in events if isinstance(event, EpochEnd))
    assert checkpoint.metrics == {"train": last.train, "validation": last.validation}
    for name, value in events[-1].weights.items():
        assert np.array_equal(model.state_dict()[name].numpy(), value)


def test_the_preview_is_sixteen_samples(tmp_path):
    finish(record(recipe_of(), tmp_path))
    with Image.open(tmp_path / PREVIEW) as picture:
        assert (picture.size, picture.mode) == ((4 * 28, 4 * 28), "L")
        assert json.loads(picture.text["latentlab"]) == {"samples": 16, "seed": 0}
        pixels = np.asarray(picture)
    assert np.ptp(pixels) > 20
    assert not np.array_equal(pixels[:28, :28], pixels[:28, 28:56])


def test_the_same_recipe_leaves_the_same_run(tmp_path):
    for name in ("one", "two"):
        finish(record(recipe_of(), tmp_path / name))
    one, two = ((tmp_path / name / WEIGHTS).read_bytes() for name in ("one", "two"))
    assert one == two


def test_recording_leaves_the_global_generator_alone(tmp_path):
    before = torch.get_rng_state()
    finish(record(recipe_of(), tmp_path))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_folder_that_holds_a_run_is_refused_and_left_as_it_is(tmp_path):
    finish(record(recipe_of(), tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RunError, match="already holds a run") as caught:
        finish(record(recipe_of(seed=1), tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_loaded(tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    events = record(recipe_of(), tmp_path / "file" / "run")
    with pytest.raises(RunError, match="cannot be written") as caught:
        next(events)
    assert str(tmp_path / "file" / "run") in str(caught.value)
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_metrics_that_cannot_be_written_end_the_run_with_its_weights_kept(tmp_path):
    (tmp_path / METRICS).mkdir()
    with pytest.raises(RunError, match="cannot be written"):
        finish(record(recipe_of(), tmp_path))
    assert load_model(tmp_path)[1].epoch == 1


def test_stopping_in_the_first_epoch_keeps_a_model(tmp_path):
    stop_at(record(recipe_of(), tmp_path), 3)
    checkpoint = load_model(tmp_path)[1]
    assert (checkpoint.epoch, checkpoint.step, checkpoint.metrics) == (0, 3, {})
    assert (tmp_path / PREVIEW).exists()
    assert read_curves(tmp_path) == {}


def test_stopping_later_keeps_the_last_step_and_the_last_losses(tmp_path):
    stop_at(record(recipe_of(epochs=9), tmp_path), 11)
    checkpoint = load_model(tmp_path)[1]
    assert (checkpoint.epoch, checkpoint.step) == (1, 11)
    assert checkpoint.metrics["train"]["loss"] == lines_of(tmp_path)[0]["loss"]
    assert len(lines_of(tmp_path)) == 2


def test_a_run_that_finds_no_data_leaves_nothing_in_the_way(own_place, tmp_path):
    folder = runs() / "20260102-030405-vae-mnist"
    lost = recipe_of({"kind": "mnist", "root": str(tmp_path / "nowhere")})
    with pytest.raises(DataError):
        finish(record(lost, folder))
    assert all(entry.shipped for entry in library())
    finish(record(recipe_of(), folder))
    assert [entry.path for entry in library() if not entry.shipped] == [folder]
    assert read_recipe(folder / RECIPE).data.kind == "digits"


def test_a_run_on_a_device_that_is_not_there_leaves_nothing_in_the_way(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="cuda"):
        finish(record(recipe_of(device="cuda"), runs() / "run"))
    assert all(entry.shipped for entry in library())


def test_the_library_begins_with_what_ships():
    shipped = [entry for entry in library() if entry.shipped]
    assert library()[: len(shipped)] == tuple(shipped)
    assert [entry.name for entry in shipped] == ["digits-2d", "digits-cvae"]
    assert [entry.path.parent for entry in shipped] == [resources() / "models"] * 2
    for entry, title in zip(shipped, ("VAE 2-D", "CVAE 20-D"), strict=True):
        head, data, loss = entry.detail.split(" · ")
        assert (head, data) == (title, "mnist")
        assert 80 < float(loss.removesuffix(" nats")) < 150
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
    assert own[0].detail.startswith("VAE 2-D · digits · ")
    assert own[0].thumbnail.shape == (112, 112)


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
def test_a_broken_run_does_not_hide_the_others(vae_run, description):
    (runs() / "broken").mkdir(parents=True)
    (runs() / "broken" / DESCRIPTION).write_text(description, "utf-8")
    (runs() / "whole").symlink_to(vae_run)
    assert [entry.name for entry in library() if not entry.shipped] == ["whole"]


@pytest.mark.parametrize("damage", ["missing", "text", "half", "flipped"])
def test_a_run_without_a_good_preview_is_listed_all_the_same(tmp_path, damage):
    folder = runs() / "run"
    finish(record(recipe_of(epochs=1), folder))
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
    assert [entry.shipped for entry in library()] == [True, True]


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
