"""Mutation targets: the files of runs, users and settings."""

from __future__ import annotations

import json
import shutil
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from mutation_support import BYTES, JSON, LINES, PACKED, TENSORS, TEXT, Target

from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latentlab.learning.trainer import Trainer

# Runs


def description(run: Path, folder: Path) -> Target:
    from latentlab.learning.checkpoint import DESCRIPTION_FILE
    from latentlab.runs.library import read_entry

    folder = shutil.copytree(run, folder / "run")

    def read() -> None:
        read_entry(folder)
        open_run(folder)

    return Target(folder / DESCRIPTION_FILE, read, JSON)


def weights(run: Path, folder: Path) -> Target:
    from latentlab.learning.checkpoint import WEIGHTS_FILE

    folder = shutil.copytree(run, folder / "run")
    return Target(folder / WEIGHTS_FILE, lambda: open_run(folder), TENSORS)


def foreign_weights(run: Path, folder: Path) -> Target:
    from latentlab.explorer.import_.foreign import model_of, read_foreign
    from latentlab.learning.checkpoint import WEIGHTS_FILE
    from latentlab.work import finish

    file = shutil.copy(run / WEIGHTS_FILE, folder / "foreign.safetensors")

    def read() -> None:
        _, found = finish(read_foreign(file, {}, ()))
        model_of(found.config, found.spec, found.weights)

    return Target(file, read, TENSORS)


def open_run(folder: Path) -> None:
    """Load the model of a run and decode a sample."""
    from latentlab.latent.encode import decode
    from latentlab.latent.prior_samples import sample_prior
    from latentlab.learning.checkpoint import load_model

    model, checkpoint = load_model(folder)
    labels = checkpoint.spec.labels_in_turn(1)
    decode(model, sample_prior(model, 1, 0, labels), labels)


def position(run: Path, folder: Path) -> Target:
    from latentlab.learning.training_state import RESUME_FILE, read_training_state, restore

    trainer = make_trainer(run)
    file = shutil.copy(run / RESUME_FILE, folder / RESUME_FILE)

    def read() -> None:
        restore(trainer, read_training_state(folder))
        for _ in trainer.epoch_steps():
            break
        trainer.meter.take().means()

    return Target(folder / file.name, read, TENSORS)


@cache
def make_trainer(run: Path) -> Trainer:
    """Return a trainer that can resume the run."""
    import torch

    from latentlab.learning.checkpoint import read_checkpoint
    from latentlab.learning.trainer import Trainer

    recipe = read_checkpoint(run).recipe
    return Trainer(recipe, load(recipe.data), torch.device("cpu"))


def of_past(name: str) -> Callable[[Path, Path], Target]:
    """Return the target of one of the log files of a run."""

    def make(run: Path, folder: Path) -> Target:
        from latentlab.learning.checkpoint import read_checkpoint
        from latentlab.runs.run_log import read_changes_strict, read_run_log, truncate_after

        folder = shutil.copytree(run, folder / "run", ignore=shutil.ignore_patterns("replay"))
        changes = [
            {"step": 5, "epochs": 0.5, "key": "objective.beta", "value": 2.0},
            {"step": 50, "epochs": 1.5, "key": "training.epochs", "value": 7},
        ]
        (folder / "changes.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in changes))
        recipe, times = read_checkpoint(run).recipe, count()

        def read() -> None:
            read_run_log(folder, recipe.to_dict())
            if next(times) % 10 == 0:  # slow: it waits for the disk
                truncate_after(folder, 1)
            now = recipe
            for change in read_changes_strict(folder):
                now = now.changed(change.key, change.value)

        return Target(folder / name, read, LINES)

    return make


def notes(run: Path, folder: Path) -> Target:
    from latentlab.runs.library import NAME, run_name
    from latentlab.runs.run_log import read_failure

    (folder / NAME).write_text("My run <b>of</b> faces")
    return Target(folder / NAME, lambda: (run_name(folder), read_failure(folder)))


def run_notes(run: Path, folder: Path) -> Target:
    from latentlab.runs.notes import notes_file, read_notes, write_notes
    from latentlab.session.library.notes import Notes

    notes = Notes("My run <b>of</b> faces", ("best", "paper"))
    write_notes(folder, notes)

    return Target(notes_file(folder), lambda: read_notes(folder), JSON)


def portrait(run: Path, folder: Path) -> Target:
    from latentlab.runs.portraits import FOLDER, preview_epochs, read_epoch_preview

    folder = shutil.copytree(run, folder / "run")
    epoch = preview_epochs(folder)[-1]
    return Target(
        folder / FOLDER / f"epoch-{epoch:05d}.npz",
        lambda: read_epoch_preview(folder, epoch),
        PACKED,
    )


def kept_map(run: Path, folder: Path) -> Target:
    from latentlab.explorer.view_cache import ViewCache

    mu = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    cache = ViewCache(None, mu, "umap")
    cache.write(mu[:, :2].copy(), np.arange(100))
    return Target(cache.path, cache.read, PACKED)


def preview(run: Path, folder: Path) -> Target:
    from latentlab.runs.image_files import read_png
    from latentlab.runs.library import PREVIEW

    file = folder / PREVIEW
    shutil.copy(run / PREVIEW, file)
    return Target(file, lambda: read_png(file))


# Files of users


def card():
    """Return the card of a two-dimensional model."""
    from latentlab.session.points import ModelCard

    return ModelCard("toy", None, "vae", 2, False, ImageSpec((1, 4, 4), ("a", "b")))


def directions(run: Path, folder: Path) -> Target:
    from latentlab.explorer.files.direction_files import read_directions, write_directions
    from latentlab.session.directions import Direction, Origin, warnings_for

    origin = Origin("toy", "toy", "vae", "digits", 2, 3)
    smile = Direction("smile", (0.6, 0.8), 1.5, "mean", "attribute", (90, 90), 2.0, 0.9, origin)
    file = folder / "directions.json"
    write_directions(file, [smile, smile])

    def read() -> None:
        for each in read_directions(file, 2):
            warnings_for(each, card())
            _ = each.strength

    return Target(file, read, JSON)


def bookmarks(run: Path, folder: Path) -> Target:
    from latentlab.explorer.bookmarks import read_bookmarks, write_bookmarks
    from latentlab.session.interpolation import Bookmark
    from latentlab.session.points import Point

    file = folder / "bookmarks.json"
    pixels = np.zeros((4, 4), np.uint8)
    marks = tuple(Bookmark(Point((0.5, i), None), f"note {i}", pixels) for i in range(3))
    write_bookmarks(file, card(), marks)
    return Target(file, lambda: read_bookmarks(file, card()), JSON)


def scene(run: Path, folder: Path) -> Target:
    from latentlab.runs.scene_files import find_scene, write_scene
    from latentlab.session.files.scene import SCENE, restored
    from latentlab.session.state import State

    record = {
        "scene": 1, "model": "toy", "z": [0.5, 1], "view": {
            "layout": "plane", "across": [1, 0], "up": [0, 1]}, "workspace": "edit",
        "route": {"a": {"z": [0, 1]}, "b": {"z": [1, 1]}, "keys": [{"z": [1, 0], "time": 0.5}]},
        "bookmarks": [{"z": [0.5, 1], "note": "here"}],
        "selections": [{"name": "some", "rows": [1, 2]}],
    }  # fmt: skip
    file = folder / "my.scene"
    write_scene(file, SCENE.validate_python(record, strict=False))

    def read() -> None:
        restored(find_scene(file).scene, State(model=card()))

    return Target(file, read, JSON)


def picture(run: Path, folder: Path) -> Target:
    from latentlab.runs.image_files import save_image
    from latentlab.runs.scene_files import find_scene

    file = folder / "my.png"
    save_image(np.zeros((4, 4), np.uint8), file, {"scene": 1, "model": "toy", "z": [0.5, 1]})
    assert find_scene(file).scene
    return Target(file, lambda: find_scene(file))


def recipe(run: Path, folder: Path) -> Target:
    from latentlab.learning.recipe import read_recipe

    file = folder / "recipe.toml"
    shutil.copy(run / "recipe.toml", file)
    return Target(file, lambda: read_recipe(file), TEXT)


def lesson(run: Path, folder: Path) -> Target:
    from latentlab.explorer.files.lessons import read_lesson, shipped_lessons

    file = folder / "lesson.md"
    shutil.copy(shipped_lessons()[2], file)
    return Target(file, lambda: read_lesson(file), TEXT)


def lesson_progress(run: Path, folder: Path) -> Target:
    from latentlab.directories import home
    from latentlab.explorer.files.lessons import FILE, read_progress

    file = home() / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"03-tug-of-war": {"at": 2, "done": [0, 1]}}))
    return Target(file, read_progress, JSON)


OWN = {
    "description": description,
    "weights": weights,
    "position": position,
    "metrics": of_past("metrics.jsonl"),
    "latents": of_past("latents.jsonl"),
    "changes": of_past("changes.jsonl"),
    "notes": notes,
    "run notes": run_notes,
    "foreign weights": foreign_weights,
    "portrait": portrait,
    "map": kept_map,
    "preview": preview,
    "directions": directions,
    "bookmarks": bookmarks,
    "scene": scene,
    "picture": picture,
    "recipe": recipe,
    "lesson": lesson,
    "lesson progress": lesson_progress,
}


# Files of the window


def settings(run: Path, folder: Path) -> Target:
    from latentlab.widgets.kit.settings import NAME, Settings

    stored = Settings(folder)
    for key, value in {"recent": ["/a", "/b"], "layout": b"\0\1", "last": 20, "on": True}.items():
        stored.setValue(key, value)

    def read() -> None:
        for default in (["/"], b"", 0, 0.5, False, "", {}):
            for key in ("recent", "layout", "last", "on"):
                Settings(folder).value(key, default)

    return Target(folder / NAME, read, JSON)


def old_settings(run: Path, folder: Path) -> Target:
    from latentlab.widgets.kit.old_settings import read_old_settings

    file = folder / "settings.ini"
    file.write_text(r"""[General]
geometry="@ByteArray(\x1\xd9\xd0\xcb\0\x3\0\a)"
layout=@ByteArray(\0\0\0\xff)
recent=/a/b, "/c, \x4e2d", @Variant(\0\0\0\x7f)
""")
    return Target(file, lambda: read_old_settings(file), (*TEXT, *BYTES))


WINDOW = {"settings": settings, "old settings": old_settings}
