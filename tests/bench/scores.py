"""How long it takes to score 10,000 digits with 50 draws each by their negative ELBO.

Prints one JSON object on its last line, in seconds: for each shipped model the whole, and the
longest piece of work, for which the window waits. ``LATENTLAB_DATA`` is the folder that holds
``mnist``; without it the 5,000 bundled digits are scored twice.
``python tests/bench/scores.py [--count 10000] [--samples 50]``
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np
import torch

from latentlab.config import parse
from latentlab.data.data_set import DATA, load
from latentlab.directories import resources
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.learning.checkpoint import load_model

MODELS = ("digits-cvae", "digits-2d")


def digits(count):
    """Return `count` digits and where they are from, MNIST's test set where it is at hand."""
    root = Path(os.environ.get("LATENTLAB_DATA", "")) / "mnist"
    kind, values = ("mnist", {"root": str(root)}) if root.is_dir() else ("digits", {})
    images = load(parse(DATA.kinds()[kind], values)).to_explore()
    return images[np.resize(np.arange(len(images)), count)], kind


def measure(name, images, samples):
    """Return seconds in all and of the longest piece, and the mean score in nats."""
    model, _ = load_model(resources() / "models" / name)
    pieces = elbo_scores(model, images, samples)
    times = [time.perf_counter()]
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            scores = done.value
            break
        times.append(time.perf_counter())
    steps = 1000 * np.diff(times)
    return {
        "seconds": times[-1] - times[0],
        "piece_p99_ms": np.percentile(steps, 99),
        "piece_max_ms": steps.max(),
        "mean_negative_elbo": scores.elbo.mean(),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--samples", type=int, default=50)
    options = parser.parse_args()
    images, kind = digits(options.count)
    result = {name: measure(name, images, options.samples) for name in MODELS}
    rounded = {
        name: {key: round(float(value), 3) for key, value in part.items()}
        for name, part in result.items()
    }
    about = {"data": kind, "count": options.count, "samples": options.samples}
    machine = {"threads": torch.get_num_threads(), "machine": platform.processor()}
    print(json.dumps({**rounded, **about, **machine, "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()
