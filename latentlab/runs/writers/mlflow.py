"""Runs of MLflow: in a database in the run folder, or on the server that MLflow is set to."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, override

from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError
from latentlab.runs.writers.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latentlab.learning.events import Losses

FOLDER, DATABASE, RUN_ID = "mlflow", "mlflow.db", "run_id.txt"
EXPERIMENT = "latentlab"
TRACKING_URI = "MLFLOW_TRACKING_URI"
"""Environment variable of MLflow that names a server; nothing leaves this machine without it."""


class RunWriter(Writer):
    """Writes each loss as a metric, such as ``loss/validation``; the step is the epoch.

    A run that is resumed goes on in the same run of MLflow.
    """

    package: ClassVar[str] = "mlflow"

    def __init__(self, folder: Path) -> None:
        home = (folder / FOLDER).resolve()
        self._metric = import_module("mlflow.entities").Metric
        with _told():
            home.mkdir(parents=True, exist_ok=True)
            uri = os.environ.get(TRACKING_URI) or f"sqlite:///{(home / DATABASE).as_posix()}"
            self._client = import_module("mlflow").MlflowClient(tracking_uri=uri)
            self._run = self._begin(home, folder.name)

    def _begin(self, home: Path, name: str) -> str:
        """Return the id of the run of MLflow: that of an earlier session, or a new one."""
        file = home / RUN_ID
        if file.exists():
            run = file.read_text(encoding="ascii").strip()
            self._client.update_run(run, status="RUNNING")
            return run
        found = self._client.get_experiment_by_name(EXPERIMENT)
        experiment = found.experiment_id if found else self._client.create_experiment(EXPERIMENT)
        run = str(self._client.create_run(experiment, run_name=name).info.run_id)
        write_atomically(file, run.encode())
        return run

    @override
    def write(self, epoch: float, split: str, losses: Losses) -> None:
        now, step = int(time.time() * 1000), round(epoch)
        metrics = [
            self._metric(f"{name}/{split}", value, now, step) for name, value in losses.items()
        ]
        with _told():
            self._client.log_batch(self._run, metrics=metrics)

    @override
    def close(self) -> None:
        with _told():
            self._client.set_terminated(self._run)


@contextmanager
def _told() -> Iterator[None]:
    """Raise errors of MLflow as `RunError`."""
    try:
        yield
    except RunError:
        raise
    except Exception as error:  # of MLflow, of its database, or of the network
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(
            f"MLflow cannot write: {first}",
            f"Check {TRACKING_URI}, or resume the run without this writer.",
        ) from error
