"""What a run folder tells of its run so far."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from latentlab.errors import RunError
from latentlab.files import write_atomically
from latentlab.learning.events import Change
from latentlab.session import latents, replay
from latentlab.session.curves import METRICS, read_curves
from latentlab.session.diagnosis import diagnose
from latentlab.session.reports import Past

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.learning.events import Portrait

CHANGES = "changes.jsonl"
FAILURE = "failure.txt"


def read_past(folder: Path, recipe: Mapping[str, Any]) -> Past:
    """Read what a run folder tells; what is missing or damaged is left out."""
    moments = replay.moments(folder)
    curves, measured = read_curves(folder), latents.read_latents(folder)
    changes = read_changes(folder)
    return Past(
        curves,
        changes,
        measured,
        moments,
        _portrait(folder, moments),
        diagnose(curves, measured, recipe, changes),
    )


def _portrait(folder: Path, moments: tuple[int, ...]) -> Portrait | None:
    try:
        return replay.read_portrait(folder, moments[-1]) if moments else None
    except RunError:
        return None


def change_line(change: Change) -> str:
    """Return one line of ``changes.jsonl``."""
    values = asdict(change)
    del values["problem"]
    return json.dumps(values)


def read_changes(folder: Path) -> tuple[Change, ...]:
    """Return the changes made while a run went on, in their order in it.

    Lines that cannot be read are left out.
    """
    changes = []
    for values in _lines(folder / CHANGES):
        try:
            changes.append(Change(**values))
        except TypeError:
            continue
    return tuple(sorted(changes, key=lambda change: change.step))


def read_failure(folder: Path) -> str:
    """Return what ended a run's training before its time; empty where nothing did."""
    try:
        return (folder / FAILURE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def forget_changes(folder: Path, step: int) -> None:
    """Forget what was changed from a step on: the run shall not go that way again.

    Raises
    ------
    RunError
        Where the folder cannot be written.
    """
    if (folder / CHANGES).exists():
        kept = [change_line(change) for change in read_changes(folder) if change.step < step]
        _write_lines(folder / CHANGES, kept)


def rewind(folder: Path, epoch: int) -> None:
    """Forget what was measured after an epoch, as the run will come there again.

    What was changed stays: it is to be made again, even if the run is killed once more before.

    Raises
    ------
    RunError
        Where the folder cannot be written.
    """
    for name in (METRICS, latents.FILE):
        _keep_lines(folder / name, epoch)
    replay.forget_after(folder, epoch)


def _keep_lines(file: Path, epoch: int) -> None:
    kept = [json.dumps(values) for values in _lines(file) if values.get("epoch", 0) <= epoch]
    if file.exists():
        _write_lines(file, kept)


def _write_lines(file: Path, lines: list[str]) -> None:
    write_atomically(file, "".join(f"{line}\n" for line in lines).encode())


def _lines(file: Path) -> list[dict[str, Any]]:
    found = []
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    for line in text.splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict):
            found.append(values)
    return found
