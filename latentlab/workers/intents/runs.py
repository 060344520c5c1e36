"""Runs of the past: opened, renamed, deleted, compared, looked back at."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from latentlab.session.export import ReadRecipe, SaveCurves
from latentlab.session.model import Adopt, Open
from latentlab.session.runs import (
    Compare,
    Compared,
    Discard,
    ListLibrary,
    MovedRun,
    ReadMoment,
    Rename,
    Restore,
    Trash,
)

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.learning.events import EpochPreview
    from latentlab.workers.demand import Demand
    from latentlab.workers.store import Store
    from latentlab.workers.training import Training


class RunIntents:
    """What panels may do with the runs of the library.

    Parameters
    ----------
    store, demand : Store, Demand
        The controller's.
    training : Training
        Knows the folder of the run under way.
    """

    def __init__(self, store: Store, demand: Demand, training: Training) -> None:
        self._store, self._demand, self._training = store, demand, training
        self.wanted: Path | None = None
        """What was to be opened last."""
        self.discarded: set[Path] = set()
        self._fallback: Path | None = None
        demand.on(Discard, self._on_discarded)
        demand.on(Restore, self._on_restored)
        demand.on(Rename, self._on_renamed)
        demand.on(Trash, self._on_trashed)
        demand.on(ReadMoment, self._on_moment)

    # Opening

    def open(self, path: Path, fallback: Path | None = None) -> None:
        """Open a run or a checkpoint, or else `fallback` where that cannot be."""
        self._fallback = fallback
        training = replace(self._store.state.training, following=False)
        self._store.set(opening=path.name, training=training, failure=None)
        self.replace_model(path)

    def replace_model(self, path: Path) -> None:
        """Have another model in place of the open one."""
        # Answered later, weights still waiting would take the opened model's place.
        self._demand.withdraw(Adopt)
        self.wanted = path
        self._demand.ask(Open(path))

    def fall_back(self, _: Open) -> None:
        """Open another model where the very first could not be, so as never to stand empty."""
        if self._store.state.model is None and self._fallback:
            self._demand.ask(Open(self._fallback))
            self._fallback = None

    # The library

    def list(self) -> None:
        """Look which models there are."""
        self._demand.ask(ListLibrary())

    def duplicate(self, path: Path) -> None:
        """Make a run's recipe the draft."""
        self._demand.ask(ReadRecipe(path))

    def rename(self, path: Path, name: str) -> None:
        """Give a run another name."""
        self._demand.ask(Rename(path, name))

    def delete(self, path: Path) -> None:
        """Move a run to the trash."""
        run = self._training.folder
        if run and path.resolve() == run.resolve():
            self._store.refuse("This run is under way.", "Cancel it, and it is thrown away.")
            return
        self._demand.ask(Trash(path))

    def restore(self, place: Path) -> None:
        """Bring a discarded run back."""
        self._demand.ask(Restore(place))

    def _on_discarded(self, _: Discard, run: MovedRun) -> None:
        self.list()
        self._store.say(f"Discarded {run.name}", partial(self.restore, run.folder))

    def _on_restored(self, _: Restore, run: MovedRun) -> None:
        self.discarded.discard(run.folder)
        self.list()
        self._store.say(f"Restored {run.name}")
        if not self._store.state.is_training:
            self.replace_model(run.folder)

    def _on_renamed(self, request: Rename, name: str) -> None:
        model = self._store.state.model
        if model and model.source == request.folder.resolve():
            self._store.set(model=replace(model, name=name))
        self.list()

    def _on_trashed(self, request: Trash, _: None) -> None:
        """Say so; where it was the open run, open the next one of the library that is there."""
        folder, state = request.folder, self._store.state
        names = {entry.path: entry.name for entry in state.answer(ListLibrary) or ()}
        listed = list(names)
        place = listed.index(folder) if folder in names else 0
        others = (*listed[place + 1 :], *reversed(listed[:place]))
        beside = next((path for path in others if path.is_dir()), None)
        open_now = {self.wanted, state.model.source if state.model else None}
        if {folder, folder.resolve()} & open_now and beside:
            self.open(beside)
        self.list()
        self._store.say(f"{names.get(folder, folder.name)} was moved to the trash")

    # Curves and moments

    def compare(self, paths: tuple[Path, ...]) -> None:
        """Draw the curves of runs side by side; of none or one to stop that."""
        if len(paths) < 2:
            self._demand.withdraw(Compare)
            self._store.put(Compare, None)
        else:
            self._demand.ask(Compare(paths))

    def export_curves(self, path: Path) -> None:
        """Save the curves that are drawn, as a picture or as CSV."""
        self._store.dismiss_failure()
        state = self._store.state
        own = Compared(state.model.name if state.model else "run", path, state.log.curves)
        self._demand.ask(SaveCurves(state.answer(Compare) or (own,), path))

    def show_moment(self, epoch: int | None) -> None:
        """Look back at how the run looked at the end of an epoch; None for the latest."""
        if epoch is None:
            self._demand.withdraw(ReadMoment)
            self._store.set(moment=None)
        elif folder := self._shown():
            self._demand.ask(ReadMoment(folder, epoch))

    def _on_moment(self, request: ReadMoment, portrait: EpochPreview) -> None:
        if request.folder == self._shown():
            answers = {**self._store.state.answers, ReadMoment: portrait}
            self._store.set(answers=answers, moment=request.epoch)

    def _shown(self) -> Path | None:
        """Return the folder of the run whose curves are shown."""
        state = self._store.state
        under_way = state.is_training and state.training.following
        folder = self._training.folder if under_way else None
        return folder or (state.model.source if state.model else None)
