"""Thousands of damaged files of every kind: what escapes, how long it takes, how much memory.

``python tests/bench/mutations.py COUNT [--kinds png,tiff] [--seed 7] [--keep FOLDER]`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("count", type=int, help="mutants of each kind")
    arguments.add_argument("--kinds", help="some of the kinds, between commas")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--keep", type=Path, help="where to put an example of each finding")
    chosen = arguments.parse_args()
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as home:
        os.environ["LATENTLAB_HOME"] = home
        result = try_all(chosen, Path(home))
    print(json.dumps(result, indent=2))


def try_all(chosen: argparse.Namespace, home: Path) -> dict[str, Any]:
    """Try every kind; return what was found, by kind and in all."""
    from mutation_data import DATA
    from mutation_support import Memory, try_mutants
    from mutation_targets import OWN, WINDOW

    targets = {**OWN, **WINDOW, **DATA}
    run, kinds = trained(home / "run"), {}
    for kind in chosen.kinds.split(",") if chosen.kinds else targets:
        with tempfile.TemporaryDirectory(dir=home) as folder:
            target, memory = targets[kind](run, Path(folder)), Memory()
            outcome = try_mutants(target, chosen.count, chosen.seed)
            keep(chosen.keep, kind, outcome.examples)
        kinds[kind] = {
            "tried": outcome.tried,
            "refused": outcome.refused,
            "escaped": dict(outcome.escaped.most_common()),
            "slowest_s": round(outcome.slowest, 3),
            "peak_growth_mb": memory.grown() >> 20,
        }
        print(f"{kind}: {kinds[kind]}", file=sys.stderr)
    return {
        "tried": sum(each["tried"] for each in kinds.values()),
        "findings": {name: each["escaped"] for name, each in kinds.items() if each["escaped"]},
        "slowest_s": max(each["slowest_s"] for each in kinds.values()),
        "peak_rss_mb": peak_mb(),
        "kinds": kinds,
    }


def trained(folder: Path) -> Path:
    """Train a tiny model, and return its run folder."""
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    model = {"kind": "vae", "hidden": [16], "latent_dim": 2}
    training = {"epochs": 2, "batch_size": 50, "device": "cpu"}
    for _ in record(make_recipe({"model": model, "data": "digits", "training": training}), folder):
        pass
    return folder


def keep(folder: Path | None, kind: str, examples: dict[str, bytes]) -> None:
    """Write an example of each finding."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for i, content in enumerate(examples.values()):
            (folder / f"{kind}-{i}").write_bytes(content)


def peak_mb() -> int:
    """Return the most memory that this process has held."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    main()
