"""Compare a sweep over beta, whose runs train at the same time, with single runs.

Trains recipe A on MNIST with each value of beta, as ``latentlab train --sweep`` does, and some of
the values alone. On the CPU each run has a process and its share of the cores, and on a GPU all
learn together in one process, which ``--together`` asks for on the CPU too, to compare. Times
count from the start of the first run to the end of the last, data loading, validation and saving
included. The last line is one JSON object: ``ratio`` is the time of all together to that of one,
and ``loss_difference`` the largest difference of a validation or training loss, relative to it. On
the CPU of a quiet machine the ratio is at least ``ratio_without_speedup``, which it would be if a
run were as fast on one core as on all; other programs slow a run of several threads more than
several runs of one, so that ``load`` must be low.

    python tests/bench/sweep.py [--root DIR] [--epochs 5] [--alone 2] [--betas 0.25,0.5,1,2]
                                [--device cuda] [--precision fp32] [--together]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

# As the program does: threads that spin would block the runs beside them.
os.environ.setdefault("GOMP_SPINCOUNT", "3000")

import psutil
import torch
from rivals import REPOSITORY, find_root

from latentlab.learning.fast.device import pick_device
from latentlab.learning.recipe import read_recipe
from latentlab.runs import training_process
from latentlab.runs.recorder import record
from latentlab.runs.side_by_side import Cores, SideBySide, divide_cores
from latentlab.session.cores import together_key
from latentlab.session.curves.curves import last_losses
from latentlab.session.runs import TrainingJob

if TYPE_CHECKING:
    from latentlab.learning.recipe import Recipe

RECIPE = REPOSITORY / "training" / "cvae-mnist.toml"
BETAS = "0.25,0.5,0.75,1,1.5,2,4,8"


def seconds_alone(recipe: Recipe, folder: Path) -> float:
    """Train and record one run in this process, with all cores."""
    start = time.perf_counter()
    for _ in record(recipe, folder):
        pass
    return time.perf_counter() - start


def division(recipes: list[Recipe], *, together: bool) -> Cores:
    """Return how the runs share the machine: as usual, or in one process."""
    if not together:
        return divide_cores(recipes)
    training_process.learns_together = lambda job: bool(job.together)
    return Cores(len(recipes), None, together=together_key(recipes[0].to_dict()))


def seconds_at_once(recipes: list[Recipe], folders: list[Path], cores: Cores) -> float:
    """Train and record all runs, as the command line does."""
    start = time.perf_counter()
    jobs = [
        TrainingJob(recipe.to_dict(), into=folder, threads=cores.threads, together=cores.together)
        for recipe, folder in zip(recipes, folders, strict=True)
    ]
    runs = SideBySide(jobs, cores.runs)
    for _ in runs.events():
        pass
    assert all(end.outcome == "finished" for end in runs.ended.values()), runs.ended
    return time.perf_counter() - start


def loss_difference(one: Path, other: Path) -> float:
    """Return the largest difference of two runs' last losses, relative to the loss."""
    pairs = ((last_losses(one)[part], last_losses(other)[part]) for part in ("train", "validation"))
    return max(abs(a["loss"] - b["loss"]) / abs(a["loss"]) for a, b in pairs)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--alone", type=int, default=2, help="values that are also trained alone")
    parser.add_argument("--betas", default=BETAS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--together", action="store_true", help="in one process on the CPU too")
    options = parser.parse_args()
    root = json.dumps(str(find_root(options.root)))
    settings = [f"data.root={root}", f"training.epochs={options.epochs}"]
    settings += [f"training.{key}={getattr(options, key)}" for key in ("device", "precision")]
    betas = options.betas.split(",")
    recipes = [read_recipe(RECIPE, [*settings, f"objective.beta={beta}"]) for beta in betas]
    with tempfile.TemporaryDirectory() as place:
        alone = [Path(place) / f"alone-{i}" for i in range(options.alone)]
        beside = [Path(place) / f"beside-{i}" for i in range(len(recipes))]
        cores = division(recipes, together=options.together)
        together = seconds_at_once(recipes, beside, cores)
        one = statistics.median(map(seconds_alone, recipes[: options.alone], alone))
        difference = max(map(loss_difference, alone, beside))
    figures = {
        "runs": len(recipes),
        "at_once": cores.runs,
        "threads_each": cores.threads,
        "in_one_process": bool(cores.together),
        "device": pick_device(options.device).type,
        "epochs": options.epochs,
        "seconds_one": one,
        "seconds_together": together,
        "ratio": together / one,
        "ratio_without_speedup": len(recipes) / cores.runs,
        "loss_difference": difference,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": psutil.getloadavg()[0],
        "torch": torch.__version__,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    sys.exit(main())
