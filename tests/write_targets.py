"""Everything that latentlab writes: how it is written in two versions, and how it is read.

A target is a pair of functions of a folder, which is also the user's latentlab folder:
``write(folder, version)`` and ``read(folder)``, which returns what can be compared.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
from PIL import Image

from latentlab.data.image_set import ImageSpec

if TYPE_CHECKING:
    from pathlib import Path

SPEC = ImageSpec((1, 4, 4), ("a", "b"))


def card():
    from latentlab.session.points import ModelCard

    return ModelCard("toy", None, "vae", 2, False, SPEC)


@cache
def recipe():
    from latentlab.learning.recipe import make_recipe

    model = {"kind": "vae", "hidden": (4,), "latent_dim": 2}
    return make_recipe({"model": model, "data": "digits"})


@cache
def shapes():
    from latentlab.learning.checkpoint import empty_model

    state = empty_model(recipe(), SPEC).state_dict()
    return {name: tuple(value.shape) for name, value in state.items()}


def weights(version):
    return {name: np.full(shape, version, np.float32) for name, shape in shapes().items()}


# Runs


def checkpoint(folder, version):
    from latentlab.learning.checkpoint import Checkpoint, save_checkpoint

    save_checkpoint(folder, Checkpoint(recipe(), SPEC, version, version), weights(version))


def read_checkpoint(folder):
    from latentlab.learning.checkpoint import load_model, read_checkpoint

    read_checkpoint(folder)
    model, found = load_model(folder)
    values = [value.numpy().tobytes() for value in model.state_dict().values()]
    return found.step, found.epoch, values


def position(folder, version):
    from latentlab.learning.training_state import TrainingState, write_training_state

    arrays = {"order": np.full(100, version, np.uint8)}
    state = TrainingState(version, version, 0, 0.0, 1, "vae", 1.0, "fp32", {}, arrays)
    write_training_state(folder, state)


def read_position(folder):
    from latentlab.learning.training_state import read_training_state

    found = read_training_state(folder)
    return found.step, found.arrays["order"].tobytes()


def metrics(folder, version):
    from latentlab.atomic_write import append_text
    from latentlab.session.curves.curves import METRICS, metrics_line

    file = folder / METRICS
    known = read_metrics(folder)
    for epoch in range(len(known) + 1, version + 1):
        # As after a crash: the file is made whole before it grows.
        from latentlab.runs.run_log import truncate_after

        truncate_after(folder, len(known))
        append_text(file, metrics_line(epoch, "train", {"loss": 1.5}, 0.1) + "\n")


def read_metrics(folder):
    from latentlab.session.curves.curves import read_metrics

    found = read_metrics(folder)
    assert not found.damaged
    return [each.epoch for each in found.records]


def steps(folder, version):
    from latentlab.session.curves.curves import StepLog

    log = StepLog(folder)
    for step in range(version):
        log.add(step, {"loss": 1.0})
    log.write()


def read_steps(folder):
    from latentlab.session.curves.curves import read_steps

    return len(read_steps(folder).records)


def replay(folder, version):
    from latentlab.learning.events import EpochPreview
    from latentlab.runs.portraits import EpochPreviewLog

    codes, pictures = np.full((5, 2), version, np.float32), np.zeros((8, 4, 4), np.uint8)
    preview = EpochPreview(version, codes, codes, None, pictures, pictures, pictures)
    EpochPreviewLog(folder).add(preview)


def read_replay(folder):
    from latentlab.runs.portraits import preview_epochs, read_epoch_preview

    epochs = preview_epochs(folder)
    return [read_epoch_preview(folder, epoch).mu.tolist() for epoch in epochs]


def notes(folder, version):
    from latentlab.runs.notes import write_notes
    from latentlab.session.library.notes import Notes

    write_notes(folder, Notes(f"note {version}", ("a",)))


def read_notes(folder):
    from latentlab.runs.notes import read_notes

    return read_notes(folder)


def measurements(folder, version):
    from latentlab.metrics.measurement import ComputedOn, Measurement, Value
    from latentlab.runs.measurements import add_measurements

    value = Value(name="M", value=float(version), error=0.5, unit="nats")
    on = ComputedOn(split="test", images=10)
    settings = {"k": version}
    made = Measurement(
        metric="m", title="M", group="G", settings=settings, values=(value,), on=on, weights="w"
    )
    add_measurements(folder, [made])


def read_measurements(folder):
    from latentlab.runs.measurements import read_measurements

    return [each.value for each in read_measurements(folder)]


def imported(folder, version):
    from latentlab.runs.imported import ImportRecord, write_imported

    record = ImportRecord(source="/a/model.pt", program="torch")
    write_imported(recipe(), SPEC, weights(version), record)


def read_imported(folder):
    from latentlab.learning.checkpoint import load_model
    from latentlab.runs.library import run_folders

    models = [load_model(each)[0] for each in run_folders(folder / "runs")]
    return sorted(model.state_dict().popitem()[1].sum().item() for model in models)


# Files of users


def scene(folder, version):
    from latentlab.runs.scene_files import write_scene
    from latentlab.session.files.scene import Scene

    write_scene(folder / "my.scene", Scene(scene=1, z=(0.5, float(version))))


def read_scene(folder):
    from latentlab.runs.scene_files import find_scene

    return find_scene(folder / "my.scene").scene


def directions(folder, version):
    from latentlab.explorer.files.direction_files import write_directions
    from latentlab.session.directions import Direction, Origin

    origin = Origin("toy", "toy", "vae", "digits", 2, 3)
    counts = (90, 90)
    each = Direction("smile", (0.6, 0.8), 1.0, "mean", "attribute", counts, 2.0, 0.9, origin)
    write_directions(folder / "directions.json", [each] * version)


def read_directions(folder):
    from latentlab.explorer.files.direction_files import read_directions

    return read_directions(folder / "directions.json", 2)


def bookmarks(folder, version):
    from latentlab.explorer.bookmarks import write_bookmarks
    from latentlab.session.interpolation import Bookmark
    from latentlab.session.points import Point

    mark = Bookmark(Point((0.5, 1.0), None), f"note {version}", np.zeros((4, 4), np.uint8))
    write_bookmarks(folder / "bookmarks.json", card(), (mark,))


def read_bookmarks(folder):
    from latentlab.explorer.bookmarks import read_bookmarks

    return read_bookmarks(folder / "bookmarks.json", card())


def lesson(folder, version):
    from latentlab.explorer.answer import answer
    from latentlab.explorer.explorer import Explorer
    from latentlab.explorer.files.lessons import shipped_lessons
    from latentlab.session.lessons.lesson import KeepProgress

    answer(KeepProgress(shipped_lessons()[0], version, frozenset({version})), Explorer())


def read_lesson(folder):
    from latentlab.explorer.files.lessons import read_progress

    return read_progress()


# Exports


def image(folder, version):
    from latentlab.runs.image_files import save_image

    save_image(np.full((4, 4), version, np.uint8), folder / "a.png", {})


def read_image(folder):
    with Image.open(folder / "a.png") as picture:
        return picture.tobytes()


def film(folder, version):
    from latentlab.runs.image_files import save_animation

    save_animation(np.full((3, 8, 8), 9 * version, np.uint8), folder / "a.gif", {})


def read_film(folder):
    with Image.open(folder / "a.gif") as picture:
        return picture.n_frames, picture.convert("L").tobytes()


def figure(folder, version):
    from latentlab.runs.plot_figure import save_figure
    from latentlab.session.files.figure import sheet_figure

    figure = sheet_figure(np.full((4, 4), 9 * version, np.uint8), None)
    save_figure(figure, folder / "a.svg", {})


def read_figure(folder):
    return (folder / "a.svg").read_text()


def table(folder, version):
    from latentlab.session.files.tables import write_table

    for ending in ("csv", "npz"):
        write_table(folder / f"a.{ending}", ["x"], [[version]])


def read_table(folder):
    # Two files: each is the old or the new one.
    with np.load(folder / "a.npz") as arrays:
        packed = arrays["x"].tolist()
    text = (folder / "a.csv").read_text()
    assert text in ("x\n1\n", "x\n2\n")
    return packed


def model(folder, version):
    from latentlab.atomic_write import write_atomically
    from latentlab.learning.recipe import make_recipe

    made = make_recipe({"data": "digits", "training": {"epochs": version}})
    write_atomically(folder / "recipe.toml", made.to_toml().encode())


def read_model(folder):
    from latentlab.learning.recipe import read_recipe

    return read_recipe(folder / "recipe.toml")


# Caches and settings


def layout(folder, version):
    from latentlab.explorer.view_cache import ViewCache

    mu = np.zeros((20, 3), np.float32)
    ViewCache(None, mu, "umap").write(mu[:, :2] + version, np.arange(10))


def read_layout(folder):
    from latentlab.explorer.view_cache import ViewCache

    return [each.tolist() for each in ViewCache(None, np.zeros((20, 3), np.float32), "umap").read()]


def decoded(folder, version):
    """Read 3 × `version` images through the cache of decoded ones."""
    from latentlab.data.data_set import load
    from latentlab.learning.recipe import make_recipe

    pictures = folder.parent / f"pictures-{version}"
    is_new = not pictures.exists()
    pictures.mkdir(exist_ok=True)
    for i in range(3 * version if is_new else 0):
        # The name of an entry depends on their times.
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(pictures / f"{i}.png")
    config = make_recipe(
        {"data": {"kind": "folder", "root": str(pictures), "width": 8, "height": 8}}
    ).data
    splits = load(config)
    assert sum(len(part) for part in (splits.train, splits.validation)) == 3 * version


def read_decoded(folder):
    entries = (folder / "cache" / "pictures").glob("[!.]*")
    return sorted(len(np.load(entry / "rows.npy")) for entry in entries)


def settings(folder, version):
    from latentlab.widgets.kit.settings import Settings

    Settings(folder).setValue("last", version)


def read_settings(folder):
    return json.loads((folder / "settings.json").read_text())


TARGETS = {
    "checkpoint": (checkpoint, read_checkpoint),
    "resume": (position, read_position),
    "metrics": (metrics, read_metrics),
    "steps": (steps, read_steps),
    "replay": (replay, read_replay),
    "notes": (notes, read_notes),
    "measurements": (measurements, read_measurements),
    "imported": (imported, read_imported),
    "scene": (scene, read_scene),
    "directions": (directions, read_directions),
    "bookmarks": (bookmarks, read_bookmarks),
    "lesson progress": (lesson, read_lesson),
    "image": (image, read_image),
    "film": (film, read_film),
    "figure": (figure, read_figure),
    "table": (table, read_table),
    "recipe": (model, read_model),
    "layout": (layout, read_layout),
    "decoded": (decoded, read_decoded),
}
WINDOW = {"settings": (settings, read_settings)}


def at_home(function):
    """Return a target's function that takes its folder for the user's latentlab folder."""

    def called(folder: Path, *args: int) -> object:
        with patch.dict(os.environ, LATENTLAB_HOME=str(folder)):
            return function(folder, *args)

    return called
