"""Running: what a panel can ask to do with training, queued runs, and runs of the past."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot

from latentlab.learning.steering import STEERABLE
from latentlab.session.export import ReadRecipe, SaveCurves
from latentlab.session.model import Adopt, Open
from latentlab.session.recipes import changed
from latentlab.session.runs import (
    Compare,
    Compared,
    Discard,
    Discarded,
    ListLibrary,
    ReadMoment,
    Rename,
    Restore,
    Restored,
    Run,
    RunLog,
    TrainingJob,
    Trash,
)
from latentlab.workers.intents.map import Viewing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PySide6.QtCore import QObject

    from latentlab.learning.events import EpochPreview
    from latentlab.session.runs import Remedy
    from latentlab.workers.job import Outcome
    from latentlab.workers.lane import Lane
    from latentlab.workers.training import Training

MODEST = 0.1
"""Share of the lane's time for what follows by itself while a run trains on the same cores."""
PAST = ("curves", "changes", "latents", "moments", "portrait", "findings")


class Running(Viewing):
    """Takes the intents of training.

    Parameters
    ----------
    lane : Lane
        Answers requests.
    training : Training
        Runs training.
    """

    def __init__(self, lane: Lane, training: Training, parent: QObject | None = None) -> None:
        super().__init__(lane, parent)
        self._training = training
        self._previous: Path | None = None
        self._wanted: Path | None = None
        self._discarded: set[Path | None] = set()
        self._resumed = False
        self._latest: EpochPreview | None = None
        training.progressed.connect(self._on_progress)
        training.adoptable.connect(self._on_adoptable)
        training.refused.connect(self._on_refused)
        training.ended.connect(self._on_training_ended)

    # The run under way

    def set_draft(self, draft: Mapping[str, Any], problem: str = "") -> None:
        """Change what would be trained, or say why it cannot be."""
        self._set(draft=draft, draft_problem=problem)

    def _is_ready(self) -> bool:
        """Say whether the draft can be trained; refuse where it is not what was typed."""
        if self.state.draft_problem:
            self.refuse(f"{self.state.draft_problem}.", "Correct it in the form, then train.")
        return not self.state.draft_problem

    def start_training(self) -> None:
        """Begin a run of the draft, unless one is under way."""
        if self._training.running:
            self.refuse(
                "A run is already under way.", "Stop it first, let it finish, or add to the queue."
            )
            return
        if self._is_ready():
            self._begin(TrainingJob(self.state.draft or {}))

    def _begin(self, order: TrainingJob) -> None:
        model = self.state.model
        opening = self._wanted if Open in self.state.awaited else None
        before = opening or (model.source if model else None)
        if before not in self._discarded:
            self._previous = before
        self._resumed = order.folder is not None
        self._set(following=True, failure=None, moment=None)
        self._training.start(order)

    def pause_training(self) -> None:
        """Let the run rest; it goes on where it was."""
        self._training.pause()

    def continue_training(self) -> None:
        """Go on after a pause."""
        self._training.go_on()

    def stop_training(self) -> None:
        """End the run and keep what was learned."""
        self._training.stop(discard=False)

    def cancel_training(self) -> None:
        """End the run and discard it, unless it goes on with one that was there before."""
        self._training.stop(discard=True)

    def steer(self, key: str, value: float) -> None:
        """Change beta, the learning rate or another number of the run under way."""
        self._training.steer(key, value)

    def train_more(self, epochs: int) -> None:
        """Give the run under way more epochs, or else the open one."""
        run, model = self.state.run, self.state.model
        if run:
            self.steer("training.epochs", run.epochs + epochs)
        elif model and model.source:
            self.resume_run(model.source, model.epoch + epochs)

    def resume_run(self, path: Path, epochs: int | None = None) -> None:
        """Go on with an earlier run exactly where it stood, to so many epochs in all."""
        if self._training.running:
            self.refuse("A run is already under way.", "Stop it first, or let it finish.")
            return
        self._begin(TrainingJob(folder=path, epochs=epochs))

    def watch_run(self) -> None:
        """Show the model under training again."""
        self._set(following=True, moment=None, **shown(self._training.past))
        # Weights that came meanwhile were of no use to anybody.
        self._training.look_again()

    def set_rhythm(self, seconds: float) -> None:
        """Choose how often the pictures of a model under training are made anew."""
        self._training.set_rhythm(seconds)
        self._set(rhythm=seconds)

    def apply_remedy(self, remedy: Remedy) -> None:
        """Try something: on the run under way where that can be, else on the draft."""
        steerable = all(key.startswith(STEERABLE) for key, _ in remedy.changes)
        numbers = all(isinstance(value, int | float) for _, value in remedy.changes)
        if self.state.run and self.state.following and steerable and numbers:
            for key, value in remedy.changes:
                self.steer(key, value)
            return
        model = self.state.model
        draft = dict(self._training.recipe or (model.recipe if model else self.state.draft or {}))
        for key, value in remedy.changes:
            draft = changed(draft, key, value)
        self._set(draft=draft)
        self.say("The recipe beside was changed: train it to see.")

    # The queue

    def enqueue(self) -> None:
        """Train the draft after the runs that are under way or waiting."""
        if self._is_ready():
            self._wait_in_line(self.state.draft or {})

    def unqueue(self, index: int) -> None:
        """Take a waiting recipe out of the queue."""
        waiting = list(self.state.queue)
        draft = waiting.pop(index)
        self._set(queue=tuple(waiting))
        self.say("Taken out of the queue", partial(self._wait_in_line, draft, index))

    def sweep(self, key: str, values: tuple[Any, ...]) -> None:
        """Train the draft once with each value of one key."""
        for value in values if self._is_ready() else ():
            self._wait_in_line(changed(self.state.draft or {}, key, value))

    def _wait_in_line(self, draft: Mapping[str, Any], index: int | None = None) -> None:
        waiting = list(self.state.queue)
        waiting.insert(len(waiting) if index is None else index, draft)
        self._set(queue=tuple(waiting))
        self._next()

    def _next(self) -> None:
        if self.state.queue and not self._training.running:
            first, *others = self.state.queue
            self._set(queue=tuple(others))
            self._begin(TrainingJob(first))

    # Runs of the past

    def open(self, path: Path) -> None:
        """Open a run or a checkpoint."""
        self._set(opening=path.name, following=False, failure=None)
        self._replace_model(path)

    def duplicate_run(self, path: Path) -> None:
        """Make a run's recipe the draft."""
        self.ask(ReadRecipe(path))

    def rename_run(self, path: Path, name: str) -> None:
        """Call a run something else."""
        self.ask(Rename(path, name))

    def delete_run(self, path: Path) -> None:
        """Move a run to the trash."""
        run = self._training.folder
        if run and path.resolve() == run.resolve():
            self.refuse("This run is under way.", "Cancel it, and it is thrown away.")
            return
        self.ask(Trash(path))

    def restore_run(self, place: Path) -> None:
        """Bring a discarded run back."""
        self.ask(Restore(place))

    def _on_discarded(self, run: Discarded) -> None:
        self.ask(ListLibrary())
        self.say(f"Discarded {run.name}", partial(self.restore_run, run.folder))

    def _on_restored(self, run: Restored) -> None:
        self._discarded -= {run.folder}
        self.ask(ListLibrary())
        self.say(f"Restored {run.name}")
        if self.state.run is None:
            self._replace_model(run.folder)

    def compare(self, paths: tuple[Path, ...]) -> None:
        """Draw the curves of runs side by side; of none or one to stop that."""
        if len(paths) < 2:
            self.withdraw(Compare)
            self._set(compared=())
        else:
            self.ask(Compare(paths))

    def export_curves(self, path: Path) -> None:
        """Save the curves that are drawn, as a picture or as CSV."""
        self.dismiss_failure()
        model = self.state.model
        own = Compared(model.name if model else "run", path, self.state.curves)
        self.ask(SaveCurves(self.state.compared or (own,), path))

    def show_moment(self, epoch: int | None) -> None:
        """Look back at how the run looked at the end of an epoch; None for the latest."""
        if epoch is None:
            self.withdraw(ReadMoment)
            latest = self._training.past.portrait if self.state.run else self._latest
            self._set(moment=None, portrait=latest)
            return
        if folder := self._shown_run():
            self.ask(ReadMoment(folder, epoch))

    def _shown_run(self) -> Path | None:
        """Return the folder of the run whose curves are shown."""
        folder = self._training.folder if self.state.run and self.state.following else None
        return folder or (self.state.model.source if self.state.model else None)

    def _on_renamed(self, folder: Path, name: str) -> None:
        model = self.state.model
        if model and model.source == folder.resolve():
            self._set(model=replace(model, name=name))
        self.ask(ListLibrary())

    def _on_trashed(self, folder: Path) -> None:
        """Say so; where it was the open run, open the next one of the library that is there."""
        names = {entry.path: entry.name for entry in self.state.library}
        listed = list(names)
        place = listed.index(folder) if folder in names else 0
        others = (*listed[place + 1 :], *reversed(listed[:place]))
        model = self.state.model
        beside = next((path for path in others if path.is_dir()), None)
        is_open = {folder, folder.resolve()} & {self._wanted, model.source if model else None}
        if is_open and beside:
            self.open(beside)
        self.ask(ListLibrary())
        self.say(f"{names.get(folder, folder.name)} was moved to the trash")

    # What training tells

    @Slot(object)
    def _on_progress(self, run: Run) -> None:
        self._share_cores(with_run=run.device == "CPU" and run.phase != "paused")
        past = self._training.past
        # Until the run has curves of its own, those of the model before stay.
        live = shown(past) if self.state.following and past.curves else {}
        if self.state.moment is not None:
            live.pop("portrait", None)
        self._set(**live, run=run)

    def _share_cores(self, *, with_run: bool) -> None:
        self._lane.leave_time(MODEST if with_run else 1.0)
        self._demand.set_busy(with_run)

    @Slot(object)
    def _on_adoptable(self, request: Adopt) -> None:
        if self.state.following:
            # Not by demand: under a hand that never rests the map learns of the model as well.
            self._submit(request)

    @Slot(str)
    def _on_refused(self, problem: str) -> None:
        self.refuse(problem)

    @Slot(object, object, bool)
    def _on_training_ended(self, outcome: Outcome, folder: Path | None, discard: bool) -> None:
        self._share_cores(with_run=False)
        self._set(run=None, failure=outcome.failure)
        if discard and self._resumed:
            discard = False
            self.say("This run was there before and was kept: delete it in the library.")
        if discard and folder:
            self._discarded |= {folder}
            self.ask(Discard(folder))
        after = self._previous if discard else folder
        if self.state.following and after and not self.state.queue:
            self._replace_model(after)
        self._set(following=False)
        self.ask(ListLibrary())
        self._next()
        # The next one begins without a failure, but this one's is yet to be read.
        self._set(failure=outcome.failure)

    def _replace_model(self, path: Path) -> None:
        # Answered later, weights still waiting would take the opened model's place.
        self.withdraw(Adopt)
        self._wanted = path
        self.ask(Open(path))


def shown(past: RunLog) -> dict[str, Any]:
    """Return the fields of the state that show what a run tells of itself."""
    return {name: getattr(past, name) for name in PAST}
