"""Run logs: curves, changes, previews and failures read from a run folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter

from latentlab.atomic_write import write_atomically
from latentlab.errors import LONGEST, RunError, shown
from latentlab.json_files import Count, Lines, Record, read_bytes, read_lines
from latentlab.learning.events import Change
from latentlab.runs import portraits as replay
from latentlab.session.curves import latent_curves as latents
from latentlab.session.curves.curves import FILE as STEPS
from latentlab.session.curves.curves import METRICS, curves_of, read_metrics, read_steps
from latentlab.session.diagnosis.diagnose import diagnose
from latentlab.session.diagnosis.finding import Finding, Remedy
from latentlab.session.runs import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from latentlab.learning.events import EpochPreview

CHANGES = "changes.jsonl"
FAILURE = "failure.txt"
MAX_TEXT_BYTES = 1 << 16
"""Maximum size of the file of a run's name or failure, in bytes."""


class _Change(Record):
    """One line of ``changes.jsonl``: see `Change`."""

    step: Count
    epochs: Annotated[float, Field(ge=0)]
    key: str
    value: int | float


class _Dated(Record):
    """A line with an epoch and any other keys."""

    model_config = ConfigDict(extra="allow")

    epoch: Count


_CHANGE, _DATED = TypeAdapter(_Change), TypeAdapter(_Dated)


def read_run_log(folder: Path, recipe: Mapping[str, Any]) -> RunLog:
    """Read the log of a run; missing or damaged parts are skipped and reported as a finding."""
    moments = replay.preview_epochs(folder)
    metrics, measured = read_metrics(folder), latents.read_latent_lines(folder)
    changes, steps = read_lines(folder / CHANGES, _CHANGE), read_steps(folder)
    damaged = {METRICS: metrics, latents.FILE: measured, CHANGES: changes, STEPS: steps}
    curves = curves_of(metrics.records, steps.records)
    dimensions = latents.latents_of(measured.records)
    ordered = _in_order(changes.records)
    return RunLog(
        curves,
        ordered,
        dimensions,
        moments,
        _portrait(folder, moments),
        (*_unreadable(damaged), *diagnose(curves, dimensions, recipe, ordered)),
    )


def _unreadable(files: Mapping[str, Lines[Any]]) -> tuple[Finding, ...]:
    """Return a finding about skipped lines; empty if there are none."""
    counts = [f"{name}: {lines.damaged} left out" for name, lines in files.items() if lines.damaged]
    title = "Some measurements of this run cannot be read."
    remedy = Remedy("Restore these files from a copy of the run's folder.")
    return (Finding("damaged", "watch", title, "; ".join(counts), (remedy,)),) if counts else ()


def _portrait(folder: Path, moments: tuple[int, ...]) -> EpochPreview | None:
    try:
        return replay.read_epoch_preview(folder, moments[-1]) if moments else None
    except RunError:
        return None


def change_line(change: Change) -> str:
    """Return one line of ``changes.jsonl``."""
    values = asdict(change)
    del values["problem"]
    return json.dumps(values)


def read_changes(folder: Path) -> tuple[Change, ...]:
    """Return the changes of settings during a run, in order of step, skipping unreadable lines."""
    return _in_order(read_lines(folder / CHANGES, _CHANGE).records)


def read_changes_strict(folder: Path) -> tuple[Change, ...]:
    """Return the changes of a run to resume.

    Raises
    ------
    RunError
        If a line cannot be read: without it the resumed run would differ.
    """
    file = folder / CHANGES
    lines = read_lines(file, _CHANGE)
    if lines.damaged:
        raise RunError(
            f"{file} is damaged: {lines.damaged} of its lines cannot be read.",
            "Restore it from a copy, or delete those lines to resume without their changes.",
        )
    return _in_order(lines.records)


def _in_order(changes: Iterable[_Change]) -> tuple[Change, ...]:
    records = (Change(each.step, each.epochs, each.key, each.value) for each in changes)
    return tuple(sorted(records, key=lambda change: change.step))


def read_failure(folder: Path) -> str:
    """Return the error that ended the training of a run early; empty if there was none."""
    return read_short_text(folder / FAILURE)


def read_short_text(file: Path) -> str:
    """Return the content of a short text file; empty if missing or unreadable."""
    try:
        return shown(read_bytes(file, MAX_TEXT_BYTES).decode(), LONGEST).strip()
    except (OSError, ValueError):
        return ""


def delete_changes_from(folder: Path, step: int) -> None:
    """Delete the changes from a step on, so that a resumed run does not repeat them.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    if (folder / CHANGES).exists():
        kept = [change_line(change) for change in read_changes(folder) if change.step < step]
        _write_lines(folder / CHANGES, kept)


def truncate_after(folder: Path, epoch: int) -> None:
    """Delete the measurements after an epoch, from which the run is resumed.

    Changes are kept, so that they are repeated even if the run is killed again before. Incomplete
    lines of a killed run are removed.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    for name in (METRICS, latents.FILE):
        _keep_lines(folder / name, epoch)
    if (folder / CHANGES).exists():
        _write_lines(folder / CHANGES, [change_line(change) for change in read_changes(folder)])
    replay.delete_previews_after(folder, epoch)


def _keep_lines(file: Path, epoch: int) -> None:
    lines = read_lines(file, _DATED).records
    if file.exists():
        _write_lines(file, [json.dumps(each.model_dump()) for each in lines if each.epoch <= epoch])


def _write_lines(file: Path, lines: list[str]) -> None:
    write_atomically(file, "".join(f"{line}\n" for line in lines).encode())
