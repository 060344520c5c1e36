"""Measure the speed record: how long training takes from the start of its process to the target.

    python training/speedrun/run.py TASK [--baseline] --mnist FOLDER [--seeds 0 1 2]
    python training/speedrun/run.py faces [--baseline] --faces ZIP

Every competitor is a fresh process: imports, loading and evaluation count. With ``--baseline`` the
plain torch loop takes turns with the record; it makes ``--epochs`` epochs, and the rest is
extrapolated from the epochs that it needs, in ``baseline_epochs.json``. ``--count`` counts these.
The last line is one JSON object; ratios are baseline to record.
"""

import argparse
import gzip
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from task import STARTED, TASKS

HERE = Path(__file__).parent
COUNTED = HERE / "baseline_epochs.json"
CLOCKS = ("cpu", "wall")
type Line = dict[str, float]


def lines_of(script: str, *arguments: object) -> Iterator[Line]:
    """Start a script in a fresh process, and yield the lines of JSON that it prints."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    environment = {**os.environ, STARTED: str(time.time())}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        for line in process.stdout:
            print(f"{script}: {line.strip()}", flush=True)
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(f"{script} ended with {process.returncode}.")


@contextmanager
def unpacked(folder: Path) -> Iterator[Path]:
    """Lay MNIST out as torchvision expects it, so that the baseline need not unpack it."""
    with tempfile.TemporaryDirectory() as made:
        raw = Path(made, "MNIST", "raw")
        raw.mkdir(parents=True)
        for path in folder.glob("*-ubyte*"):
            content = path.read_bytes()
            is_packed = path.suffix == ".gz"
            name = path.name.removesuffix(".gz")
            (raw / name).write_bytes(gzip.decompress(content) if is_packed else content)
        yield Path(made)


def count_epochs(task: str, place: Path) -> None:
    """Count the epochs that the baseline needs, and write them down."""
    *_, last = lines_of("baseline.py", task, place, "--resident")
    known = json.loads(COUNTED.read_text())
    COUNTED.write_text(json.dumps({**known, task: int(last["epoch"])}, indent=2) + "\n")


def known_epochs(task: str) -> int:
    """Return the epochs that the baseline needs, as they were counted."""
    known = json.loads(COUNTED.read_text())
    if task not in known:
        raise SystemExit(f"The epochs of the baseline of {task} are not known: add --count.")
    return known[task]


def whole_seconds(epochs: list[Line], needed: int) -> Line:
    """Return the seconds of a baseline that makes the epochs it needs, from its first ones."""
    first, *later = epochs
    rest = max(0, needed - len(epochs))
    return {
        clock: epochs[-1][clock] + rest * (later[-1][clock] - first[clock]) / len(later)
        for clock in CLOCKS
    }


def compare(task: str, place: Path, plain: Path | None, seeds: list[int], epochs: int) -> dict:
    """Run the record once with each seed, and the baseline after each."""
    target = TASKS[task].target
    ours: list[Line] = []
    baseline: list[Line] = []
    needed = known_epochs(task) if plain else 0
    for seed in seeds:
        ours += lines_of("ours.py", task, place, "--seed", seed)
        if plain:
            made = list(lines_of("baseline.py", task, plain, "--seed", seed, "--epochs", epochs))
            baseline.append(whole_seconds(made, needed))
    result = {
        "task": task,
        "target": target,
        "values": [round(each["value"], 5) for each in ours],
        "passed": sum(each["value"] <= target for each in ours),
        **_medians("ours", ours),
    }
    if plain:
        result |= {"baseline_epochs": needed, **_medians("baseline", baseline)}
        for clock in CLOCKS:
            ratios = [b[clock] / o[clock] for b, o in zip(baseline, ours, strict=True)]
            result[f"ratio_{clock}"] = round(statistics.median(ratios), 2)
    return result


def _medians(name: str, lines: list[Line]) -> Line:
    return {
        f"{name}_{clock}_s": round(statistics.median(line[clock] for line in lines), 2)
        for clock in CLOCKS
    }


def machine() -> str:
    """Return what it was measured on."""
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    return f"{platform.machine()}, {os.cpu_count()} cores, OMP_NUM_THREADS={threads}"


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("task", choices=TASKS)
    options.add_argument("--baseline", action="store_true")
    options.add_argument("--count", action="store_true", help="count the epochs of the baseline")
    options.add_argument("--mnist", type=Path, help="folder of the four IDX files")
    options.add_argument("--faces", type=Path, help="ZIP of CelebA's images of 64x64 pixels")
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--epochs", type=int, default=3, help="of the baseline, at least 2")
    chosen = options.parse_args()
    place = chosen.faces if TASKS[chosen.task].is_faces else chosen.mnist
    if place is None or not place.exists() or chosen.epochs < 2:
        options.error("name images with --mnist or --faces, and at least 2 epochs")
    with unpacked(place) if place.is_dir() else nullcontext(place) as plain:
        if chosen.count:
            count_epochs(chosen.task, plain)
        result = compare(
            *(chosen.task, place, plain if chosen.baseline else None, chosen.seeds, chosen.epochs)
        )
    print(json.dumps({**result, "machine": machine(), "date": time.strftime("%Y-%m-%d")}))


if __name__ == "__main__":
    main()
