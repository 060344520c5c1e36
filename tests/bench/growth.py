"""How time and memory grow with the data and the model.

Along each axis one size grows and the others stay: images (memory-mapped), side of the images,
latent dimensions, points on the map, classes. Each size is measured in a process of its own, on
data that is written to a temporary folder first: processor time, which other programs do not
lengthen, and the peak of the memory, in all and without the pages of mapped files, which the
system takes back when it needs them.

Prints one JSON object on its last line: per axis and size the figures, and the exponents of their
growth from size to size (the side counts as pixels): 0 is constant, 1 a straight line, which a time
per image is if it is constant, above 1 a bend.
``python tests/bench/growth.py [--axes images side latent points classes] [--most 2000000]``
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

STEPS, FIRST_STEPS = 100, 20
SCORED, CHUNK = 512, 20_000
"""Images that are scored with 10 draws, and images written at once."""


@dataclass(frozen=True)
class Case:
    """One size of everything."""

    images: int = 5_000
    side: int = 28
    latent_dim: int = 2
    classes: int = 10
    batch: int = 128
    convolutions: bool = False
    window: bool = False
    conditional: bool = False


AXES = {
    "images": ("images", (5_000, 60_000, 500_000, 2_000_000), Case()),
    "side": ("side", (28, 64, 128, 256), Case(images=1_000, batch=16, convolutions=True)),
    "latent": ("latent_dim", (2, 16, 64, 512), Case(window=True)),
    "points": ("images", (10_000, 60_000, 500_000, 2_000_000), Case(side=8, window=True)),
    "classes": (
        "classes",
        (10, 100, 1_000),
        Case(images=10_000, side=8, window=True, conditional=True),
    ),
}


def write_data(folder: Path, case: Case) -> None:
    """Write images of each class, a smooth pattern and noise, in pieces."""
    rng = np.random.default_rng(0)
    shape = (case.images, case.side, case.side)
    coarse = rng.integers(0, 192, (case.classes, 4, 4), np.uint8)
    patterns = coarse.repeat(case.side // 4, 1).repeat(case.side // 4, 2)
    labels = np.arange(case.images) % case.classes
    rng.shuffle(labels)
    np.save(folder / "labels.npy", labels)
    images = np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, shape)
    noise = rng.integers(0, 64, (min(CHUNK, case.images), *shape[1:]), np.uint8)
    for start in range(0, case.images, len(noise)):
        rows = labels[start : start + len(noise)]
        images[start : start + len(rows)] = patterns[rows] + noise[: len(rows)]
    images.flush()


class Memory:
    """Peak of the memory that is no page of a mapped file, in MB."""

    def __init__(self) -> None:
        self.peak = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, memory("RssAnon"))
            time.sleep(0.01)


def memory(name: str) -> float:
    """Return a line of the status of the process in MB; NaN where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def recipe_of(folder: Path, case: Case) -> dict:
    """Return the recipe of a case."""
    kind = "cvae" if case.conditional else "vae"
    model = {"kind": kind, "hidden": [128], "latent_dim": case.latent_dim}
    if case.convolutions:
        model = {"kind": "conv-vae", "width": 8, "latent_dim": case.latent_dim}
    return {
        "model": model,
        "data": {
            "kind": "arrays",
            "images": str(folder / "images.npy"),
            "labels": str(folder / "labels.npy"),
        },
        # So that dimensions carry something after few steps.
        "objective": {"beta": 0.1},
        "training": {"epochs": 1000, "batch_size": case.batch, "device": "cpu", "seed": 0},
    }


def train(folder: Path, case: Case) -> dict[str, float]:
    """Train for a fixed number of steps, and keep the run."""
    from latentlab.learning.events import Step
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    began, steps = time.process_time(), 0
    events = record(make_recipe(recipe_of(folder, case)), folder / "run")
    for event in events:
        steps += isinstance(event, Step)
        if steps == FIRST_STEPS:
            first = time.process_time()
        if steps == FIRST_STEPS + STEPS:
            last = time.process_time()
            break
    events.close()
    # Ending includes saving the run.
    return {
        "begin_training_s": first - began,
        "train_us": 1e6 * (last - first) / (STEPS * case.batch),
        "end_training_s": time.process_time() - last,
    }


def explore(folder: Path) -> dict[str, float]:
    """Open the run, encode all of its images, and score some."""
    from latentlab.explorer.explorer import Explorer
    from latentlab.latent.dimensions import kl_per_dimension, principal_components
    from latentlab.latent.elbo_scores import elbo_scores
    from latentlab.work import finish

    explorer, times = Explorer(), [time.process_time()]

    def lap() -> float:
        times.append(time.process_time())
        return times[-1] - times[-2]

    explorer.open(folder / "run", within=0.0)
    opened = lap()
    codes = finish(explorer.show_all())
    encoded = lap()
    kl_per_dimension(codes)
    finish(principal_components(codes.mu))
    measured = lap()
    finish(elbo_scores(explorer.model, explorer.images[:SCORED], 10))
    return {
        "open_s": opened,
        "encode_us": 1e6 * encoded / len(codes),
        "statistics_us": 1e6 * measured / len(codes),
        "score_us": 1e6 * lap() / SCORED,
    }


def measure(folder: Path, case: Case) -> dict:
    """Return the figures of one size, in this process."""
    import torch  # noqa: F401  not to be counted

    watch, before = Memory(), memory("VmHWM")
    if not case.window:
        found = train(folder, case) | explore(folder)
        found |= {"memory_mb": memory("VmHWM"), "without_mapped_mb": watch.peak}
        return found | {"at_start_mb": before}
    found = train(folder, replace(case, window=False))
    found = {"train_us": found["train_us"]}
    from growth_window import measure_window

    found |= measure_window(folder / "run", whole=case.side == 8)
    return found | {"memory_mb": memory("VmHWM"), "without_mapped_mb": watch.peak}


def measured(case: Case) -> dict:
    """Write the data of one size, and measure it in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="latentlab-growth-") as place:
        write_data(Path(place), case)
        environment = {**os.environ, "LATENTLAB_HOME": f"{place}/home"}
        command = [sys.executable, __file__, "--inside", place, "--case", json.dumps(asdict(case))]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def exponents(found: list[dict], sizes: list[int]) -> dict[str, list[float]]:
    """Return how steeply each figure grows from size to size: 0 not at all, 1 as the size."""
    names = [name for name, value in found[0].items() if isinstance(value, float)]
    steps, growth = np.diff(np.log(sizes)), {}
    for name in names:
        values = np.log([max(each[name], 1e-6) for each in found])
        growth[name] = np.round(np.diff(values) / steps, 2).tolist()
    return growth


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--axes", nargs="+", choices=AXES, default=[*AXES])
    parser.add_argument("--most", type=int, default=2_000_000, help="largest size along any axis")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(measure(options.inside, Case(**json.loads(options.case)))))
        return
    result = {}
    for axis in options.axes:
        name, sizes, case = AXES[axis]
        sizes = [size for size in sizes if size <= options.most]
        found = []
        for size in sizes:
            found.append(measured(replace(case, **{name: size})))
            print(axis, size, found[-1], file=sys.stderr, flush=True)
        result[axis] = dict(zip(map(str, sizes), found, strict=True)) | {
            "exponents": exponents(found, [size**2 for size in sizes] if axis == "side" else sizes)
        }
    print(json.dumps({**result, "machine": platform.processor() or platform.machine()}))


if __name__ == "__main__":
    main()
