"""Metrics of the open model: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.atomic_write import write_atomically
from latentlab.metrics.measurement import (
    TABLE_HEAD,
    Measurement,
    Outcome,
    measurements_as_json,
    table_rows,
)
from latentlab.session.abilities import DECODER, Abilities
from latentlab.session.export import TABLES, check_suffix
from latentlab.session.files.tables import write_table
from latentlab.session.request import Lifetime, Priority, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from latentlab.session.form import Field

FORMATS = (*TABLES, "json")
"""Formats of measurements; JSON also has their settings and curves."""
COPIED = ("metric", "name", "value", "standard_error", "unit", "computed_on")
"""Columns of a copied table."""


@dataclass(frozen=True, slots=True)
class MetricCard:
    """Description of a metric for the window.

    Parameters
    ----------
    kind, title, group : str
        Name in files and on the command line, name on screen, and group.
    sentence : str
        What it measures.
    needs : tuple of str
        What it cannot be measured without.
    fields : tuple of Field
        Its settings, as form fields.
    reason : str
        Why the open model cannot be measured by it; empty if it can, or no model is open.
    """

    kind: str
    title: str
    group: str
    sentence: str
    needs: tuple[str, ...]
    fields: tuple[Field, ...] = field(repr=False)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredMetrics:
    """Outcome of each requested metric: a measurement, or the reason why there is none.

    Parameters
    ----------
    outcomes : tuple of Measurement or Refusal
        In the order of the request.
    saved : bool
        Whether they were added to the measurements of the run.
    """

    outcomes: tuple[Outcome, ...]
    saved: bool


@dataclass(frozen=True, slots=True)
class ListMetrics(Request["tuple[MetricCard, ...]"]):
    """List all metrics, with the reasons why the open model lacks some."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND


@dataclass(frozen=True, slots=True)
class MeasureMetrics(Request["MeasuredMetrics"]):
    """Measure metrics of the open model (slow).

    Parameters
    ----------
    kinds : tuple of str
        Metrics, in order.
    settings : mapping
        Values of settings by kind of metric and name; others have their default.
    count : int or None
        Images at most; None for all of the part.
    split : str
        ``test``, ``validation``, or empty for the test images if there are any.
    """

    needs: ClassVar[Abilities] = DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    kinds: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    count: int | None = None
    split: str = ""


@dataclass(frozen=True, slots=True)
class ReadMeasurements(Request["tuple[Measurement, ...]"]):
    """Read the measurements of the open run, of its present weights."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND


@dataclass(frozen=True, slots=True)
class SaveMeasurements(SaveFile):
    """Write measurements as a table with one row per number, or as JSON."""

    measurements: tuple[Measurement, ...] = field(repr=False)
    path: Path


def save_measurements(path: Path, measurements: tuple[Measurement, ...]) -> None:
    """Write measurements as CSV, NPZ or Parquet, one row per number, or all of them as JSON.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    if check_suffix(path, FORMATS) == "json":
        write_atomically(path, measurements_as_json(measurements))
    else:
        write_table(path, TABLE_HEAD, table_rows(measurements))


def as_text(measurements: tuple[Measurement, ...]) -> str:
    """Return measurements as lines of cells separated by tabs, which spreadsheets paste."""
    columns = [TABLE_HEAD.index(name) for name in COPIED]
    rows = [TABLE_HEAD, *table_rows(measurements)]
    return "\n".join("\t".join(str(row[i]) for i in columns) for row in rows)


def newest(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    """Return the last outcome of each metric; a measurement counts by its time."""
    found: dict[str, Outcome] = {}
    for each in outcomes:
        before = found.get(each.metric)
        if (
            isinstance(before, Measurement)
            and isinstance(each, Measurement)
            and before.time > each.time
        ):
            continue
        found[each.metric] = each
    return found
