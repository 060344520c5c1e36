"""Compare latentlab's training with a plain torchvision loop and with pythae on one network.

All train architecture A on MNIST in batches of 128, each in a process of its own, their epochs in
turn (A B C A B C ...), so that a machine whose speed drifts is fair to all. The last line is one
JSON object; a speed-up is the ratio of the medians of the seconds per epoch, validation left out.

    python tests/bench/training.py [--root DIR] [--epochs 3] [--device cuda] [--streaming]

pythae is optional (``pip install -e ".[bench]"``); without it its figures are null. On a GPU,
``seconds_100_epochs`` is the wall clock of all of recipe A, validation included. ``--streaming``
adds ``streaming_ratio``: the time per image of a set on disk of four times
``training.resident_mb``, to that of the same set in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rivals import REPOSITORY, apart, find_root, has_pythae, naive_epochs, pythae_epochs, unpack

from latentlab.data.sources.idx_set import read_idx
from latentlab.learning.events import EpochEnd, Started
from latentlab.learning.fast.device import use_bf16
from latentlab.learning.fit import fit
from latentlab.learning.recipe import read_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rivals import Epoch

# As the program does, for all that are compared.
os.environ.setdefault("GOMP_SPINCOUNT", "100000")
RECIPE = REPOSITORY / "training" / "cvae-mnist.toml"

MEMORY = """
import json, re, sys
import torch
from pathlib import Path

def peak():  # of this program alone; getrusage would count its parent's too
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

before = peak()
from latentlab.learning.fit import fit
from latentlab.learning.recipe import read_recipe
for event in fit(read_recipe(Path(sys.argv[1]), json.loads(sys.argv[2]))):
    pass
print(peak() - before)
"""


def latentlab_epochs(settings: list[str]) -> Iterator[Epoch]:
    """Train with the real loop; its seconds leave validation out, and wait for a GPU."""
    with closing(fit(read_recipe(RECIPE, settings))) as events:
        for event in events:
            if isinstance(event, EpochEnd):
                yield event.seconds, event.train["loss"]


def in_turn(runs: Mapping[str, Iterator[Epoch]], epochs: int) -> dict[str, list[Epoch]]:
    """Let each run train an epoch after the other."""
    done: dict[str, list[Epoch]] = {name: [] for name in runs}
    for epoch in range(1, epochs + 1):
        for name, run in runs.items():
            done[name].append(next(run))
        told = ", ".join(f"{name} {e[-1][0]:.2f} s {e[-1][1]:.2f}" for name, e in done.items())
        print(f"epoch {epoch}: {told}", flush=True)
    return done


def compare(root: Path, device: torch.device, epochs: int, settings: list[str]) -> dict[str, Any]:
    """Train with everything there is, and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(root, Path(folder))
        runs = {"naive": apart(naive_epochs, Path(folder), device)}
        if has_pythae():
            runs["pythae"] = apart(pythae_epochs, Path(folder), device)
        else:
            print('no pythae here: pip install -e ".[bench]" to compare with it')
        for precision in ["fp32"] + ["bf16"] * use_bf16("auto", device):
            change = f'training.precision="{precision}"'
            runs[precision] = apart(latentlab_epochs, [*settings, change])
        done = in_turn(runs, epochs)
        for run in runs.values():
            run.close()
    names = ("naive", "pythae", "fp32", "bf16")
    seconds = {name: statistics.median(s for s, _ in done[name]) for name in done}
    auto = seconds.get("bf16", seconds["fp32"])
    return {
        "speedup": seconds["naive"] / auto,
        "speedup_fp32": seconds["naive"] / seconds["fp32"],
        "speedup_bf16": seconds["naive"] / seconds["bf16"] if "bf16" in seconds else None,
        "speedup_vs_pythae": seconds["pythae"] / auto if "pythae" in seconds else None,
        **{f"loss_{name}": done[name][-1][1] if name in done else None for name in names},
        **{f"seconds_{name}": seconds.get(name) for name in names},
    }


def peak_rss_mb(settings: list[str]) -> float | None:
    """Return what a run needs beyond torch's import, from a process of its own."""
    if sys.platform != "linux":
        return None
    changes = json.dumps([*settings, "training.epochs=2"])
    command = [sys.executable, "-c", MEMORY, str(RECIPE), changes]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=REPOSITORY)
    return int(done.stdout.splitlines()[-1]) * 1024 / 1e6


def seconds_of_recipe(settings: list[str]) -> float:
    """Return the wall clock of all of recipe A, from data at hand to its last validation."""
    start = 0.0
    for event in fit(read_recipe(RECIPE, [*settings, "training.epochs=100"])):
        if isinstance(event, Started):
            start = time.perf_counter()
    return time.perf_counter() - start


def streaming(root: Path, epochs: int, settings: list[str]) -> dict[str, float]:
    """Compare a set on disk of four times the limit with the same set in memory."""
    (pixels,) = [read_idx(path) for path in root.glob("train-images-idx3-ubyte*")]
    (labels,) = [read_idx(path) for path in root.glob("train-labels-idx1-ubyte*")]
    with tempfile.TemporaryDirectory() as folder:
        images, classes = Path(folder, "images.npy"), Path(folder, "labels.npy")
        np.save(images, pixels)
        np.save(classes, labels.astype(np.int64))
        changes = [
            *[change for change in settings if not change.startswith("data.")],
            "data.kind='arrays'",
            "data.held_out=0.02",
            f"data.images={json.dumps(str(images))}",
            f"data.labels={json.dumps(str(classes))}",
        ]
        limit = int(pixels.nbytes * 0.98 / 4e6)
        runs = {
            name: apart(latentlab_epochs, [*changes, f"training.resident_mb={mb}"])
            for name, mb in (("resident", 4096), ("streamed", limit))
        }
        done = in_turn(runs, epochs)
        for run in runs.values():
            run.close()
    ratios = [s / r for (s, _), (r, _) in zip(done["streamed"], done["resident"], strict=True)]
    return {"streaming_ratio": statistics.median(ratios), "streaming_limit_mb": limit}


def main() -> None:
    """Run what was asked for and print the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--root")
    options.add_argument("--epochs", type=int, default=3)
    options.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options.add_argument("--streaming", action="store_true")
    chosen = options.parse_args()
    root, device = find_root(chosen.root), torch.device(chosen.device)
    settings = [
        f"data.root={json.dumps(str(root))}",
        f"training.epochs={chosen.epochs}",
        f'training.device="{chosen.device}"',
    ]
    result = compare(root, device, chosen.epochs, settings)
    result["peak_rss_mb"] = peak_rss_mb(settings)
    if chosen.device == "cuda":
        result["speedup_cuda"] = result["speedup"]
        result["seconds_100_epochs"] = seconds_of_recipe(settings)
    if chosen.streaming:
        result |= streaming(root, chosen.epochs, settings)
    rounded = {
        key: round(value, 3) if isinstance(value, float) else value for key, value in result.items()
    }
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, "
    machine += f"{torch.get_num_threads()} threads"
    if chosen.device == "cuda":
        machine += f", {torch.cuda.get_device_name()}"
    print(json.dumps({**rounded, "epochs": chosen.epochs, "machine": machine}))


if __name__ == "__main__":
    main()
