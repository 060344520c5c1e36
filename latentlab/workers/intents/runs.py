"""Actions on runs: open, rename, delete, compare, replay."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from latentlab.session.codes import open_request
from latentlab.session.export import ReadRecipe, SaveCurves
from latentlab.session.library.entries import (
    Discard,
    ListLibrary,
    MovedRun,
    Relink,
    Rename,
    Restore,
    Trash,
)
from latentlab.session.library.notes import Annotate, Notes
from latentlab.session.model import Adopt, Open
from latentlab.session.runs import Compare, ComparedRun, ReadEpochPreview

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latentlab.learning.events import EpochPreview
    from latentlab.workers.demand import Demand
    from latentlab.workers.store import Store
    from latentlab.workers.training import Training


class RunIntents:
    """Actions on the runs of the library.

    Parameters
    ----------
    store, demand : Store, Demand
        Those of the controller.
    training : Training
        Provides the folder of the current run.
    """

    def __init__(self, store: Store, demand: Demand, training: Training) -> None:
        self._store, self._demand, self._training = store, demand, training
        self.wanted: Path | None = None
        """Path of the last open request."""
        self.discarded: set[Path] = set()
        self._fallback: Path | None = None
        self.on_open: Callable[[], None] = lambda: None
        """Callback before another model is asked for."""
        demand.on(Discard, self._on_discarded)
        demand.on(Restore, self._on_restored)
        demand.on(Rename, self._on_renamed)
        demand.on(Annotate, self._on_annotated)
        demand.on(Relink, self._on_relinked)
        demand.on(Trash, self._on_trashed)
        demand.on(ReadEpochPreview, self._on_moment)

    # Opening

    def open(self, path: Path, fallback: Path | None = None, obsm: str = "") -> None:
        """Open a run or a checkpoint, or `fallback` if it fails and no model is open.

        The run in training is followed from then on. `obsm` is the embedding of a file of codes
        that holds several.
        """
        self._fallback = fallback
        following = path == self._training.folder
        training = replace(self._store.state.training, following=following)
        self._store.set(opening=path.name, training=training, failure=None)
        self.replace_model(path, obsm)
        if following:
            # The next weights, if those that arrived meanwhile were dropped.
            self._training.look_again()

    def replace_model(self, path: Path, obsm: str = "") -> None:
        """Replace the open model."""
        self.on_open()
        # Pending weights of a run would otherwise replace the opened model.
        self._demand.withdraw(Adopt)
        self.wanted = path
        self._demand.ask(open_request(path, obsm))

    def fall_back(self, _: Open) -> None:
        """Open the fallback if the first model could not be opened."""
        if self._store.state.model is None and self._fallback:
            self._demand.ask(Open(self._fallback))
            self._fallback = None

    # The library

    def list(self) -> None:
        """Request the list of runs."""
        self._demand.ask(ListLibrary())

    def list_missing(self, path: Path | None) -> None:
        """Request the list of runs if it lacks a run and is not requested already."""
        state = self._store.state
        is_listed = any(entry.path == path for entry in state.answer(ListLibrary) or ())
        if ListLibrary not in state.awaited and not is_listed:
            self.list()

    def duplicate(self, path: Path) -> None:
        """Load the recipe of a run into the training form."""
        self._demand.ask(ReadRecipe(path))

    def rename(self, path: Path, name: str) -> None:
        """Rename a run."""
        self._demand.ask(Rename(path, name))

    def annotate(self, path: Path, notes: Notes) -> None:
        """Save the notes and tags of a run."""
        self._demand.ask(Annotate(path, notes))

    def relink(self, folder: Path, path: Path) -> None:
        """Point a run to its images, which have moved to `path`."""
        self._store.dismiss_failure()
        self._demand.ask(Relink(folder, path))

    def _on_relinked(self, request: Relink, found: str) -> None:
        self._store.say(found)
        model = self._store.state.model
        if model and model.source == request.folder.resolve():
            self.open(request.folder)

    def delete(self, path: Path) -> None:
        """Move a run to the trash."""
        run = self._training.folder
        if run and path.resolve() == run.resolve():
            self._store.refuse("This run is in training.", "Use “Cancel and discard” to delete it.")
            return
        beside = self._store.state.training.beside
        if any(each.folder and path.resolve() == each.folder.resolve() for each in beside):
            self._store.refuse("This run is in training.", "Stop it in the queue first.")
            return
        self._demand.ask(Trash(path))

    def restore(self, place: Path) -> None:
        """Restore a discarded run."""
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
        state = self._store.state
        if state.model and state.model.source == request.folder.resolve():
            self._store.set(model=replace(state.model, name=name))
        names = {entry.path: entry.name for entry in state.answer(ListLibrary) or ()}
        previous = names.get(request.folder, name)
        self.list()
        if previous != name:
            undo = partial(self.rename, request.folder, previous)
            self._store.say(f"{previous} is now called {name}", undo)

    def _on_annotated(self, request: Annotate, previous: Notes) -> None:
        self.list()
        if request.notes != previous:
            undo = partial(self.annotate, request.folder, previous)
            self._store.say("The notes were saved with the run", undo)

    def _on_trashed(self, request: Trash, _: None) -> None:
        """Show a message; if the open run was deleted, open the nearest one in the library."""
        folder, state = request.folder, self._store.state
        names = {entry.path: entry.name for entry in state.answer(ListLibrary) or ()}
        listed = list(names)
        index = listed.index(folder) if folder in names else 0
        others = (*listed[index + 1 :], *reversed(listed[:index]))
        nearest = next((path for path in others if path.is_dir()), None)
        open_now = {self.wanted, state.model.source if state.model else None}
        if {folder, folder.resolve()} & open_now and nearest:
            self.open(nearest)
        self.list()
        self._store.say(f"{names.get(folder, folder.name)} was moved to the trash")

    # Curves and epoch previews

    def compare(self, paths: tuple[Path, ...]) -> None:
        """Compare the curves of runs; fewer than two end the comparison."""
        if len(paths) < 2:
            self._demand.withdraw(Compare)
            self._store.put(Compare, None)
        else:
            self._demand.ask(Compare(paths))

    def export_curves(self, path: Path) -> None:
        """Save the shown curves as a figure or as CSV."""
        self._store.dismiss_failure()
        state = self._store.state
        own = ComparedRun(state.model.name if state.model else "run", path, state.log.curves)
        self._demand.ask(SaveCurves(state.answer(Compare) or (own,), path))

    def show_moment(self, epoch: int | None) -> None:
        """Show the preview of the run at the end of an epoch; None for the latest."""
        if epoch is None:
            self._demand.withdraw(ReadEpochPreview)
            self._store.set(moment=None)
        elif folder := self.shown_folder:
            self._demand.ask(ReadEpochPreview(folder, epoch))

    def _on_moment(self, request: ReadEpochPreview, portrait: EpochPreview) -> None:
        if request.folder == self.shown_folder:
            answers = {**self._store.state.answers, ReadEpochPreview: portrait}
            self._store.set(answers=answers, moment=request.epoch)

    @property
    def shown_folder(self) -> Path | None:
        """Folder of the run whose curves are shown."""
        state = self._store.state
        is_followed = state.is_training and state.training.following
        folder = self._training.folder if is_followed else None
        return folder or (state.model.source if state.model else None)
