"""A run that was stopped goes on exactly as if it had not been."""

import itertools
import json
import shutil
from contextlib import closing
from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from training_support import STEPS, recipe_of, run, same, sorted_by_type

from latentlab.errors import RunError
from latentlab.learning import training_state as positions
from latentlab.learning.events import Change, EpochEnd, EpochPreview, Started, Step
from latentlab.learning.fit import fit
from latentlab.learning.steering import Controls
from latentlab.learning.training_state import read_training_state, write_training_state

EPOCHS = 2
METERS = {"meter", "whole"}
PLAIN = {"model": {}, "training": {}, "objective": {}}
FULL = {
    "model": {"norm": "batch", "dropout": 0.2},
    "objective": {"beta": 2.0, "schedule": {"kind": "linear", "epochs": 2}, "free_bits": 0.1},
    "training": {
        "augment": {"shift": 0.1, "rotate": 10, "flip": True},
        "missing": 0.2,
        "clip": 50.0,
        "average": 0.9,
        "optimizer": "adamw",
        "schedule": {"kind": "cosine", "epochs": 2, "start": 1, "end": 0},
    },
}
BF16 = {**PLAIN, "training": {"precision": "bf16", "optimizer": "sgd", "learning_rate": 1e-4}}
FACTOR = {
    **PLAIN,
    "objective": {"extra": {"kind": "factor", "units": 8}},
    "training": {"average": 0.9, "clip": 5.0},
}
VQ = {
    "model": {
        **{"kind": "vq-vae", "width": 2, "codes": 12, "code_channels": 2},
        **{"prior_width": 4, "prior_layers": 1, "halvings": 3, "dropout": 0.1},
        **{"hidden": None, "latent_dim": None},
    },
    "objective": {},
    "training": {"average": 0.9, "precision": "bf16"},
}
LADDER = {"model": {"kind": "ladder-vae", "latent_dim": None}, "objective": {}, "training": {}}
LEARNED = {
    "model": {"prior": "flow", "posterior": {"kind": "flow", "layers": 1}},
    "objective": {"kind": "iwae", "samples": 3},
    "training": {"average": 0.9, "learning_rate": 1e-3},
}
GIVEN_LABEL = {
    "model": {"prior": "conditional"},
    "objective": {"extra": "mmd"},
    "training": {"average": 0.9, "learning_rate": 1e-3},
}
RECIPES = {
    **{"plain": PLAIN, "full": FULL, "bf16": BF16, "factor": FACTOR},
    **{"codebook": VQ, "ladder": LADDER, "learned": LEARNED, "given label": GIVEN_LABEL},
}


def recipe_like(values, **training):
    training = {"epochs": EPOCHS, "seed": 7, **values["training"], **training}
    return recipe_of("cvae", values["objective"], model=values["model"], **training)


def stopped(recipe, tmp_path, stop, **options):
    """Train until `stop` says so of an event; return the position from a file, and the events."""
    kept, events = [], []
    with closing(fit(recipe, keep=kept.append, **options)) as running:
        for event in running:
            events.append(event)
            if stop(event):
                break
    write_training_state(tmp_path, kept[-1].position)
    return read_training_state(tmp_path), events


def at(step):
    return lambda event: isinstance(event, Step) and event.step == step


def told(events):
    """Return what was measured, without how long it took and how much memory there was."""
    return [
        {
            name: (value.kl.tolist(), repr(asdict(value))) if name == "latents" and value else value
            for name, value in ((name, getattr(event, name)) for name in EpochEnd.__slots__)
            if name not in ("seconds", "validation_seconds", "memory")
        }
        for event in events
        if isinstance(event, EpochEnd)
    ]


def equal(one, other):
    """Compare two ends of a run: what would be saved, bit for bit."""
    assert same(one.snapshot.weights, other.snapshot.weights)
    assert same(one.position.arrays, other.position.arrays)
    about = [replace(saved.position, arrays={}, seconds=0) for saved in (one, other)]
    assert about[0] == about[1]


@cache
def whole_run(values):
    """Return the end of a run that nobody stopped, and its events; one serves all its stops."""
    return finished(recipe_like(RECIPES[values]))


def finished(recipe, **options):
    kept = []
    events = list(fit(recipe, keep=kept.append, **options))
    return kept[-1], events


STOPS = {
    "at the start": lambda event: isinstance(event, Step) and event.step == 1,
    "in the middle": at(20),
    "after an epoch's last step": at(STEPS),
    "after an epoch": lambda event: isinstance(event, EpochEnd),
    "after a portrait": lambda event: isinstance(event, EpochPreview),
    "before the last step": at(EPOCHS * STEPS - 1),
}


@pytest.mark.parametrize(
    ("values", "stop"),
    [
        *(("full", name) for name in STOPS),
        *itertools.product(("plain", "bf16", "factor"), ("in the middle", "after an epoch")),
        *((values, "in the middle") for values in ("codebook", "ladder", "learned", "given label")),
    ],
)
def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path, values, stop):
    recipe = recipe_like(RECIPES[values])
    whole, events = whole_run(values)
    position, before = stopped(recipe, tmp_path, STOPS[stop])
    rest, after = finished(recipe, resume=position)
    equal(whole, rest)
    assert told(events) == told([*before, *after])
    steps = [event.step for event in after if isinstance(event, Step)]
    assert steps == list(range(position.step + 1, EPOCHS * STEPS + 1))
    (started,) = (event for event in after if isinstance(event, Started))
    assert started.step == position.step
    one, two = ([e for e in each if isinstance(e, EpochPreview)][-1] for each in (events, after))
    assert np.array_equal(one.mu, two.mu)
    assert np.array_equal(one.samples, two.samples)


@settings(max_examples=5)
@given(st.integers(1, EPOCHS * STEPS - 2), st.integers(1, EPOCHS * STEPS))
def test_stopped_at_any_two_steps_a_run_is_the_whole(tmp_path_factory, first, more):
    recipe, folder = recipe_like(FULL), tmp_path_factory.mktemp("stops")
    whole, events = whole_run("full")
    second = min(first + more, EPOCHS * STEPS - 1)
    position, one = stopped(recipe, folder, at(first))
    position, two = stopped(recipe, folder, at(second), resume=position)
    rest, three = finished(recipe, resume=position)
    equal(whole, rest)
    assert told(events) == told([*one, *two, *three])


def test_resumed_twice_within_one_epoch(tmp_path):
    recipe = recipe_like(FULL)
    whole, events = whole_run("full")
    position, one = stopped(recipe, tmp_path, at(17))
    position, two = stopped(recipe, tmp_path, at(23), resume=position)
    rest, three = finished(recipe, resume=position)
    equal(whole, rest)
    assert told(events) == told([*one, *two, *three])


def test_resumed_and_stopped_at_once_it_stays_where_it_was(tmp_path):
    recipe = recipe_like(FULL)
    position, _ = stopped(recipe, tmp_path, at(17))
    kept = []
    with closing(fit(recipe, resume=position, keep=kept.append)) as events:
        while not isinstance(next(events), Started):
            pass
    assert kept == []


def test_more_epochs_are_those_of_a_longer_run(tmp_path):
    """Where no schedule depends on the length."""
    short = recipe_like(FULL, epochs=1)
    whole, events = whole_run("full")
    end, before = finished(short)
    more = Controls()
    more.steer("training.epochs", EPOCHS)
    rest, after = finished(short, resume=end.position, controls=more)
    equal(whole, rest)
    assert told(events) == told([*before, *after])
    (change,) = (event for event in after if isinstance(event, Change))
    assert asdict(change) == {
        "step": STEPS,
        "epochs": 1.0,
        "key": "training.epochs",
        "value": EPOCHS,
        "problem": "",
    }


def test_the_best_epoch_is_remembered(tmp_path):
    recipe = recipe_like(PLAIN, learning_rate=0.05, epochs=4)
    whole, events = finished(recipe)
    position, before = stopped(recipe, tmp_path, at(STEPS + 2))
    rest, after = finished(recipe, resume=position)
    assert told(events) == told([*before, *after])
    ends = [event for event in after if isinstance(event, EpochEnd)]
    least = min(event["validation"]["loss"] for event in told(events))
    assert ends[-1].best_loss == least
    assert rest.position.best_loss == least == whole.position.best_loss


def test_patience_counts_on(tmp_path):
    """Nothing gets better at a learning rate of next to nothing."""
    recipe = recipe_like(PLAIN, patience=2, epochs=9, learning_rate=1e-12)
    whole = run(recipe)[EpochEnd]
    position, _ = stopped(recipe, tmp_path, at(STEPS + 3))
    rest = run(recipe, resume=position)[EpochEnd]
    assert [end.epoch for end in whole][-1] == [end.epoch for end in rest][-1] < 9


def test_seconds_of_an_epoch_are_those_of_both_parts(tmp_path):
    recipe = recipe_like(PLAIN)
    position, _ = stopped(recipe, tmp_path, at(STEPS + 5))
    assert position.seconds > 0
    first, *_ = run(recipe, resume=replace(position, seconds=100.0))[EpochEnd]
    assert 100 < first.seconds < 110
    position, _ = stopped(recipe, tmp_path, lambda event: isinstance(event, EpochEnd))
    assert position.seconds == 0


# The file


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A run that was stopped in its first epoch: recipe, folder, position."""
    recipe, folder = recipe_like(PLAIN), tmp_path_factory.mktemp("begun")
    return recipe, folder, stopped(recipe, folder, at(5))[0]


@pytest.fixture
def kept(begun, tmp_path):
    """As `begun`, in a folder of the test's own."""
    shutil.copytree(begun[1], tmp_path, dirs_exist_ok=True)
    return begun[0], tmp_path, begun[2]


def test_the_file_can_be_read_by_people_who_have_no_latentlab(kept):
    _, folder, position = kept
    arrays = load_file(folder / positions.RESUME_FILE)
    named = {name.partition(".")[0] for name in arrays}
    # What was summed lies in one meter or the other, as the clock has it.
    assert named & METERS
    assert named - METERS == {"model", "optimizer", "order", "noise", "chance"}
    assert position.position == position.step == 5


def test_a_folder_without_the_file_is_named(tmp_path):
    with pytest.raises(RunError, match=r"it has no resume\.safetensors") as caught:
        read_training_state(tmp_path)
    assert str(tmp_path) in caught.value.message
    assert caught.value.advice


@pytest.mark.parametrize("size", [0, 7, 100, -1])
def test_a_truncated_file_is_damaged(kept, size):
    _, folder, _ = kept
    file = folder / positions.RESUME_FILE
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(RunError, match="is damaged") as caught:
        read_training_state(folder)
    assert str(file) in caught.value.message


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"position": "{"},
        {"position": "[]"},
        {"position": "7"},
        {"position": "{}"},
        {"position": json.dumps({"step": 1})},
        {"position": json.dumps({"step": 1, "knows": "nothing"})},
    ],
)
def test_tensors_of_another_program_are_no_position(tmp_path, metadata):
    save_file({"layer": np.zeros(3)}, tmp_path / positions.RESUME_FILE, metadata)
    with pytest.raises(RunError, match="is damaged"):
        read_training_state(tmp_path)


def test_a_file_that_is_no_tensors_is_damaged(tmp_path):
    (tmp_path / positions.RESUME_FILE).write_bytes(b"\x89PNG\r\n\x1a\n" * 30)
    with pytest.raises(RunError, match="is damaged"):
        read_training_state(tmp_path)


@pytest.mark.parametrize(
    "change", [{"hidden": (17,)}, {"model": {"latent_dim": 3}}, {"average": 0.9}, {"kind": "vae"}]
)
def test_the_position_of_another_model_is_refused(kept, change):
    _, _, position = kept
    other = recipe_of(**{"kind": "cvae", "seed": 7, **change})
    with pytest.raises(RunError, match="cannot go on from where it stood") as caught:
        list(fit(other, resume=position))
    assert "recipe.toml" in caught.value.advice


@pytest.mark.parametrize("name", ["order", "noise", "optimizer.0.step", "model.encoder.heads.bias"])
def test_a_position_that_lacks_something_is_refused(kept, name):
    recipe, _, position = kept
    arrays = {key: value for key, value in position.arrays.items() if key != name}
    assert len(arrays) == len(position.arrays) - 1
    with pytest.raises(RunError, match="cannot go on"):
        list(fit(recipe, resume=replace(position, arrays=arrays)))


def spoilt(arrays, name, change):
    return {**arrays, name: change(arrays[name])}


CHANGES = {
    "order": [lambda a: a.astype(np.float32), lambda a: a[:-8], lambda a: np.zeros_like(a)],
    "noise": [lambda a: a.astype(np.int64), lambda a: a.reshape(2, -1)],
    "model.encoder.heads.bias": [lambda a: a.astype(np.float64), lambda a: a[None]],
    "optimizer.0.exp_avg": [lambda a: a[:1], lambda a: a.astype(np.float16), lambda a: a * np.nan],
    "optimizer.0.step": [lambda a: np.zeros(3, np.float32), lambda a: a.astype(np.int64)],
}


@pytest.mark.parametrize(
    ("name", "change"), [(name, one) for name, all_ in CHANGES.items() for one in all_]
)
def test_state_of_another_kind_is_refused(kept, name, change):
    """Some of it torch would take, and then compute something else."""
    recipe, _, position = kept
    with pytest.raises(RunError, match="cannot go on from where it stood"):
        list(fit(recipe, resume=replace(position, arrays=spoilt(position.arrays, name, change))))


@pytest.mark.parametrize(
    "about",
    [
        {"step": "5"},
        {"epoch": -1},
        {"position": 1.5},
        {"best_loss": [1]},
        {"seconds": None},
        {"meters": {"meter": {"names": "loss", "images": 3}}},
        {"meters": {"other": {}}},
    ],
    ids=repr,
)
def test_a_position_of_other_types_is_damaged(kept, about):
    _, folder, position = kept
    file = folder / positions.RESUME_FILE
    whole = {"step": 1, "epoch": 0, "position": 1, "best_loss": None, "best_epoch": 0}
    whole |= {"judged_by": "", "seconds": 0.0, "meters": {}}
    save_file(dict(position.arrays), file, {"position": json.dumps(whole)})
    assert read_training_state(folder).step == 1
    save_file(dict(position.arrays), file, {"position": json.dumps(whole | about)})
    with pytest.raises(RunError, match="is damaged"):
        read_training_state(folder)


def test_a_position_is_written_whole_or_not_at_all(kept, monkeypatch):
    recipe, folder, position = kept
    before = (folder / positions.RESUME_FILE).read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(RunError, match="No space left"):
        write_training_state(folder, replace(position, step=99))
    assert (folder / positions.RESUME_FILE).read_bytes() == before
    assert [file.name for file in folder.iterdir()] == [positions.RESUME_FILE]
    assert sorted_by_type(fit(recipe, resume=read_training_state(folder)))[Step][0].step == 6


def test_every_array_comes_back_in_its_shape(kept):
    """Also the scalars, such as an optimizer's count of steps."""
    recipe, folder, position = kept
    original = stopped(recipe, folder, at(5))[0]
    with closing(fit(recipe, resume=position, keep=(again := []).append)) as events:
        for event in events:
            if isinstance(event, Step):
                break
    shapes = [
        {name: value.shape for name, value in each.arrays.items() if name not in METERS}
        for each in (position, original, again[-1].position)
    ]
    assert shapes[0] == shapes[1] == shapes[2]
    assert position.arrays["optimizer.0.step"].shape == ()
