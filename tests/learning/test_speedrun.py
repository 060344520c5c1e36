"""The speed record: its recipes have the networks of the tasks, and its figures are sums."""

import importlib
import io
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image

from latentlab.directories import recipes
from latentlab.learning.recipe import make_recipe, read_values

SPEEDRUN = recipes() / "speedrun"


@pytest.fixture
def speedrun(monkeypatch):
    """Return a function that imports a script of the folder."""
    monkeypatch.syspath_prepend(str(SPEEDRUN))
    return importlib.import_module


def test_digits_have_the_networks_of_the_baseline(speedrun):
    tasks = speedrun("task").TASKS
    assert {path.stem for path in SPEEDRUN.glob("*.toml")} == set(tasks)
    for name, task in tasks.items():
        if task.is_faces:
            continue
        recipe = make_recipe({**read_values(SPEEDRUN / f"{name}.toml"), "data": {"kind": "mnist"}})
        hidden, latent_dim, classes = task.sizes
        assert (recipe.model.hidden, recipe.model.latent_dim) == (hidden, latent_dim)
        assert recipe.model.kind == ("cvae" if classes else "vae")
        assert recipe.objective.beta == 1


def test_epochs_that_the_baseline_did_not_make_are_extrapolated(speedrun):
    whole_seconds = speedrun("run").whole_seconds
    lines = [{"cpu": 10.0, "wall": 20.0}, {"cpu": 17.0, "wall": 30.0}, {"cpu": 24.0, "wall": 42.0}]
    assert whole_seconds(lines, 5) == {"cpu": 24 + 2 * 7, "wall": 42 + 2 * 11}
    assert whole_seconds(lines, 3) == {"cpu": 24.0, "wall": 42.0}


def test_images_that_are_decoded_once_make_the_same_batches(speedrun, tmp_path, monkeypatch):
    task, baseline = speedrun("task"), speedrun("baseline")
    monkeypatch.setattr(task, "HELD_OUT", 2)
    rng = np.random.default_rng(0)
    with ZipFile(tmp_path / "faces.zip", "w") as file:
        for number in range(9):
            content = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(content, "png")
            file.writestr(f"{number}.png", content.getvalue())

    def batches(*, resident):
        torch.manual_seed(0)
        faces = task.Task(0.0, batch=3)
        return [
            batch
            for loader in baseline.loaders(faces, tmp_path / "faces.zip", resident)
            for batch in loader
        ]

    each, once = batches(resident=False), batches(resident=True)
    assert len(each) == 3 + 1
    for one, other in zip(each, once, strict=True):
        assert torch.equal(one[0], other[0])
