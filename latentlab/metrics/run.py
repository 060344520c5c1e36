"""Measurement of several metrics, one after another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from latentlab.config import parse
from latentlab.errors import DataError, LatentlabError, listed
from latentlab.metrics.measurement import Measurement, Outcome, Refusal
from latentlab.metrics.metric import METRICS, Metric, Need
from latentlab.work import Progress, part_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from latentlab.metrics.source import Source

type Settings = Mapping[str, Mapping[str, Any]]
"""Values of settings by kind of metric and name."""


def chosen_metrics(
    names: Sequence[str] | None = None, settings: Settings | None = None
) -> tuple[Metric, ...]:
    """Return metrics by kind, with settings; all metrics without names.

    Raises
    ------
    LatentlabError
        If there is no such metric or setting.
    """
    known, given = METRICS.kinds(), settings or {}
    kinds = tuple(known) if names is None else tuple(dict.fromkeys(names))
    if unknown := [name for name in (*kinds, *given) if name not in known]:
        raise DataError(f"There is no metric {unknown[0]!r}.", f"Known: {listed([*known], 99)}.")
    return tuple(parse(known[kind], dict(given.get(kind, {}))) for kind in kinds)


def measure_all(
    metrics: Sequence[Metric], source: Source
) -> Generator[Progress, None, tuple[Outcome, ...]]:
    """Measure metrics on the same images; one that cannot be measured does not stop the others.

    Yields
    ------
    Progress
        The metric, what it computes, and the fraction of all metrics.
    """
    found: list[Outcome] = []
    for i, metric in enumerate(metrics):
        yield Progress(metric.title, i / len(metrics))
        pieces = _measure(metric, source)
        found.append((yield from part_of(pieces, metric.title, i, len(metrics))))
    return tuple(found)


def _measure(metric: Metric, source: Source) -> Generator[Progress, None, Outcome]:
    began = time.monotonic()
    if reason := metric.why_not(source):
        return Refusal(metric.kind, metric.title, reason)
    try:
        measured: Measurement = yield from metric.measure(source)
    except LatentlabError as error:
        return Refusal(metric.kind, metric.title, str(error))
    now = {"seconds": round(time.monotonic() - began, 3), "epoch": source.epoch}
    notes = measured.notes
    if source.unseen and Need.IMAGES in metric.needs:
        notes += (f"The images include {listed(source.unseen, 12)}, of which none was trained on.",)
    return measured.model_copy(update={**now, "weights": source.weights, "notes": notes})
