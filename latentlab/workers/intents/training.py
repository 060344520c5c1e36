"""Training: the run under way, the draft of the next, and the queue."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from latentlab.learning.steering import STEERABLE
from latentlab.session.export import ReadRecipe
from latentlab.session.model import Adopt, Open
from latentlab.session.recipes import changed
from latentlab.session.runs import Discard, Draft, TrainingJob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.session.runs import Remedy, Run, TrainingStatus
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.runs import RunIntents
    from latentlab.workers.job import Outcome
    from latentlab.workers.lane import Lane
    from latentlab.workers.store import Store
    from latentlab.workers.training import Training

MODEST = 0.1
"""Share of the lane's time for what follows by itself while a run trains on the same cores."""


class TrainingIntents:
    """What panels may do with training.

    Parameters
    ----------
    store, demand : Store, Demand
        The controller's.
    lane : Lane
        Leaves its time to a run on the same cores.
    training : Training
        Runs training.
    runs : RunIntents
        Opens what was trained.
    """

    def __init__(
        self, store: Store, demand: Demand, lane: Lane, training: Training, runs: RunIntents
    ) -> None:
        self._store, self._demand, self._lane = store, demand, lane
        self._training, self._runs = training, runs
        self._previous: Path | None = None
        self._resumed = False
        demand.on(ReadRecipe, self._on_recipe)

    # The draft

    def set_draft(self, values: Mapping[str, Any], problem: str = "") -> None:
        """Change what would be trained, or say why it cannot be."""
        self._store.set(draft=Draft(values, problem))

    def _on_recipe(self, _: ReadRecipe, values: Mapping[str, Any]) -> None:
        self._store.set(draft=replace(self._store.state.draft, values=values))

    def _is_ready(self) -> bool:
        """Say whether the draft can be trained; refuse where it is not what was typed."""
        problem = self._store.state.draft.problem
        if problem:
            self._store.refuse(f"{problem}.", "Correct it in the form, then train.")
        return not problem

    # The run under way

    def start(self) -> None:
        """Begin a run of the draft, unless one is under way."""
        if self._training.running:
            self._store.refuse(
                "A run is already under way.", "Stop it first, let it finish, or add to the queue."
            )
        elif self._is_ready():
            self._begin(TrainingJob(self._store.state.draft.values or {}))

    def resume(self, path: Path, epochs: int | None = None) -> None:
        """Go on with an earlier run exactly where it stood, to so many epochs in all."""
        if self._training.running:
            self._store.refuse("A run is already under way.", "Stop it first, or let it finish.")
            return
        self._begin(TrainingJob(folder=path, epochs=epochs))

    def _begin(self, job: TrainingJob) -> None:
        state = self._store.state
        opening = self._runs.wanted if Open in state.awaited else None
        before = opening or (state.model.source if state.model else None)
        if before not in self._runs.discarded:
            self._previous = before
        self._resumed = job.folder is not None
        self._store.set(training=replace(state.training, following=True), failure=None, moment=None)
        self._training.start(job)

    def pause(self) -> None:
        """Let the run rest; it goes on where it was."""
        self._training.pause()

    def go_on(self) -> None:
        """Go on after a pause."""
        self._training.go_on()

    def stop(self) -> None:
        """End the run and keep what was learned."""
        self._training.stop(discard=False)

    def cancel(self) -> None:
        """End the run and discard it, unless it goes on with one that was there before."""
        self._training.stop(discard=True)

    def steer(self, key: str, value: float) -> None:
        """Change beta, the learning rate or another number of the run under way."""
        self._training.steer(key, value)

    def train_more(self, epochs: int) -> None:
        """Give the run under way more epochs, or else the open one."""
        run, model = self._store.state.training.run, self._store.state.model
        if run:
            self.steer("training.epochs", run.epochs + epochs)
        elif model and model.source:
            self.resume(model.source, model.epoch + epochs)

    def watch(self) -> None:
        """Show the model under training again."""
        self._set(following=True)
        self._store.set(moment=None, log=self._training.past)
        # The weights that came while another model was shown were dropped.
        self._training.look_again()

    def set_rhythm(self, seconds: float) -> None:
        """Choose how often the pictures of a model under training are made anew."""
        self._training.set_rhythm(seconds)
        self._set(rhythm=seconds)

    def apply_remedy(self, remedy: Remedy) -> None:
        """Try something: on the run under way where that can be, else on the draft."""
        state = self._store.state
        steerable = all(key.startswith(STEERABLE) for key, _ in remedy.changes)
        numbers = all(isinstance(value, int | float) for _, value in remedy.changes)
        if state.training.run and state.training.following and steerable and numbers:
            for key, value in remedy.changes:
                self.steer(key, value)
            return
        known = state.model.recipe if state.model else state.draft.values or {}
        values = dict(self._training.recipe or known)
        for key, value in remedy.changes:
            values = changed(values, key, value)
        self._store.set(draft=replace(state.draft, values=values))
        self._store.say("The recipe beside was changed: train it to see.")

    # The queue

    def enqueue(self) -> None:
        """Train the draft after the runs that are under way or waiting."""
        if self._is_ready():
            self._wait_in_line(self._store.state.draft.values or {})

    def unqueue(self, index: int) -> None:
        """Take a waiting recipe out of the queue."""
        waiting = list(self._store.state.training.queue)
        values = waiting.pop(index)
        self._set(queue=tuple(waiting))
        self._store.say("Taken out of the queue", partial(self._wait_in_line, values, index))

    def sweep(self, key: str, values: tuple[Any, ...]) -> None:
        """Train the draft once with each value of one key."""
        for value in values if self._is_ready() else ():
            self._wait_in_line(changed(self._store.state.draft.values or {}, key, value))

    def _wait_in_line(self, values: Mapping[str, Any], index: int | None = None) -> None:
        waiting = list(self._store.state.training.queue)
        waiting.insert(len(waiting) if index is None else index, values)
        self._set(queue=tuple(waiting))
        self._next()

    def _next(self) -> None:
        queue = self._store.state.training.queue
        if queue and not self._training.running:
            first, *others = queue
            self._set(queue=tuple(others))
            self._begin(TrainingJob(first))

    # What training tells

    def show_run(self, run: Run) -> None:
        """Show how far the run is, and what it has told of itself until now."""
        self._share_cores(with_run=run.device == "CPU" and run.phase != "paused")
        state, log = self._store.state, self._training.past
        # Until the run has curves of its own, those of the model before stay.
        live = log if state.training.following and log.curves else state.log
        self._store.set(training=replace(state.training, run=run), log=live)

    def adopt(self, request: Adopt) -> None:
        """Show the weights of the run, where it is followed."""
        if self._store.state.training.following:
            # Not held back by demand: the map must follow the model even during a long drag.
            self._demand.submit(request)

    def end(self, outcome: Outcome, folder: Path | None, *, discard: bool) -> None:
        """Show what was trained, or what was open before where it is discarded."""
        self._share_cores(with_run=False)
        status = replace(self._store.state.training, run=None)
        self._store.set(training=status, failure=outcome.failure)
        if discard and self._resumed:
            discard = False
            self._store.say("This run was there before and was kept: delete it in the library.")
        if discard and folder:
            self._runs.discarded.add(folder)
            self._demand.ask(Discard(folder))
        after = self._previous if discard else folder
        if status.following and after and not status.queue:
            self._runs.replace_model(after)
        self._set(following=False)
        self._runs.list()
        self._next()
        # The next one begins without a failure, but this one's is yet to be read.
        self._store.set(failure=outcome.failure)

    def close(self) -> None:
        """End the run under way and keep it; nothing that waits begins."""
        self._set(queue=())
        self._training.close()

    def _share_cores(self, *, with_run: bool) -> None:
        self._lane.leave_time(MODEST if with_run else 1.0)
        self._demand.set_busy(with_run)

    def _set(self, **changes: Any) -> None:
        status: TrainingStatus = replace(self._store.state.training, **changes)
        self._store.set(training=status)
