"""The tasks of the speed record, and the clock that both competitors are measured with."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

CLASSES = 10
HELD_OUT = 1000
"""Faces that are held out: the last ones by name."""
STARTED = "SPEEDRUN_STARTED"
"""Environment variable with the time at which the process was started, as of `time.time`."""


@dataclass(frozen=True)
class Task:
    """What is to be reached.

    Parameters
    ----------
    target : float
        Test loss in nats per image; for faces the held-out mean squared error of a value of a
        pixel in [0, 1], with the posterior's mean decoded.
    sizes : tuple
        Hidden layers, latent dimensions, and classes that the network is given.
    batch : int
        Batch size of the baseline.
    """

    target: float
    sizes: tuple[tuple[int, ...], int, int] = ((), 128, 0)
    batch: int = 128

    @property
    def is_faces(self) -> bool:
        """Whether the images are faces; all others are digits."""
        return not self.sizes[0]


TASKS = {
    "cvae": Task(96.1, ((400,), 20, CLASSES)),
    "vae-16d": Task(105.0, ((256,), 16, 0)),
    "vae-2d": Task(139.3, ((512, 256), 2, 0)),
    "faces": Task(0.0094, batch=64),
}


def face_names(file: ZipFile) -> tuple[list[str], list[str]]:
    """Return the names of the training images and of those held out."""
    names = sorted(file.namelist())
    return names[:-HELD_OUT], names[-HELD_OUT:]


def seconds() -> dict[str, float]:
    """Return the seconds since the start of this process: wall clock, and CPU of all threads."""
    return {"wall": time.time() - float(os.environ[STARTED]), "cpu": time.process_time()}


def recipe_of(task: str) -> Path:
    """Return the recipe of the record."""
    return Path(__file__).parent / f"{task}.toml"
