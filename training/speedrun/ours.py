"""The record: a recipe of this folder, trained with the public API of latentlab.

    python training/speedrun/ours.py TASK PLACE [--seed 0]

Prints a line of JSON with what was evaluated once, after training, and the seconds since the start
of the process.
"""

import argparse
import json
import tempfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from task import TASKS, face_names, recipe_of, seconds

import latentlab

LEAST, MOST = 1e-7, 1 - 1e-7
"""Bounds of a decoded pixel, of which the logarithm is taken."""


def train_digits(recipe: dict, place: Path, folder: Path) -> float:
    """Return the test loss in nats per image, with one draw of z for each image."""
    digits = latentlab.read_images(place)
    is_train = digits.parts == "train"
    run = latentlab.fit(recipe, digits.images[is_train], digits.labels[is_train], folder=folder)
    x = digits.images[~is_train] / np.float32(255)
    y = digits.labels[~is_train] if run.model.conditional else None
    mu, sigma = run.model.encode(x, y)
    noise = np.random.default_rng(0).standard_normal(mu.shape, np.float32)
    p = run.model.decode(mu + sigma * noise, y).clip(LEAST, MOST)
    cross_entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum((1, 2))
    kl = 0.5 * (mu**2 + sigma**2 - 1 - 2 * np.log(sigma)).sum(1)
    return float((cross_entropy + kl).mean())


def train_faces(recipe: dict, place: Path, folder: Path) -> float:
    """Return the held-out mean squared error of a value of a pixel in [0, 1]."""
    with ZipFile(place) as file:
        train, held_out = (
            np.stack([_read(file, name) for name in names]) for names in face_names(file)
        )
    run = latentlab.fit(recipe, train, folder=folder)
    made = run.model.reconstruct(held_out)
    return float(np.square(made - held_out / np.float32(255)).mean())


def _read(file: ZipFile, name: str) -> NDArray[np.uint8]:
    with file.open(name) as opened:
        return np.asarray(Image.open(opened))


def main() -> None:
    """Train, evaluate and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("task", choices=TASKS)
    options.add_argument("place", type=Path)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    recipe = tomllib.loads(recipe_of(chosen.task).read_text(encoding="utf-8"))
    recipe["training"]["seed"] = chosen.seed
    train = train_faces if TASKS[chosen.task].is_faces else train_digits
    with tempfile.TemporaryDirectory() as folder:
        value = train(recipe, chosen.place, Path(folder) / "run")
        print(json.dumps({"value": value, **seconds()}))


if __name__ == "__main__":
    main()
