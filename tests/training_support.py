"""Helpers of the training tests: small recipes and their results."""

import json

import numpy as np

from latentlab.learning.events import Change, EpochEnd, EpochPreview, Snapshot, Started, Step
from latentlab.learning.fit import fit
from latentlab.learning.recipe import make_recipe

STEPS = 14
"""Steps per epoch: 4,000 training images of the digits in batches of 300, the last of 100."""


def recipe_of(kind="vae", objective=None, hidden=(16,), model=None, data="digits", **training):
    """Return a recipe of a small network; an epoch takes about 0.05 s."""
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
    """Train and return the events by type."""
    return sorted_by_type(fit(recipe, **options))


def sorted_by_type(events):
    """Group events by type."""
    found = {kind: [] for kind in (Started, Step, EpochEnd, Snapshot, EpochPreview, Change)}
    for event in events:
        found.setdefault(type(event), []).append(event)
    return found


def trained(recipe, **options):
    """Train and return the last weights."""
    kept = []
    run(recipe, keep=kept.append, **options)
    return kept[-1].snapshot.weights


def same(one, other):
    """Return whether two sets of arrays are equal bit for bit."""
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def finite(weights):
    return all(np.isfinite(value).all() for value in weights.values())


def lines_of(file):
    """Return the JSON lines of a file, without ``seconds``."""
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]
