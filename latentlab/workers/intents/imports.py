"""Actions on models of other programs: inspect, correct, import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.directories import MODEL_SUFFIXES
from latentlab.session.codes import is_code_file
from latentlab.session.import_.dataset import FindDataset
from latentlab.session.import_.model import ImportForeign, InspectForeign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.session.import_.dataset import FoundDataset
    from latentlab.session.import_.model import ForeignModel
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.codes import CodeIntents
    from latentlab.workers.intents.own_image import OwnImageIntents
    from latentlab.workers.intents.runs import RunIntents
    from latentlab.workers.intents.training import TrainingIntents
    from latentlab.workers.store import Store


class ImportIntents:
    """Actions on files of other programs.

    Parameters
    ----------
    store, demand : Store, Demand
        Those of the controller.
    runs : RunIntents
        Opens the run folder that an import writes.
    own_image, codes : OwnImageIntents, CodeIntents
        Open files that are neither a model nor a data set.
    training : TrainingIntents
        Takes data sets.
    """

    def __init__(
        self,
        store: Store,
        demand: Demand,
        runs: RunIntents,
        own_image: OwnImageIntents,
        codes: CodeIntents,
        training: TrainingIntents,
    ) -> None:
        self._store, self._demand, self._runs = store, demand, runs
        self._own_image, self._codes, self._training = own_image, codes, training
        demand.on(InspectForeign, self._on_inspected)
        demand.on(ImportForeign, self._on_imported)
        demand.on(FindDataset, self._on_dataset)

    def inspect(self, path: Path, choices: Mapping[str, str] | None = None) -> None:
        """Find out how a file is understood, given the values that a person chose."""
        if not choices:
            self._store.set(opening=path.name)
        self._demand.ask(InspectForeign(path, dict(choices or {})))

    def accept(self, path: Path, choices: Mapping[str, str]) -> None:
        """Convert a file into a run folder, and open that."""
        self.forget()
        self._store.set(opening=path.name)
        self._demand.ask(ImportForeign(path, dict(choices)))

    def forget(self) -> None:
        """Cancel the inspection, and remove its result."""
        self._demand.withdraw(InspectForeign)
        self._store.put(InspectForeign, None)
        self._store.set(opening="")

    def _on_inspected(self, request: InspectForeign, found: ForeignModel | None) -> None:
        self._store.set(opening="")
        if found is not None:
            self._store.put(InspectForeign, found)
        else:
            self.find_dataset(request.path)

    def find_dataset(self, path: Path) -> None:
        """Show a data set in the training form; other files are opened as codes or images."""
        self._demand.ask(FindDataset(path))

    def _on_dataset(self, request: FindDataset, found: FoundDataset | None) -> None:
        path = request.path
        if found is not None:
            self._training.use_data(found.values, f"{path.name}: {found.title}")
        elif is_code_file(path):
            self._codes.open(path)
        elif path.is_dir() or path.suffix.lower() in MODEL_SUFFIXES:
            self._runs.open(path)
        else:
            self._own_image.open(path)

    def _on_imported(self, _: ImportForeign, folder: Path) -> None:
        self._runs.list()
        self._runs.open(folder)
