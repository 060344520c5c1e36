"""Runs that learn together in one process, as on a GPU: each is recorded as if it were alone."""

import time
from multiprocessing import Pipe
from threading import Thread

import numpy as np
import psutil
import pytest
import torch
from training_support import recipe_of

from latentlab.learning.checkpoint import load_model
from latentlab.learning.events import EpochEnd, Snapshot, Started, Step
from latentlab.learning.fast import stack as stacks
from latentlab.learning.steering import Controls
from latentlab.learning.training_state import read_training_state
from latentlab.runs import side_by_side, training_process
from latentlab.runs.recorder import record
from latentlab.runs.side_by_side import SideBySide, divide_cores
from latentlab.runs.training_child import FINISHED, START, TAKEN, ServedRun, Server
from latentlab.runs.training_process import train
from latentlab.session.cores import MAX_TOGETHER, together_key
from latentlab.session.curves.curves import last_losses
from latentlab.session.failure import RemoteFailure
from latentlab.session.runs import TrainingJob

BETAS = (0.5, 2.0, 4.0)


@pytest.fixture(autouse=True)
def together(own_place, monkeypatch):
    """Let runs learn together on the CPU too; keep them in a folder of the test's own."""
    monkeypatch.setattr(training_process, "learns_together", lambda job: bool(job.together))


def jobs_of(folder, **training):
    """Return the jobs of a sweep over beta."""
    recipes = [
        recipe_of(objective={"beta": beta}, seed=i, **training) for i, beta in enumerate(BETAS)
    ]
    keys = [together_key(recipe.to_dict()) for recipe in recipes]
    assert len(set(keys)) == 1
    return [
        TrainingJob(recipe.to_dict(), into=folder / str(i), threads=1, together=keys[0])
        for i, recipe in enumerate(recipes)
    ]


def begun(job, controls=None):
    """Start a run; return its events, and the process of it."""
    events = train(job, controls or Controls())
    next(event for event in events if isinstance(event, Started))
    return events, psutil.Process(events.gi_frame.f_locals["process"].pid)


def test_a_sweep_is_trained_in_one_process_as_each_run_is_alone(tmp_path):
    jobs = jobs_of(tmp_path / "together", epochs=2)
    runs, processes = SideBySide(jobs, 3), set()
    for _, event in runs.events():
        if isinstance(event, Step):
            processes |= {each.process.pid for each in training_process._shared}
    assert len(processes) == 1
    assert training_process._shared == []
    for i, job in enumerate(jobs):
        assert (runs.ended[i].outcome, runs.ended[i].folder) == ("finished", job.into)
        alone = tmp_path / f"alone-{i}"
        for _ in record(recipe_of(epochs=2, seed=i, objective={"beta": BETAS[i]}), alone):
            pass
        one, other = (read_training_state(each).arrays for each in (alone, job.into))
        assert all(np.allclose(one[name], other[name], 1e-4, 1e-4) for name in one)
        for part, losses in last_losses(alone).items():
            assert last_losses(job.into)[part] == pytest.approx(losses, rel=1e-4)
        assert {each.name for each in alone.iterdir()} == {each.name for each in job.into.iterdir()}


def test_one_is_stopped_alone_and_what_it_learned_is_kept(tmp_path):
    jobs = jobs_of(tmp_path, epochs=100_000)
    (first, process), *others = [begun(job) for job in jobs]
    assert {each.pid for _, each in others} == {process.pid}
    next(event for event in first if isinstance(event, Step))
    first.close()
    assert load_model(jobs[0].into)[1].step > 0
    for events, _ in others:
        assert isinstance(next(each for each in events if isinstance(each, EpochEnd)), EpochEnd)
        events.close()
    process.wait(20)


def test_one_that_is_paused_does_not_hold_the_others_for_long(tmp_path):
    paused, *jobs = jobs_of(tmp_path, epochs=3)
    held, _ = begun(paused)
    for events in [train(job, Controls()) for job in jobs]:
        thread = Thread(target=list, args=(events,))
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
    assert load_model(jobs[0].into)[1].epoch == 3
    assert [event.epoch for event in held if isinstance(event, EpochEnd)] == [1, 2, 3]


class Parent:
    """The other end of a pipe: starts a run, and takes one event after the other.

    A paused one keeps its last event, for which the run then waits.
    """

    def __init__(self, pipe, job, snapshot_every=None):
        self._pipe, self.events, self.is_paused, self._has_event = pipe, [], False, False
        pipe.send((START, job, snapshot_every, False))

    def take(self):
        """Take the next event, if it has arrived; return whether the run has ended."""
        if self.is_paused:
            return False
        if self._has_event:
            self._has_event = False
            self._pipe.send((TAKEN,))
        if not self._pipe.poll():
            return False
        self.events.append(self._pipe.recv())
        self._has_event = self.events[-1] != FINISHED
        if not self._has_event:
            self.close()
        return not self._has_event

    def close(self):
        self._pipe.close()


@pytest.fixture
def served(monkeypatch):
    """Serve some runs in a thread; count the stacks that were made."""
    made = []

    class Counted(stacks.StackedStep):
        def __init__(self, members):
            made.append(len(members))
            super().__init__(members)

    monkeypatch.setattr(stacks, "StackedStep", Counted)
    started = []

    def serve(jobs, snapshots):
        ends = [Pipe() for _ in jobs]
        parents = [
            Parent(ours, job, every)
            for (ours, _), job, every in zip(ends, jobs, snapshots, strict=True)
        ]
        stack = stacks.Stack()
        server = Server([ServedRun(theirs, stack) for _, theirs in ends], stack)
        started.append((parents, Thread(target=server.run, daemon=True)))
        started[-1][1].start()
        return parents, made

    yield serve
    for parents, thread in started:
        for parent in parents:
            parent.close()
        thread.join(60)


def until(parents, condition, seconds=60):
    """Take events until a condition holds; return the parents whose runs have not ended."""
    live, end = list(parents), time.monotonic() + seconds
    while not condition() and live:
        assert time.monotonic() < end
        live = [parent for parent in live if not parent.take()]
        time.sleep(0.001)
    return live


def test_runs_keep_step_though_one_shows_its_weights(tmp_path, served):
    """Snapshots, previews and losses come at other times in each run."""
    parents, made = served(jobs_of(tmp_path, epochs=8), [0.02, None, None])
    assert until(parents, lambda: False) == []
    assert made == [3], "a run that yields more events than the others has left the stack"
    assert sum(isinstance(event, Snapshot) for event in parents[0].events) > 3


def test_one_that_is_paused_before_a_large_event_holds_nobody(tmp_path, served):
    jobs = jobs_of(tmp_path, epochs=100_000, hidden=(512, 512))
    parents, made = served(jobs, [0.01, None, None])
    first, *others = parents
    until(parents, lambda: any(isinstance(event, Snapshot) for event in first.events))
    first.is_paused = True
    before = [len(other.events) for other in others]
    until(parents, lambda: all(len(o.events) > n + 8 for o, n in zip(others, before, strict=True)))
    assert made == [3, 2]
    first.is_paused = False
    more = len(first.events) + 8
    until(parents, lambda: len(first.events) > more)
    assert made == [3, 2, 3]


def test_a_place_is_taken_again_after_a_run_has_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(training_process, "MAX_TOGETHER", 2)
    held, process = begun(jobs_of(tmp_path / "held", epochs=100_000)[0])
    for i in range(3):
        events, other = begun(jobs_of(tmp_path / str(i), epochs=1)[1])
        assert other.pid == process.pid
        assert [event.epoch for event in events if isinstance(event, EpochEnd)] == [1]
    held.close()


def test_one_that_fails_fails_alone(tmp_path):
    good, bad, _ = jobs_of(tmp_path, epochs=2)
    recipe = {**bad.recipe, "model": {"kind": "no such"}}
    bad = TrainingJob(recipe, into=bad.into, threads=1, together=good.together)
    events, _ = begun(good)
    with pytest.raises(RemoteFailure, match="no such"):
        list(train(bad, Controls()))
    list(events)
    assert load_model(good.into)[1].epoch == 2


def test_a_process_that_is_killed_is_told_of_by_each_run(tmp_path):
    both = [begun(job) for job in jobs_of(tmp_path, epochs=100_000)[:2]]
    both[0][1].kill()
    for events, _ in both:
        with pytest.raises(RemoteFailure, match="ended unexpectedly"):
            list(events)
    assert training_process._shared == []


def test_runs_of_other_steps_have_a_process_of_their_own(tmp_path):
    one = jobs_of(tmp_path / "one", epochs=100_000)[0]
    other = jobs_of(tmp_path / "other", epochs=100_000, batch_size=200)[0]
    both = [begun(one), begun(other)]
    assert both[0][1].pid != both[1][1].pid
    for events, _ in both:
        events.close()


def test_what_learns_together_on_a_gpu(monkeypatch):
    monkeypatch.setattr(side_by_side, "pick_device", lambda name: torch.device("cuda"))
    sweep = [recipe_of(objective={"beta": beta / 10}) for beta in range(1, 21)]
    divided = divide_cores(sweep)
    assert (divided.runs, divided.reason) == (MAX_TOGETHER, "")
    assert divided.together
    assert divide_cores([recipe_of(), recipe_of("cvae")]).reason.startswith("they share a GPU")
    free = [recipe_of(objective={"free_bits": bits}) for bits in (0.5, 1.0)]
    assert divide_cores(free).reason.startswith("they share a GPU")
    # Their convolutions cannot be stacked, and all at once they would only use more memory.
    conv = {"kind": "conv-vae", "hidden": None, "width": 2, "latent_dim": 3}
    assert divide_cores([recipe_of(model=conv)] * 2).reason.startswith("they share a GPU")
    seeds = [recipe_of(seed=seed, learning_rate=rate) for seed, rate in enumerate((0.1, 0.2))]
    assert divide_cores(seeds).runs == 2
