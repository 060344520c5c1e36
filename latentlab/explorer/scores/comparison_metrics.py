"""Metrics of both models of a comparison, on the same images."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.errors import DataError
from latentlab.explorer.answer import answer
from latentlab.explorer.comparison import second_of, with_result
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.scores.metrics import measurements_of, source_of
from latentlab.metrics.measurement import Measurement, Refusal
from latentlab.metrics.metric import Need
from latentlab.metrics.run import chosen_metrics, measure_all
from latentlab.metrics.source import Source
from latentlab.runs.measurements import read_measurements
from latentlab.runs.run_data import read_run_data
from latentlab.session.comparison import (
    COMPARED_METRICS,
    ComparedMetrics,
    CompareMetrics,
    Comparison,
    image_incompatibility,
)
from latentlab.session.library.comparable import scale_of
from latentlab.session.recipes import value_of
from latentlab.work import Progress, part_of

if TYPE_CHECKING:
    from latentlab.explorer.comparison import ModelB
    from latentlab.metrics.measurement import Outcome
    from latentlab.session.points import ModelCard

LETTERS = ("A", "B")


@answer.register
def _(request: CompareMetrics, explorer: Explorer) -> Generator[Progress, None, Comparison]:
    second = second_of(explorer)
    if explorer.card is None or image_incompatibility(explorer.card, second.card):
        return second.known
    others = _kept(second.card.source, second.card.weights)
    note = _other_data(explorer.card, second.card) if others else ""
    kept = (measurements_of(explorer), () if note else others)
    measured: tuple[tuple[Outcome, ...], ...] = ((), ())
    if request.measure:
        measured = yield from _measure(explorer, second, request.images)
    a, b = (_numbers((*old, *new)) for old, new in zip(kept, measured, strict=True))
    reasons = tuple(
        dict.fromkeys(
            f"{letter}: {each.title}: {each.reason}"
            for letter, outcomes in zip(LETTERS, measured, strict=True)
            for each in outcomes
            if isinstance(each, Refusal)
        )
    )
    return with_result(second, metrics=ComparedMetrics(_pairs(a, b), reasons, note))


def _other_data(a: ModelCard, b: ModelCard) -> str:
    """Return why numbers that B was measured with are of other images; empty if of the same.

    The fingerprints decide, and where a run has none, the kind and place of its data set.
    """
    stored = [read_run_data(each.source) if each.source else None for each in (a, b)]
    if None not in stored:
        mine, theirs = (each.images for each in stored if each)
        is_same = mine == theirs
    else:
        is_same = scale_of(a.recipe).data == scale_of(b.recipe).data
    if is_same and _draw(a.recipe) == _draw(b.recipe):
        return ""
    return "The kept numbers of B are not shown: they are of other images than those of A."


def _draw(recipe: Mapping[str, Any]) -> int | None:
    """Return the seed of the static draw of held-out images; None if they are grey."""
    is_grey = value_of(recipe, "data.binarize") not in ("static", "dynamic")
    return None if is_grey else int(value_of(recipe, "data.binarize_seed") or 0)


def _kept(folder: Path | None, weights: str) -> tuple[Measurement, ...]:
    return read_measurements(folder, weights) if folder and weights else ()


def _measure(
    explorer: Explorer, second: ModelB, count: int
) -> Generator[Progress, None, tuple[tuple[Outcome, ...], ...]]:
    """Measure A, then B on the images of A; they are not added to the run of B."""
    first = source_of(explorer, count)
    if not first.has(Need.IMAGES):
        raise DataError("There are no images of the data set of the open model to measure on.")
    other = Source(
        second.model,
        first.images,
        first.split,
        first.training,
        epoch=second.card.epoch,
        weights=second.card.weights,
    )
    found = []
    for i, source in enumerate((first, other)):
        pieces = measure_all(chosen_metrics(COMPARED_METRICS), source)
        found.append((yield from part_of(pieces, f"Model {LETTERS[i]}", i, 2)))
    return tuple(found)


def _numbers(outcomes: tuple[Outcome, ...]) -> tuple[Measurement, ...]:
    """Return measurements, the newest first."""
    found = [each for each in outcomes if isinstance(each, Measurement)]
    return tuple(sorted(found, key=lambda each: -each.time))


def _pairs(
    a: tuple[Measurement, ...], b: tuple[Measurement, ...]
) -> tuple[tuple[Measurement, Measurement], ...]:
    """Return for each metric the newest measurements of A and B that measure the same."""
    found: dict[str, tuple[Measurement, Measurement]] = {}
    for mine in a:
        same = next((each for each in b if mine.same_settings(each)), None)
        if same is not None and mine.metric not in found:
            found[mine.metric] = (mine, same)
    order = sorted(found, key=lambda kind: (kind not in COMPARED_METRICS, kind))
    first = [kind for kind in COMPARED_METRICS if kind in found]
    return tuple(found[kind] for kind in dict.fromkeys([*first, *order]))
