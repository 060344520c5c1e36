"""Measurements of a run, in a JSON file in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter

from latentlab.atomic_write import check_present, is_missing, set_aside, write_atomically
from latentlab.errors import RunError
from latentlab.json_files import Record, read_json
from latentlab.metrics.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "measurements.json"
MAX_MEASUREMENTS = 1000


class _Measurements(Record):
    """Content of the file."""

    format: Literal[1] = 1
    measurements: Annotated[tuple[Measurement, ...], Field(max_length=MAX_MEASUREMENTS)] = ()


_CONTENT = TypeAdapter(_Measurements)


def read_measurements(folder: Path, weights: str = "") -> tuple[Measurement, ...]:
    """Return the measurements of a run; none without the file.

    Parameters
    ----------
    folder : Path
        Run folder.
    weights : str
        Hash of the weights; those of other weights are left out. Empty for all.

    Raises
    ------
    RunError
        If the file is damaged.
    """
    file = folder / FILE
    if is_missing(file):
        return ()
    found = read_json(file, _CONTENT, advice="Delete it, and measure again.").measurements
    return tuple(each for each in found if not weights or each.weights == weights)


def add_measurements(folder: Path, new: Iterable[Measurement]) -> None:
    """Add measurements to those of a run; each replaces one with the same settings.

    A damaged file is first renamed to ``measurements.damaged``.

    Raises
    ------
    RunError
        If the folder is gone, or the file cannot be written.
    """
    check_present(folder, "measurements")
    file, added = folder / FILE, tuple(new)
    try:
        old = read_measurements(folder)
    except RunError:
        old = ()
        set_aside(file)
    kept = [each for each in old if not any(each.same_settings(other) for other in added)]
    all_of_them = _Measurements(measurements=(*kept, *added)[-MAX_MEASUREMENTS:])
    write_atomically(file, _CONTENT.dump_json(all_of_them, indent=2) + b"\n")
