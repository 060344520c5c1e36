"""Answers about rate and distortion of several runs, each on its own validation images."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.data.image_set import ImageSet
from latentlab.data.parts import VALIDATION
from latentlab.data.sample import sample_of
from latentlab.errors import DataError, LatentlabError, RunError, counted
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.learning.checkpoint import hash_of_weights, run_folder
from latentlab.metrics.linear_baseline import HOW, linear_rate_distortion
from latentlab.metrics.measurement import Measurement
from latentlab.metrics.measures.elbo import NegativeELBO
from latentlab.metrics.metric import mean_of
from latentlab.metrics.run import measure_all
from latentlab.metrics.source import Source
from latentlab.runs.library import names_among, run_name
from latentlab.runs.measurements import add_measurements, read_measurements
from latentlab.runs.onnx_probe import load_probed
from latentlab.runs.run_data import load_run_data
from latentlab.session.library.comparable import scale_of
from latentlab.session.request import Exported
from latentlab.session.scores.rate_distortion import (
    MeasureRateDistortion,
    RateDistortion,
    RatePoint,
    SaveRateDistortion,
    save_points,
)
from latentlab.work import Progress, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latentlab.models.base import Model

UNIT = "nats per image"


@answer.register
def _(
    request: MeasureRateDistortion, explorer: Explorer
) -> Generator[Progress, None, RateDistortion]:
    return rate_distortion(request)


@answer.register
def _(request: SaveRateDistortion, explorer: Explorer) -> Exported:
    save_points(request.path, request.found)
    return Exported(request.path)


@dataclass(frozen=True)
class _Run:
    """A run on its images, and what its nats depend on."""

    folder: Path
    recipe: Mapping[str, Any]
    model: Model
    validation: ImageSet
    training: ImageSet
    weights: str
    epoch: int


def rate_distortion(request: MeasureRateDistortion) -> Generator[Progress, None, RateDistortion]:
    """Measure runs on their validation images, with PCA for each number of latent dimensions.

    The ELBO of a run that was measured in the same way before is read from its folder.

    Yields
    ------
    Progress
        The run, what is computed, and the fraction of all runs.
    """
    found = _Found()
    metric = NegativeELBO(draws=request.draws, seed=request.seed)
    for i, path in enumerate(request.runs):
        name, share = run_name(run_folder(path)), i / len(request.runs)
        try:
            run = yield from _shared(_load(path, request.images), name, share)
            found.add(run, (yield from _shared(_measured(run, metric), name, share)))
        except LatentlabError as error:
            found.problems.append(f"{name}: {error}")
            continue
        size = run.model.latent_dim
        if size not in found.baseline:
            try:
                found.baseline[size] = yield from _shared(_baseline(run, request), name, share)
            except DataError as error:
                found.notes.append(f"No PCA of {size} components: {error}")
    return found.result(request.runs)


@dataclass
class _Found:
    """What has been measured so far."""

    runs: list[_Run] = field(default_factory=list)
    measured: list[Measurement] = field(default_factory=list)
    baseline: dict[int, RatePoint] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, run: _Run, measured: Measurement) -> None:
        self.runs.append(run)
        self.measured.append(measured)

    def result(self, runs: tuple[Path, ...]) -> RateDistortion:
        scales = [scale_of(run.recipe) for run in self.runs]
        reasons = {scales[0].difference(each) for each in scales[1:]} - {""}
        on = [each.on.text for each in self.measured]
        notes = [
            *(f"The nats of these runs do not compare: {reason}." for reason in sorted(reasons)),
            *(["The runs were measured on different images."] if len({*on}) > 1 else []),
            *self.notes,
            *([HOW] if self.baseline else []),
        ]
        return RateDistortion(
            runs,
            tuple(sorted(self._points(), key=lambda each: each.rate.value)),
            tuple(self.baseline[size] for size in sorted(self.baseline)),
            on[0] if on else "",
            tuple(notes),
            tuple(self.problems),
        )

    def _points(self) -> Iterator[RatePoint]:
        names = names_among([run.folder for run in self.runs], [run.recipe for run in self.runs])
        for name, run, measured in zip(names, self.runs, self.measured, strict=True):
            rate, distortion = measured.named("Rate"), measured.named("Distortion")
            yield RatePoint(name, run.model.latent_dim, rate, distortion, run.folder.name)


def _load(path: Path, count: int) -> Generator[Progress, None, _Run]:
    model, checkpoint = load_probed(path)
    folder = run_folder(path).resolve()
    splits = yield from load_run_data(folder, checkpoint.recipe.data, checkpoint.spec)
    return _Run(
        folder,
        checkpoint.recipe.to_dict(),
        model,
        sample_of(splits.validation, count),
        splits.train,
        hash_of_weights(path),
        checkpoint.epoch,
    )


def _measured(run: _Run, metric: NegativeELBO) -> Generator[Progress, None, Measurement]:
    settings = metric.model_dump(mode="json", exclude={"kind"})
    for each in read_measurements(run.folder, run.weights):
        known = (each.metric, each.settings, each.on.split, each.on.images)
        if known == (metric.kind, settings, VALIDATION, len(run.validation)):
            return each
    source = Source(
        run.model, run.validation, VALIDATION, run.training, epoch=run.epoch, weights=run.weights
    )
    (outcome,) = yield from measure_all([metric], source)
    if not isinstance(outcome, Measurement):
        raise DataError(outcome.reason)
    # A run that cannot be written is measured again the next time.
    with suppress(RunError):
        add_measurements(run.folder, [outcome])
    return outcome


def _baseline(run: _Run, request: MeasureRateDistortion) -> Generator[Progress, None, RatePoint]:
    rates, distortions = yield from linear_rate_distortion(
        run.model, run.validation, run.training, request.draws, request.seed
    )
    size = run.model.latent_dim
    return RatePoint(
        f"PCA, {counted(size, 'component')}",
        size,
        mean_of("Rate", rates, UNIT),
        mean_of("Distortion", distortions, UNIT),
    )


def _shared[T](
    pieces: Generator[Progress, None, T], name: str, share: float
) -> Generator[Progress, None, T]:
    """Run a part of the work, and report the name of the run with its progress."""
    return mapped(pieces, lambda step: Progress(f"{name} · {step.message}", share))
