"""What the tests of training share: small recipes, and what became of them."""

import json
import subprocess
import sys

import numpy as np

from latentlab.learning.events import Change, EpochEnd, EpochPreview, Snapshot, Started, Step
from latentlab.learning.fit import fit
from latentlab.learning.recipe import make_recipe

STEPS = 14
"""Steps of an epoch: the digits' 4,000 training images at 300 a step, the last of 100."""


def recipe_of(kind="vae", objective=None, hidden=(16,), model=None, data="digits", **training):
    """Return a recipe for a network so small that an epoch takes a twentieth of a second."""
    model = {"kind": kind, "hidden": hidden, "latent_dim": 2, **(model or {})}
    return make_recipe(
        {
            "model": {key: value for key, value in model.items() if value is not None},
            "data": data,
            "objective": objective or {},
            "training": {
                "epochs": 1,
                "batch_size": 300,
                "device": "cpu",
                "precision": "fp32",
                **training,
            },
        }
    )


def run(recipe, **options):
    """Train; return the events by type."""
    return sorted_by_type(fit(recipe, **options))


def sorted_by_type(events):
    """Return events by type."""
    found = {kind: [] for kind in (Started, Step, EpochEnd, Snapshot, EpochPreview, Change)}
    for event in events:
        found.setdefault(type(event), []).append(event)
    return found


def trained(recipe, **options):
    """Train; return the last weights."""
    kept = []
    run(recipe, keep=kept.append, **options)
    return kept[-1].snapshot.weights


def same(one, other):
    """Say whether two sets of arrays are equal bit for bit."""
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def finite(weights):
    return all(np.isfinite(value).all() for value in weights.values())


def lines_of(file):
    """Return the JSON lines of a file, without how long each took."""
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def command(*words):
    return [sys.executable, "-m", "latentlab", *map(str, words)]


def in_a_process(*words, **options):
    """Run a command line to its end."""
    return subprocess.run(
        command(*words), capture_output=True, text=True, timeout=100, check=False, **options
    )
