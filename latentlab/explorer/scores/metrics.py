"""Answers about metrics of the open model, and their measurement on the images of its run."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from latentlab.atomic_write import is_missing
from latentlab.data.image_set import ImageSet
from latentlab.data.parts import TEST, TRAIN, VALIDATION
from latentlab.data.sample import sample_of
from latentlab.errors import DataError, one_of
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.metrics.measurement import Measurement
from latentlab.metrics.metric import Metric
from latentlab.metrics.run import chosen_metrics, measure_all
from latentlab.metrics.source import Source
from latentlab.runs.measurements import add_measurements, read_measurements
from latentlab.session.abilities import Ability
from latentlab.session.form import describe
from latentlab.session.request import Exported
from latentlab.session.scores.metrics import (
    ListMetrics,
    MeasuredMetrics,
    MeasureMetrics,
    MetricCard,
    ReadMeasurements,
    SaveMeasurements,
    save_measurements,
)
from latentlab.work import Progress

HELD_OUT = (TEST, VALIDATION)
UNKNOWN_PART = "part unknown"
"""Split of images of which it is unknown whether the model was trained on them."""


@answer.register
def _(request: ListMetrics, explorer: Explorer) -> tuple[MetricCard, ...]:
    source = source_of(explorer) if explorer.can(Ability.DECODE) else None
    return tuple(_card(each, source) for each in chosen_metrics())


@answer.register
def _(request: MeasureMetrics, explorer: Explorer) -> Generator[Progress, None, MeasuredMetrics]:
    metrics = chosen_metrics(request.kinds, request.settings)
    return measure(explorer, metrics, request.count, request.split)


@answer.register
def _(request: ReadMeasurements, explorer: Explorer) -> tuple[Measurement, ...]:
    return measurements_of(explorer)


@answer.register
def _(request: SaveMeasurements, explorer: Explorer) -> Exported:
    save_measurements(request.path, request.measurements)
    return Exported(request.path)


def measure(
    explorer: Explorer, metrics: Sequence[Metric], count: int | None = None, split: str = ""
) -> Generator[Progress, None, MeasuredMetrics]:
    """Measure metrics on held-out images of the run, and add them to its measurements.

    Parameters
    ----------
    explorer : Explorer
        With an open model.
    metrics : sequence of Metric
        Metrics, in order.
    count : int, optional
        Images at most, a random sample.
    split : {"", "test", "validation"}
        Part of the data; by default the test images if there are any.

    Raises
    ------
    LatentlabError
        If there is no such part, or the measurements cannot be written.
    """
    source, card = source_of(explorer, count, split), explorer.card
    outcomes = yield from measure_all(metrics, source)
    measured = [each for each in outcomes if isinstance(each, Measurement)]
    is_own = source.split in HELD_OUT and card is not None and not card.other
    folder = card.source if card and is_own and card.weights else None
    if folder is None or is_missing(folder):
        # A run that is gone keeps nothing, but what was measured is shown.
        return MeasuredMetrics(outcomes, False)
    if measured:
        add_measurements(folder, measured)
    return MeasuredMetrics(outcomes, True)


def source_of(explorer: Explorer, count: int | None = None, split: str = "") -> Source:
    """Return what the metrics of the open model are computed from.

    Raises
    ------
    DataError
        If the data of the run has no such part.
    """
    card, whole = explorer.card, explorer.run_images
    assert card
    images, name, training = _parts(whole, split)
    opened = explorer.classifier
    return Source(
        explorer.model,
        None if images is None else sample_of(images, count),
        name,
        training,
        epoch=card.epoch,
        weights=card.weights,
        classifier=(opened.card.name, opened.classifier) if opened else None,
    )


def measurements_of(explorer: Explorer) -> tuple[Measurement, ...]:
    """Return the measurements of the open run, of its present weights."""
    card = explorer.card
    if card is None or card.source is None or not card.weights:
        return ()
    return read_measurements(card.source, card.weights)


def _parts(whole: ImageSet | None, split: str) -> tuple[ImageSet | None, str, ImageSet | None]:
    """Return the images to measure on, the name of their part, and the training images."""
    if split not in ("", *HELD_OUT):
        raise DataError(f"There is no part {split!r}.", f"Choose {one_of(HELD_OUT)}.")
    if whole is None or whole.parts is None:
        if split:
            raise DataError("The parts of the data of this model are unknown.")
        return whole, UNKNOWN_PART, None
    rows = {part: np.flatnonzero(whole.parts == part) for part in (*HELD_OUT, TRAIN)}
    chosen = split or next((part for part in HELD_OUT if len(rows[part])), VALIDATION)
    if split and not len(rows[split]):
        raise DataError(f"The data of this run has no {split} images.")
    # The images of a part follow one another, so that a slice copies no pixels.
    found = {part: _slice(whole, each) for part, each in rows.items()}
    return found[chosen], chosen, found[TRAIN]


def _slice(whole: ImageSet, rows: np.ndarray) -> ImageSet | None:
    return whole[int(rows[0]) : int(rows[-1]) + 1] if len(rows) else None


def _card(metric: Metric, source: Source | None) -> MetricCard:
    config = type(metric)
    return MetricCard(
        metric.kind,
        metric.title,
        metric.group.value,
        config.sentence(),
        tuple(sorted(need.value for need in metric.needs)),
        describe(config),
        metric.why_not(source) if source else "",
    )
