"""Metrics of a model: what the command line and `Model.metrics` measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.api.arguments import labels_of
from latentlab.api.images import image_set
from latentlab.data.binarize import binarize_like
from latentlab.data.image_set import ImageSet
from latentlab.data.sample import sample_of
from latentlab.errors import DataError, RunError
from latentlab.explorer.naming import class_index
from latentlab.explorer.scores.metrics import measure
from latentlab.learning.recipe import parse_value
from latentlab.metrics.measurement import Measurement, Outcome, Refusal
from latentlab.metrics.run import chosen_metrics, measure_all
from latentlab.metrics.source import Source
from latentlab.runs.terminal import show
from latentlab.session.scores.metrics import save_measurements
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

    from latentlab.api.arguments import Labels
    from latentlab.api.model import Model
    from latentlab.metrics.run import Settings
    from latentlab.work import Progress

GIVEN = "given images"


def measured(
    model: Model,
    names: Sequence[str] | None,
    images: ImageSet | None,
    settings: Settings | None,
    count: int | None,
    split: str,
) -> dict[str, Outcome]:
    """Return the outcome of each metric by kind, on given images or on those of the run."""
    metrics = chosen_metrics(names, settings)
    if images is not None:
        given = Source(model.network, sample_of(images, count), GIVEN, epoch=model.card.epoch)
        outcomes = finish(measure_all(metrics, given))
    else:
        outcomes = finish(measure(model.explorer, metrics, count, split)).outcomes
    return {each.metric: each for each in outcomes}


def given_images(model: Model, images: ArrayLike, labels: Labels) -> ImageSet:
    """Return images, binarized as those of the model, and their classes as a set.

    A conditional model needs classes.

    Raises
    ------
    LatentlabError
        If there is no such class, or there are not as many labels as images.
    """
    found, spec = image_set(images, None, model.spec), model.spec
    if labels is None or model.conditional:
        y = labels_of(labels, model.card, len(found))
    else:
        given = np.atleast_1d(np.asarray(labels)).tolist()
        known = [class_index(spec.class_names, each) for each in given]
        if len(known) != len(found):
            raise DataError(f"{len(known)} labels for {len(found)} images.", "Give one for each.")
        y = np.array(known, np.int64)
    return binarize_like(ImageSet.labelled(found.images, y, spec), model.recipe)[:]


def measure_with_progress(
    model: Model,
    names: Sequence[str] | None,
    settings: Settings,
    count: int | None,
    split: str,
    *,
    quiet: bool = False,
) -> tuple[Outcome, ...] | None:
    """Measure on images of the run with a progress bar; return None if interrupted."""
    metrics, found = chosen_metrics(names, settings), []

    def work() -> Generator[Progress]:
        found.append((yield from measure(model.explorer, metrics, count, split)))

    if quiet:
        finish(work())
    return found[0].outcomes if quiet or show(work()) else None


def settings_of(changes: Iterable[str], k: int) -> dict[str, dict[str, Any]]:
    """Return settings by metric from ``metric.name=value``, and k of the log-likelihood.

    Raises
    ------
    RunError
        If a change has another form.
    """
    found: dict[str, dict[str, Any]] = {"log-likelihood": {"k": k}}
    for change in changes:
        key, equals, text = change.partition("=")
        metric, dot, name = key.strip().partition(".")
        if not (equals and dot and name):
            raise RunError(f"--set {change} is not of the form METRIC.NAME=VALUE.")
        found.setdefault(metric, {})[name] = parse_value(key, text)
    return found


def metric_cards() -> list[dict[str, Any]]:
    """Return kind, title, group, sentence, needs and default settings of all metrics."""
    metrics = chosen_metrics()
    return [
        {
            "kind": each.kind,
            "title": each.title,
            "group": each.group.value,
            "sentence": type(each).sentence(),
            "needs": sorted(each.needs),
            "settings": each.model_dump(mode="json", exclude={"kind"}),
        }
        for each in metrics
    ]


def lines_of(outcomes: Iterable[Outcome]) -> Generator[str]:
    """Yield the numbers as lines, with what they were computed on, and the reasons of the others.

    Metrics without a number come last.
    """
    refused = []
    for each in outcomes:
        if isinstance(each, Refusal):
            refused.append(f"{each.metric}: not measured. {each.reason}")
            continue
        yield f"{each.title} ({each.metric}): {each.on.text}"
        for value in each.values:
            yield f"  {value.name:<32} {value.text:>20}  {value.unit}".rstrip()
        settings = ", ".join(f"{name} = {value}" for name, value in each.settings.items())
        yield from (f"  {note}" for note in each.notes)
        if settings:
            yield f"  Settings: {settings}."
    yield from refused


def plain(outcomes: Iterable[Outcome]) -> list[Mapping[str, Any]]:
    """Return outcomes as plain values; a metric without a number has its reason."""
    return [_plain(each) for each in outcomes]


def _plain(outcome: Outcome) -> Mapping[str, Any]:
    if isinstance(outcome, Measurement):
        return outcome.model_dump(mode="json")
    return {"metric": outcome.metric, "title": outcome.title, "reason": outcome.reason}


def write_measurements(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write the numbers as a table, one row each."""
    save_measurements(path, tuple(each for each in outcomes if isinstance(each, Measurement)))
