"""Measure how fast synthetic faces and sprites are drawn, as the data sets draw them.

    python tests/bench/faces_data.py [--count 12000] [--repeats 3]

The last line is one JSON object: images per second of the best repeat, at 64×64, with the time
from asking for the set to having it, factors and splits included. Each kind has a process of its
own: what was drawn before leaves the memory allocator in a state that makes sprites seem five
times as fast as they are for whoever starts the program and asks for them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

from latentlab.data.data_set import DataConfig, load
from latentlab.data.sources.sprites import SpritesConfig
from latentlab.data.sources.synthetic_faces import SyntheticFacesConfig


def images_per_second(config: DataConfig, count: int, repeats: int) -> float:
    """Return the best of some repeats."""
    rates = []
    for repeat in range(repeats):
        start = time.perf_counter()
        load(config)
        rates.append(count / (time.perf_counter() - start))
        print(f"{config.kind}, repeat {repeat + 1}: {rates[-1]:,.0f} images per second")
    return max(rates)


def main() -> None:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=12_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    rates = {}
    for kind in (SyntheticFacesConfig, SpritesConfig):
        config = kind(count=options.count)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
            work = fresh.submit(images_per_second, config, options.count, options.repeats)
            rates[f"{config.kind}_per_second"] = round(work.result())
    load_average = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    print(json.dumps({**rates, "cores": os.cpu_count(), "load_average": load_average}))


if __name__ == "__main__":
    main()
