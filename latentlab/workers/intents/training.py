"""Actions on training: the current run, the draft of the next, and the queue."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from latentlab.learning.steering import STEERABLE_PREFIXES
from latentlab.session.cores import MAX_TOGETHER, core_count, runs_at_once, together_key
from latentlab.session.export import DescribeForm, ReadRecipe
from latentlab.session.failure import without_changed
from latentlab.session.form import field_titles
from latentlab.session.library.entries import Discard
from latentlab.session.model import Adopt, Open
from latentlab.session.recipes import has_same_images, repetitions, value_of, with_value
from latentlab.session.runs import Draft, TrainingJob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.learning.events import Precision
    from latentlab.session.diagnosis.finding import Remedy
    from latentlab.session.runs import Run, TrainingStatus
    from latentlab.session.undo.snapshot import Snapshot
    from latentlab.workers.beside import RunsBeside
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.runs import RunIntents
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.intents.workspace import WorkspaceIntents
    from latentlab.workers.job import Outcome
    from latentlab.workers.lane import Lane
    from latentlab.workers.store import Store
    from latentlab.workers.training import Training

MODEST_TIME_FRACTION = 0.1
"""Fraction of the lane's time for modest requests while a run trains on the same cores."""

REFRESH = "refresh of images"
"""Name of the time between two updates in undo."""


class TrainingIntents:
    """Actions on training.

    Parameters
    ----------
    store, demand : Store, Demand
        Those of the controller.
    lane : Lane
        Yields time to a run on the same cores.
    training : Training
        Runs training.
    beside : RunsBeside
        Runs what is queued on the cores that the current run leaves.
    runs : RunIntents
        Opens the trained model.
    workspaces : WorkspaceIntents
        Shows the workspace Train when a run starts.
    undo : Undo
        Records the draft.
    """

    def __init__(
        self,
        store: Store,
        demand: Demand,
        lane: Lane,
        training: Training,
        beside: RunsBeside,
        runs: RunIntents,
        workspaces: WorkspaceIntents,
        undo: Undo,
    ) -> None:
        self._store, self._demand, self._lane = store, demand, lane
        self._workspaces, self._undo = workspaces, undo
        self._training, self._beside, self._runs = training, beside, runs
        self._at_once = 1
        self._together, self._is_on_gpu = "", False
        self._previous: Path | None = None
        self._resumed = False
        demand.on(ReadRecipe, self._on_recipe)
        undo.register(REFRESH, lambda: store.state.training.rhythm, self._set_rhythm)

    # The draft

    def set_draft(
        self, values: Mapping[str, Any], problem: str = "", *, is_edit: bool = True
    ) -> None:
        """Set the draft recipe and the reason why it cannot be trained, if any.

        Problems of values that have changed are removed from the error message.

        Parameters
        ----------
        values : mapping
            The recipe.
        problem : str
            Why it cannot be trained; empty if it can.
        is_edit : bool
            Whether the user changed it; False if the form has completed a draft by its defaults.
        """
        state, recorded = self._store.state, self._undo.current.draft
        before = values if state.draft.values is None else state.draft.values
        failure = without_changed(state.failure, before, values)
        self._store.set(draft=Draft(values, problem), failure=failure)
        if is_edit:
            self._undo.remember(merges=True)
        elif recorded is None:
            self._undo.amend(partial(_with_draft, values=values))
        elif recorded == state.draft.values:
            self._undo.amend_current(draft=values)

    def use_recipe(self, values: Mapping[str, Any], title: str) -> None:
        """Replace the draft; the message offers to undo it."""
        before = self._store.state.draft
        self._store.set(draft=Draft(values))
        self._undo.remember()
        restore = partial(self._restore, before)
        self._store.say(f"The form shows {title}", restore, replaces=True)

    def _restore(self, draft: Draft) -> None:
        self._store.set(draft=draft)
        self._undo.remember()

    def use_data(self, data: Mapping[str, Any], title: str) -> None:
        """Set the data set of the draft, and show the form; the message offers to undo it."""
        self.use_recipe({**(self._store.state.draft.values or {}), "data": dict(data)}, title)
        self._workspaces.offer("train")

    def _on_recipe(self, _: ReadRecipe, values: Mapping[str, Any]) -> None:
        self._store.set(draft=replace(self._store.state.draft, values=values))
        self._undo.remember()
        self._workspaces.offer("train")

    def _is_ready(self) -> bool:
        """Return whether the draft can be trained; show its problem if not."""
        problem = self._store.state.draft.problem
        if problem:
            self._store.refuse(f"{problem}.", "Correct it in the form, then start training.")
        return not problem

    # The current run

    def start(self) -> None:
        """Start a run of the draft, unless another is in progress."""
        if self._training.running:
            self._store.refuse(
                "A run is already in training.",
                "Stop it, wait for its end, or add the new run to the queue.",
            )
        elif self._is_ready():
            first, *others = repetitions(self._store.state.draft.values or {})
            self._set(queue=(*self._store.state.training.queue, *others))
            self._begin_new(first)

    def resume(self, path: Path, epochs: int | None = None) -> None:
        """Resume an earlier run from its saved state, up to a total of `epochs` if given."""
        if self._training.running:
            self._store.refuse("A run is already in training.", "Stop it, or wait for its end.")
            return
        self._begin(TrainingJob(folder=path, epochs=epochs))

    def _begin_new(self, values: Mapping[str, Any], precision: Precision | None = None) -> None:
        """Start a run of a recipe, with its share of the cores if others are queued."""
        training = self._store.state.training
        at_once = runs_at_once(1 + len(training.queue) + len(training.beside), core_count())
        key = together_key(values)
        others = (*training.queue, *(run.recipe for run in training.beside))
        together = key if any(together_key(each) == key for each in others) else ""
        job = TrainingJob(values, threads=_share(at_once), precision=precision, together=together)
        self._begin(job, at_once)

    def _begin(self, job: TrainingJob, at_once: int = 1) -> None:
        state = self._store.state
        self._at_once, self._together = at_once, job.together
        opening = self._runs.wanted if Open in state.awaited else None
        before = opening or (state.model.source if state.model else None)
        if before not in self._runs.discarded:
            self._previous = before
        self._resumed = job.folder is not None
        self._store.set(training=replace(state.training, following=True), failure=None, moment=None)
        self._workspaces.offer("train")
        self._training.start(job)

    def pause(self) -> None:
        """Pause the run."""
        self._training.pause()

    def go_on(self) -> None:
        """Resume the run after a pause."""
        self._training.go_on()

    def stop(self) -> None:
        """Stop and keep the run."""
        self._training.stop(discard=False)

    def cancel(self) -> None:
        """Stop and discard the run, unless it continues an existing run."""
        self._training.stop(discard=True)

    def steer(self, key: str, value: float) -> None:
        """Change beta, the learning rate or another value of the current run.

        The message offers the value before, which then holds from that step on.
        """
        state = self._store.state
        before = value_of(state.training.run.recipe if state.training.run else {}, key)
        self._training.steer(key, value)
        if isinstance(before, int | float) and before != value:
            title = field_titles(state.answer(DescribeForm) or ()).get(key, key)
            undo = partial(self._training.steer, key, before)
            self._store.say(f"{title} of the run: {before:g} → {value:g}", undo)

    def train_more(self, epochs: int) -> None:
        """Add epochs to the current run, or resume the open one with more epochs."""
        run, model = self._store.state.training.run, self._store.state.model
        if run:
            self.steer("training.epochs", run.epochs + epochs)
        elif model and model.source:
            self.resume(model.source, model.epoch + epochs)

    def watch(self) -> None:
        """Show the model under training again."""
        self._set(following=True)
        self._store.set(moment=None, log=self._training.past)
        # Weights that arrived while another model was shown were dropped.
        self._training.look_again()

    def set_rhythm(self, seconds: float) -> None:
        """Set the seconds between two updates of the model under training."""
        self._set_rhythm(seconds)
        self._undo.remember_choice(REFRESH)

    def _set_rhythm(self, seconds: float) -> None:
        self._training.set_rhythm(seconds)
        self._set(rhythm=seconds)

    def apply_remedy(self, remedy: Remedy) -> None:
        """Apply a remedy to the current run if all its values can be steered, else to the draft."""
        state = self._store.state
        steerable = all(key.startswith(STEERABLE_PREFIXES) for key, _ in remedy.changes)
        numeric = all(isinstance(value, int | float) for _, value in remedy.changes)
        if state.training.run and state.training.following and steerable and numeric:
            for key, value in remedy.changes:
                self.steer(key, value)
            return
        recipe = state.model.recipe if state.model else state.draft.values or {}
        values = dict(self._training.recipe or recipe)
        self._workspaces.offer("train")
        for key, value in remedy.changes:
            values = with_value(values, key, value)
        self._store.set(draft=replace(state.draft, values=values))
        self._undo.remember()
        self._store.say("The recipe in the form was changed. Train to see the effect.")

    # The queue

    def enqueue(self) -> None:
        """Add the draft to the queue."""
        self.sweep("", (None,))

    def unqueue(self, index: int) -> None:
        """Remove a recipe from the queue."""
        queue = list(self._store.state.training.queue)
        values = queue.pop(index)
        self._set(queue=tuple(queue))
        self._store.say("Removed from the queue", partial(self._enqueue, values, index))

    def sweep(self, key: str, values: tuple[Any, ...]) -> None:
        """Add the draft to the queue once for each value of a key, and for each of its seeds."""
        draft = self._store.state.draft.values or {}
        queue = list(self._store.state.training.queue)
        for value in values if self._is_ready() else ():
            queue += repetitions(with_value(draft, key, value) if key else draft)
        self._set(queue=tuple(queue))
        self._next()

    def _enqueue(self, values: Mapping[str, Any], index: int | None = None) -> None:
        queue = list(self._store.state.training.queue)
        queue.insert(len(queue) if index is None else index, values)
        self._set(queue=tuple(queue))
        self._next()

    def _next(self, before: Run | None = None) -> None:
        """Start the next run of the queue, after the run `before`."""
        training = self._store.state.training
        if not training.queue or self._training.running:
            return
        first, *others = training.queue
        if self._is_on_gpu and training.beside and together_key(first) != self._together:
            return  # it would take the GPU from those that learn together
        self._set(queue=tuple(others))
        self._begin_new(first, _precision_of(before, first))

    # Runs beside the current one

    def _fill(self, run: Run | None) -> None:
        """Start queued runs beside the current one, if it was started with its share of cores.

        On a GPU, start those that can learn together with it. They compute in its precision if they
        learn from the same images.
        """
        training = self._store.state.training
        together = self._together if self._is_on_gpu else ""
        at_once = (MAX_TOGETHER if together else 1) if self._is_on_gpu else self._at_once
        room = max(0, at_once - 1 - len(training.beside))
        chosen: list[Mapping[str, Any]] = []
        left: list[Mapping[str, Any]] = []
        for values in training.queue:
            is_able = not together or together_key(values) == together
            (chosen if is_able and len(chosen) < room else left).append(values)
        if not chosen:
            return
        self._set(queue=tuple(left))
        for values in chosen:
            threads, precision = _share(self._at_once), _precision_of(run, values)
            job = TrainingJob(values, threads=threads, precision=precision, together=together)
            self._beside.start(job)

    def stop_beside(self, index: int) -> None:
        """Stop and keep a run beside the current one."""
        self._beside.stop(index)

    def show_beside(self, runs: tuple[Run, ...]) -> None:
        """Show the progress of the runs beside the current one."""
        self._set(beside=runs)
        if not self._training.running:
            self._share_cores(with_run=bool(runs))

    def end_beside(self, outcome: Outcome, folder: Path | None) -> None:
        """List a run that has ended, open it anew if it is open, and start another in its place."""
        if outcome.failure:
            self._store.set(failure=outcome.failure)
        model = self._store.state.model
        if folder and model and model.source == folder and folder.exists():
            self._runs.replace_model(folder)
        self._runs.list()
        run = self._store.state.training.run
        # What a run that loads its images will compute on is not known.
        if run is None or run.device:
            self._fill(run)
        self._next()

    # Events of training

    def show_run(self, run: Run) -> None:
        """Show the progress and the log of the run."""
        self._share_cores(with_run=run.device == "CPU" and run.phase != "paused")
        if run.device:
            self._is_on_gpu = run.device != "CPU"
            if run.device == "MPS":
                self._together = ""  # there, each run has a process of its own
            self._fill(run)
        state, log = self._store.state, self._training.past
        previous = state.training.run
        if previous and run.epoch > previous.epoch:
            self._runs.list_missing(run.folder)
        # Keep the curves of the previous model until the run has its own.
        shown = log if state.training.following and log.curves else state.log
        self._store.set(training=replace(state.training, run=run), log=shown)

    def adopt(self, request: Adopt) -> None:
        """Show the weights of the run if it is followed."""
        if self._store.state.training.following:
            # Not held by demand: the map must follow the model even during a long drag.
            self._demand.submit(request)

    def end(self, outcome: Outcome, folder: Path | None, *, discard: bool) -> None:
        """Open the trained model, or the previous one if the run is discarded or left nothing."""
        self._share_cores(with_run=bool(self._store.state.training.beside))
        ended = self._store.state.training.run
        status = replace(self._store.state.training, run=None)
        self._store.set(training=status, failure=outcome.failure)
        if discard and self._resumed:
            discard = False
            self._store.say("This run existed before and was kept. To delete it, use the Library.")
        if discard and folder:
            self._runs.discarded.add(folder)
            self._demand.ask(Discard(folder))
        # A run that diverged in its first epoch deletes its folder.
        is_lost = outcome.failure is not None and folder is not None and not folder.exists()
        target = self._previous if discard or is_lost else folder
        if status.following and target and not status.queue:
            self._runs.replace_model(target)
        self._set(following=False)
        self._runs.list()
        self._next(ended)
        # Starting the next run clears the failure of this one; show it again.
        self._store.set(failure=outcome.failure)

    def close(self) -> None:
        """Stop and keep the current run, and clear the queue."""
        self._set(queue=())
        self._training.close()
        self._beside.close()

    def _share_cores(self, *, with_run: bool) -> None:
        self._lane.leave_time(MODEST_TIME_FRACTION if with_run else 1.0)
        self._demand.set_busy(with_run)

    def _set(self, **changes: Any) -> None:
        status: TrainingStatus = replace(self._store.state.training, **changes)
        self._store.set(training=status)


def _precision_of(run: Run | None, values: Mapping[str, Any]) -> Precision | None:
    """Return the precision of a run for a queued recipe; None if it learns from other images."""
    return run.precision if run and has_same_images(run.recipe, values) else None


def _share(at_once: int) -> int | None:
    """Return the threads of each of some runs; None, for all, if there is one."""
    return core_count() // at_once if at_once > 1 else None


def _with_draft(place: Snapshot, *, values: Mapping[str, Any]) -> Snapshot:
    """Complete a snapshot from before the form was made; the others have a draft of their own."""
    return replace(place, draft=values) if place.draft is None else place
