"""Rate and distortion of several runs, such as those of a sweep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.api.model import find_model
from latentlab.directories import expanded
from latentlab.explorer.scores.rate_distortion import rate_distortion as measure_runs
from latentlab.runs.terminal import show
from latentlab.session.export import TABLES, check_suffix
from latentlab.session.scores.rate_distortion import (
    FORMATS,
    MeasureRateDistortion,
    RateDistortion,
    RatePoint,
    figure_of,
    save_points,
)
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from latentlab.work import Progress


def rate_distortion(
    runs: Sequence[Path | str], *, images: int = 1000, draws: int = 10, seed: int = 0
) -> RateDistortion:
    """Measure rate and distortion of runs on their validation images, with PCA as the baseline.

    Parameters
    ----------
    runs : sequence of path
        Run folders or checkpoints, such as those of a sweep.
    images, draws, seed : int
        Images at most, draws of z per image, and their seed.

    Returns
    -------
    RateDistortion
        ``points`` and ``baseline``, each with ``name``, ``rate`` and ``distortion`` in nats per
        image, and ``problems``: why a run is missing.

    References
    ----------
    Fixing a Broken ELBO, Alemi et al., 2018, section 2; PCA: Probabilistic Principal Component
    Analysis, Tipping & Bishop, 1999, section 3.2.
    """
    return finish(measure_runs(MeasureRateDistortion(_paths(runs), images, draws, seed)))


def measure_with_progress(
    runs: Sequence[Path], images: int | None, *, quiet: bool
) -> RateDistortion | None:
    """Measure with a progress bar; return None if interrupted."""
    request, found = MeasureRateDistortion(_paths(runs)), []
    if images is not None:
        request = replace(request, images=images)

    def work() -> Generator[Progress]:
        found.append((yield from measure_runs(request)))

    if quiet:
        finish(work())
    return found[0] if quiet or show(work()) else None


def _paths(runs: Sequence[Path | str]) -> tuple[Path, ...]:
    return tuple(find_model(expanded(Path(each))) for each in runs)


def write(path: Path, found: RateDistortion) -> None:
    """Write a plot or a table, depending on the ending.

    Raises
    ------
    RunError
        If the ending is another one, or the file cannot be written.
    """
    if check_suffix(path, FORMATS) in TABLES:
        save_points(path, found)
        return
    from latentlab.runs.plot_figure import save_figure

    save_figure(figure_of(found), path, {"rate-distortion": [each.text for each in found.points]})


def lines_of(found: RateDistortion) -> Generator[str]:
    """Yield the points as lines, what they were measured on, and why runs are missing."""
    yield f"Rate and distortion, nats per image: {found.on}"
    for each in (*found.points, *found.baseline):
        total = each.rate.value + each.distortion.value
        yield (
            f"  {each.name:<32} rate {each.rate.text:>16}  distortion {each.distortion.text:>16}"
            f"  sum {total:.2f}"
        )
    yield from (f"  {note}" for note in found.notes)
    yield from (f"not measured: {problem}" for problem in found.problems)


def plain(found: RateDistortion) -> dict[str, Any]:
    """Return the points as plain values."""
    return {
        "points": [_plain(each) for each in found.points],
        "baseline": [_plain(each) for each in found.baseline],
        "computed_on": found.on,
        "notes": list(found.notes),
        "problems": list(found.problems),
    }


def _plain(point: RatePoint) -> dict[str, Any]:
    return {
        "name": point.name,
        "folder": point.folder,
        "latent_dim": point.latent_dim,
        "rate": point.rate.model_dump(),
        "distortion": point.distortion.model_dump(),
    }
