"""A run whose disk fails at any step of writing goes on as if nothing had been."""

from contextlib import nullcontext, suppress
from functools import cache

import pytest
from failing_disk import CRASH, DENIED, FULL, FailingDisk, Killed, incomplete
from training_support import recipe_of, same

from latentlab.errors import LatentlabError, RunError
from latentlab.learning.checkpoint import DESCRIPTION_FILE, load_model, read_checkpoint
from latentlab.learning.training_state import read_training_state
from latentlab.runs.portraits import preview_epochs
from latentlab.runs.recorder import RECIPE, record, resume
from latentlab.session.curves.curves import read_metrics, read_steps
from latentlab.session.curves.latent_curves import read_latent_lines

STRIDE = 31
"""Every how many steps one fails here; `tests/bench/writes.py` lets each fail."""


def small():
    return recipe_of(epochs=2, hidden=(4,), batch_size=1000)


def finish(events):
    for _ in events:
        pass


def found(folder):
    """Return all that a run has left but times, and of which steps the losses are shown."""
    models = [load_model(folder / f"{stem}.json") for stem in ("checkpoint", "best")]
    weights = {
        f"{i} {name}": value.numpy()
        for i, (model, _) in enumerate(models)
        for name, value in model.state_dict().items()
    }
    metrics = [(each.epoch, each.split, each.losses) for each in read_metrics(folder).records]
    latents = read_latent_lines(folder).records
    steps = [each.epoch for each in read_steps(folder).records]
    assert steps == sorted(set(steps))
    marks = [(each.step, each.epoch, each.metrics) for _, each in models]
    state = dict(read_training_state(folder).arrays)
    return weights, state, [marks, metrics, latents, preview_epochs(folder)]


@cache
def whole(parent):
    with FailingDisk(parent).active() as disk:
        finish(record(small(), parent / "whole"))
    return found(parent / "whole"), disk.steps


@pytest.fixture(autouse=True)
def saved_often(monkeypatch):
    for name in ("SAVE_INTERVAL_S", "PREVIEW_INTERVAL_S"):
        monkeypatch.setattr(f"latentlab.learning.monitor.{name}", 0.0)


@pytest.mark.parametrize("way", [CRASH, FULL, DENIED])
def test_a_run_goes_on_from_wherever_its_disk_failed(way, tmp_path):
    steps = whole(tmp_path)[1]
    assert steps > 3 * STRIDE
    for at in range(1, steps + 1, STRIDE):
        interrupted(tmp_path / f"{at}", way, at, whole(tmp_path)[0])


def is_complete(folder):
    """Return whether all epochs were saved: what failed afterwards is no part of the model."""
    return (folder / DESCRIPTION_FILE).exists() and read_checkpoint(folder).epoch == 2


def interrupted(folder, way, at, expected):
    """Record a run whose disk fails, and complete it; it must be the same as one that is whole."""
    folder.parent.mkdir(exist_ok=True)
    disk = FailingDisk(folder.parent, at, way)
    with disk.active(), suppress(Killed, LatentlabError):
        finish(record(small(), folder))
    assert disk.failed, at
    if way != CRASH:
        assert not incomplete(folder), at
    with FailingDisk(folder.parent).active():
        if (folder / DESCRIPTION_FILE).exists():
            load_model(folder)
        with suppress(RunError) if is_complete(folder) else nullcontext():
            finish(resume(folder) if (folder / RECIPE).exists() else record(small(), folder))
    weights, state, others = found(folder)
    assert same(weights, expected[0]), at
    assert same(state, expected[1]), at
    assert others == expected[2], at
    assert is_complete(folder) or not incomplete(folder), at


def test_a_run_may_begin_anew_where_one_was_killed_before_it_was_saved(tmp_path):
    """The measurements of the first are no part of the second."""
    expected, steps = whole(tmp_path)
    for at in range(3, steps, STRIDE):
        folder = tmp_path / f"{at}" / "run"
        with FailingDisk(tmp_path, at).active(), suppress(Killed):
            finish(record(small(), folder))
        if (folder / DESCRIPTION_FILE).exists():
            break
        finish(record(small(), folder))
        assert found(folder)[2] == expected[2], at
    assert at > STRIDE, "no run was killed before it was saved"
