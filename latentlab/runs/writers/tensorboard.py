"""Event files of TensorBoard, in the folder ``tensorboard`` of a run."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, override

from latentlab.runs.writers.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.learning.events import Losses

FOLDER = "tensorboard"


class RunWriter(Writer):
    """Writes each loss as a scalar, such as ``loss/validation``; the step is the epoch."""

    package: ClassVar[str] = "tensorboard"

    def __init__(self, folder: Path) -> None:
        self._event = import_module("tensorboard.compat.proto.event_pb2").Event
        self._summary = import_module("tensorboard.compat.proto.summary_pb2").Summary
        files = import_module("tensorboard.summary.writer.event_file_writer")
        self._file = files.EventFileWriter(str(folder / FOLDER))

    @override
    def write(self, epoch: float, split: str, losses: Losses) -> None:
        values = [
            self._summary.Value(tag=f"{name}/{split}", simple_value=value)
            for name, value in losses.items()
        ]
        summary = self._summary(value=values)
        self._file.add_event(self._event(wall_time=time.time(), step=round(epoch), summary=summary))

    @override
    def close(self) -> None:
        self._file.close()
