"""Training in a process of its own: what crosses between it and the window."""

import pickle
import time
from multiprocessing.reduction import ForkingPickler

import numpy as np
import psutil
import pytest

from latentlab.learning.checkpoint import load_model
from latentlab.learning.events import Change, EpochEnd, Snapshot, Started, Step
from latentlab.learning.steering import Controls
from latentlab.runs.training_process import train
from latentlab.session.failure import Failure, RemoteFailure
from latentlab.session.runs import TrainingJob

TINY = {
    "model": {"kind": "vae", "hidden": [16], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"epochs": 100_000, "batch_size": 1000, "device": "cpu", "seed": 0},
}


@pytest.fixture(autouse=True)
def home(own_place):
    """Keep runs in a folder of the test's own: the process has the environment of its window."""


def brief(**training):
    return TrainingJob({**TINY, "training": {**TINY["training"], **training}})


def until(events, kind):
    return next(event for event in events if isinstance(event, kind))


def test_a_run_comes_to_its_end_and_its_data_is_the_same(own_place):
    events = list(train(brief(epochs=2), Controls()))
    (started,) = [event for event in events if isinstance(event, Started)]
    assert started.folder.parent.parent == own_place
    assert len(started.splits.train) == 4000
    assert load_model(started.folder)[1].epoch == 2
    assert [event.epoch for event in events if isinstance(event, EpochEnd)] == [1, 2]
    assert all(event.losses for event in events if isinstance(event, Step))


def test_closing_stops_within_a_moment_and_saves():
    events = train(brief(), Controls())
    folder = until(events, Started).folder
    step = until(events, Step).step
    before = time.monotonic()
    events.close()
    assert time.monotonic() - before < 5
    assert load_model(folder)[1].step >= step


def test_a_process_whose_window_has_gone_saves_and_ends():
    events = train(brief(), Controls())
    folder = until(events, Started).folder
    until(events, Step)
    local = events.gi_frame.f_locals
    local["pipe"].close()
    process = psutil.Process(local["process"].pid)
    process.wait(20)
    assert load_model(folder)[1].step > 0
    with pytest.raises(OSError, match="closed"):
        next(events)


def test_a_process_that_is_killed_is_told_of_as_such():
    events = train(brief(), Controls())
    until(events, Step)
    psutil.Process(events.gi_frame.f_locals["process"].pid).kill()
    with pytest.raises(RemoteFailure, match="ended unexpectedly") as caught:
        list(events)
    assert "Resume" in Failure.of(caught.value).advice


def test_what_goes_wrong_there_is_told_here():
    with pytest.raises(RemoteFailure) as caught:
        list(train(TrainingJob({**TINY, "model": {"kind": "vae", "latent_dim": 0}}), Controls()))
    failure = Failure.of(caught.value)
    assert dict(failure.problems)["model.latent_dim"]
    assert failure.details == ""


def test_wishes_reach_the_run_and_snapshots_come_one_at_a_time():
    controls = Controls(0.01, one_at_a_time=True)
    events = train(brief(), controls)
    until(events, Snapshot)
    controls.steer("training.learning_rate", 0.01)
    for event in events:
        assert not isinstance(event, Snapshot)
        if isinstance(event, Change):
            assert (event.key, event.value) == ("training.learning_rate", 0.01)
            break
    controls.seen()
    assert until(events, Snapshot)
    events.close()


@pytest.mark.parametrize("rows", [slice(None), slice(3, 7), slice(0, 9, 2)])
def test_mapped_images_are_sent_by_where_they_are(tmp_path, rows):
    values = np.arange(10 * 5000, dtype=np.uint16).reshape(10, 5000)
    np.save(tmp_path / "x.npy", values)
    sent = np.load(tmp_path / "x.npy", mmap_mode="r")[rows]
    packed = ForkingPickler.dumps(sent)
    np.testing.assert_array_equal(pickle.loads(packed), values[rows])
    assert (len(packed) < 1000) is sent.flags.c_contiguous
