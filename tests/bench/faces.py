"""How fast and how well faces are learned, on 9,000 of CelebA's images at 64x64.

    python tests/bench/faces.py [--images FILE] [--epochs 4] [--threads 2]

Architecture E by latentlab's loop and by a bare one of the same network in fp32 take turns, an
epoch each; then ``training/faces-celeba.toml`` has as many seconds as latentlab's E took. The last
line is one JSON object: ``ratio`` (ours to bare, of the medians of an epoch), ``reconstruction``
(sum of squares on [-1, 1] per image over the last epoch) and ``kl`` (nats) of both, held-out pixel
MSE on [0, 1] of both recipes (the posterior's mean, decoded) and ``mse_gain``, and how long one
image takes to decode. Sliders in the window: ``tests/bench/gui.py --model RUN``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
import tomllib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rivals import REPOSITORY, as_torch_comes

from latentlab.latent.encode import decode
from latentlab.learning.checkpoint import empty_model, load_weights
from latentlab.learning.events import EpochEnd, Started, Step
from latentlab.learning.fit import fit
from latentlab.learning.recipe import Recipe, make_recipe

sys.path.append(str(REPOSITORY / "training" / "speedrun"))
from baseline import Faces, kl_divergence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latentlab.data.image_set import ImageSet
    from latentlab.learning.events import Event, SavedState
    from latentlab.models.base import Model

BATCH, WARM_UP = 64, 3
PIXELS = 3 * 64 * 64
CONSTANT = PIXELS * (0.5 * math.log(1 / 8) + 0.5 * math.log(2 * math.pi))
"""What a Gaussian of sigma² = 1/8 on [0, 1] adds to the sum of squares on [-1, 1]."""

Epoch = tuple[float, float, float]
"""Seconds, and over the epoch the mean sum of squares on [-1, 1] and KL, per image."""


def bare_epochs(images: ImageSet) -> Iterator[Epoch]:
    """Train as the reference does, on images that lie in memory."""
    torch.manual_seed(0)
    pixels = torch.from_numpy(np.array(images.images))
    model = Faces()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    steps, step = math.ceil(len(pixels) / BATCH), 0
    while True:
        squares = divergence = 0.0
        with as_torch_comes():
            start = time.perf_counter()
            for rows in torch.randperm(len(pixels)).split(BATCH):
                x = pixels[rows].float() / 127.5 - 1
                made, mu, log_var = model(x)
                mse = (made - x).pow(2).sum()
                kl = kl_divergence(mu, log_var)
                beta = min(1.0, step / (WARM_UP * steps))
                optimizer.zero_grad()
                ((mse + beta * kl) / len(x)).backward()
                optimizer.step()
                squares, divergence, step = squares + mse.item(), divergence + kl.item(), step + 1
            seconds = time.perf_counter() - start
        yield seconds, squares / len(pixels), divergence / len(pixels)


class Run:
    """A run of latentlab's, of which the seconds spent on learning are counted.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.seconds = 0.0
        self._saved: list[SavedState] = []
        self._events = fit(recipe, keep=self._saved.append)
        self.images = next(e for e in self._events if isinstance(e, Started)).splits

    def epochs(self) -> Iterator[Epoch]:
        """Train on, an epoch at a time."""
        for event in self._events:
            if isinstance(event, EpochEnd):
                self.seconds += event.seconds
                squares = event.train["reconstruction"] - CONSTANT
                yield event.seconds, squares, event.train["kl"]

    def until(self, seconds: float) -> None:
        """Train for so long; what is not a step, such as validation, does not count."""
        while self.seconds < seconds:
            start = time.perf_counter()
            event: Event | None = next(self._events, None)
            if event is None:
                break
            if isinstance(event, Step):
                self.seconds += time.perf_counter() - start

    def model(self) -> Model:
        """End the run and return its model as it is now."""
        with closing(self._events):
            pass
        model = empty_model(self.recipe, self.images.spec)
        load_weights(model, self._saved[-1].snapshot.weights, "The run")
        return model


@torch.inference_mode()
def held_out_mse(model: Model, images: ImageSet) -> float:
    """Return the mean squared error of a pixel from 0 to 1, the posterior's mean decoded."""
    errors = []
    for part in torch.from_numpy(np.array(images.images)).split(100):
        x = part.float() / 255
        errors.append((model.decode(model.encode(x).mean).mean - x).square().mean((1, 2, 3)))
    return float(torch.cat(errors).mean())


def decoding(model: Model, repeats: int = 200) -> list[float]:
    """Return how many milliseconds it takes to decode one image, each time."""
    points = np.random.default_rng(0).standard_normal((repeats, 1, model.latent_dim))
    times = []
    for z in points.astype(np.float32):
        start = time.perf_counter()
        decode(model, z, None)
        times.append(1000 * (time.perf_counter() - start))
    return times


def recipe_of(name: str, images: Path, epochs: int) -> Recipe:
    """Return a recipe of ours, for images that are here."""
    values = tomllib.loads((REPOSITORY / "training" / name).read_text(encoding="utf-8"))
    if images.suffix == ".npy":
        values["data"] = {"kind": "arrays", "images": images}
    else:
        values["data"]["root"] = images
    values["training"] |= {"epochs": epochs, "device": "cpu"}
    return make_recipe(values)


def compare(images: Path, epochs: int) -> dict[str, Any]:
    """Train all three and return the figures."""
    ours = Run(recipe_of("faces-celeba-reference.toml", images, epochs))
    steps, bare = ours.epochs(), bare_epochs(ours.images.train)
    done: dict[str, list[Epoch]] = {"ours": [], "bare": []}
    for epoch in range(1, epochs + 1):
        done["ours"].append(next(steps))
        done["bare"].append(next(bare))
        print(f"epoch {epoch}: { ({name: each[-1] for name, each in done.items()}) }", flush=True)
    reference = ours.model()
    better = Run(recipe_of("faces-celeba.toml", images, 100 * epochs))
    better.until(ours.seconds)
    improved = better.model()
    seconds = {name: statistics.median(s for s, _, _ in each) for name, each in done.items()}
    mse, mse_better = (
        held_out_mse(model, ours.images.validation) for model in (reference, improved)
    )
    times = decoding(improved)
    return {
        **{f"seconds_{name}": value for name, value in seconds.items()},
        "ratio": seconds["ours"] / seconds["bare"],
        **{f"reconstruction_{name}": each[-1][1] for name, each in done.items()},
        **{f"kl_{name}": each[-1][2] for name, each in done.items()},
        "mse_reference": mse,
        "mse_better": mse_better,
        "mse_gain": 1 - mse_better / mse,
        "seconds_better": better.seconds,
        "decode_median_ms": statistics.median(times),
        "decode_p95_ms": float(np.percentile(times, 95)),
    }


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    there = REPOSITORY.parent / "shared" / "data" / "celeba10k_64.zip"
    options.add_argument("--images", type=Path, default=there, help="CelebA, or a .npy of it")
    options.add_argument("--epochs", type=int, default=4)
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = options.parse_args()
    if not chosen.images.exists():
        raise SystemExit(f"No faces here: {chosen.images} is not there; give --images FILE.")
    torch.set_num_threads(chosen.threads)
    result = compare(chosen.images, chosen.epochs)
    rounded = {key: float(f"{value:.5g}") for key, value in result.items()}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, "
    machine += f"{torch.get_num_threads()} threads"
    print(json.dumps({**rounded, "epochs": chosen.epochs, "machine": machine}))


if __name__ == "__main__":
    main()
