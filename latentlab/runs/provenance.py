"""What a run was made with and when: versions, machine, data; ``provenance.json`` in its folder."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, override

import numpy as np
import torch
from pydantic import Field, TypeAdapter

from latentlab import __version__
from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError, counted
from latentlab.json_files import Count, Record, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.data.fingerprint import Fingerprint

FILE = "provenance.json"
Outcome = Literal["finished", "stopped", "failed"]
Text = Annotated[str, Field(max_length=300)]


class Session(Record):
    """One session of training: a run that is resumed has several.

    Parameters
    ----------
    latentlab, torch, numpy, python : str
        Versions.
    device, precision, system : str
        Processor that trained, number format of its products, and the operating system.
    threads : int
        Number of CPU threads that torch used.
    data : str
        Hash of the fingerprint of the images, which ``data.json`` holds.
    images : str
        Number of images of each part.
    began, ended : str
        Time as ISO 8601 in UTC; `ended` is empty while training, and if it was killed.
    outcome : str
        How it ended.
    """

    latentlab: Text
    torch: Text
    numpy: Text
    python: Text
    device: Text
    precision: Text = ""
    system: Text
    threads: Count
    data: Text
    images: Text
    began: Text
    ended: Text = ""
    outcome: Literal["", "finished", "stopped", "failed"] = ""

    @override
    def __str__(self) -> str:
        threads = counted(self.threads, "thread")
        device = f"{self.device} in {self.precision}" if self.precision else self.device
        return (
            f"latentlab {self.latentlab}, torch {self.torch}, numpy {self.numpy}, Python "
            f"{self.python}; {device}, {threads}; {self.system}; {self.images}"
        )


class Provenance(Record):
    """Content of ``provenance.json``."""

    format: Literal[1] = 1
    sessions: tuple[Session, ...]

    @override
    def __str__(self) -> str:
        last = self.sessions[-1]
        times = [each.began.replace("T", " ") for each in self.sessions]
        ended = last.ended.replace("T", " ") or "no end"
        again = f", resumed {', '.join(times[1:])}" if times[1:] else ""
        return f"{last}. Began {times[0]}{again}; {last.outcome or 'ended'} {ended} (UTC)."


_PROVENANCE = TypeAdapter(Provenance)


def read_provenance(folder: Path) -> Provenance | None:
    """Read the provenance of a run; None for a run of an earlier version, or a damaged file."""
    try:
        found = read_json(folder / FILE, _PROVENANCE, advice="")
    except (RunError, OSError):
        return None
    return found if found.sessions else None


def begin_session(
    folder: Path, device: str, precision: str, images: Fingerprint, counts: str
) -> None:
    """Add a session that begins now to the provenance of a run.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    session = Session(
        latentlab=__version__,
        torch=torch.__version__,
        numpy=np.__version__,
        python=platform.python_version(),
        device=device,
        precision=precision,
        system=f"{platform.system()} {platform.release()} {platform.machine()}"[:300],
        threads=torch.get_num_threads(),
        data=hashlib.sha256(images.model_dump_json().encode()).hexdigest()[:16],
        images=counts,
        began=_now(),
    )
    before = read_provenance(folder)
    sessions = (*(before.sessions if before else ()), session)
    _write(folder, sessions)


def end_session(folder: Path, outcome: Outcome) -> None:
    """Set the end of the last session to now."""
    found = read_provenance(folder)
    if found:
        *before, last = found.sessions
        ended = last.model_copy(update={"ended": _now(), "outcome": outcome})
        _write(folder, (*before, ended))


def _write(folder: Path, sessions: tuple[Session, ...]) -> None:
    record = Provenance(sessions=sessions)
    write_atomically(folder / FILE, f"{record.model_dump_json(indent=1)}\n".encode())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
