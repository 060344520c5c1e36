"""Every step of every write fails once, in three ways: how many were interrupted, what was found.

``python tests/bench/writes.py [--stride 1]`` prints JSON; the stride is that of the whole runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "runs")]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stride", type=int, default=1)
    print(json.dumps(try_all(arguments.parse_args().stride), indent=2))


def try_all(stride: int) -> dict[str, object]:
    """Interrupt every write; return the numbers, and what went wrong."""
    from write_targets import TARGETS, WINDOW

    counts: dict[str, dict[str, int]] = {}
    findings: dict[str, str] = {}
    works: dict[str, Callable[[Path], dict[str, int]]] = {
        name: interrupting(*target) for name, target in {**TARGETS, **WINDOW}.items()
    }
    works["run"] = lambda folder: runs(folder, stride)
    for name, work in works.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                counts[name] = work(Path(folder))
            except AssertionError as error:
                findings[name] = str(error)
        print(f"{name}: {counts.get(name) or findings[name]}", file=sys.stderr)
    total = sum(map(Counter, counts.values()), Counter[str]())
    by_way = dict(total)
    return {
        "interrupted": total.total(),
        "by_way": by_way,
        "findings": findings,
        "targets": counts,
    }


def interrupting(write: Callable, read: Callable) -> Callable[[Path], dict[str, int]]:
    from failing_disk import interrupt_everywhere
    from write_targets import at_home

    return lambda folder: interrupt_everywhere(at_home(write), at_home(read), folder)


def runs(folder: Path, stride: int) -> dict[str, int]:
    """Interrupt runs that save after every step, and complete them."""
    from failing_disk import WAYS
    from test_interrupted_runs import interrupted, whole

    from latentlab.learning import monitor

    monitor.SAVE_INTERVAL_S = monitor.PREVIEW_INTERVAL_S = 0.0
    expected, steps = whole(folder)
    counts = dict.fromkeys(WAYS, 0)
    for way in WAYS:
        for at in range(1, steps + 1, stride):
            interrupted(folder / f"{way}-{at}", way, at, expected)
            counts[way] += 1
    return counts


if __name__ == "__main__":
    main()
