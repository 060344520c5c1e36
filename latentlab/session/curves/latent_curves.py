"""Latent statistics per epoch: KL of each dimension, and geometry of the codes."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import FailFast, Field, TypeAdapter

from latentlab.json_files import Count, Lines, Record, read_lines
from latentlab.learning.events import ACTIVE_KL, WEAK_KL, LatentStatistics, is_active
from latentlab.session.curves.curves import Loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "latents.jsonl"
MOST_DIMENSIONS = 1 << 16
GEOMETRY = ("same_class", "by_chance", "by_pixels", "unevenness")
"""Series that runs of earlier versions and runs without classes lack."""
SERIES = ("epochs", "kl", "mutual_information", "marginal_kl", *GEOMETRY)


class LatentLine(Record):
    """One line of ``latents.jsonl``: see `LatentStatistics`."""

    epoch: Count
    kl: Annotated[tuple[Loss, ...], Field(min_length=1, max_length=MOST_DIMENSIONS), FailFast()]
    mutual_information: Loss
    marginal_kl: Loss
    images: Count
    same_class: Loss | None = None
    by_chance: Loss | None = None
    by_pixels: Loss | None = None
    unevenness: Loss | None = None


_LINE = TypeAdapter(LatentLine)

NOT_MEASURED = (
    "The KL of each latent dimension is only measured for Gaussian posteriors and the standard "
    "normal prior."
)


def is_measured(recipe: Mapping[str, Any]) -> bool:
    """Return whether a run of a recipe logs latent statistics, from its prior and posterior."""
    model = recipe.get("model", {})
    kinds = [_kind(model.get(name)) for name in ("prior", "posterior")]
    return kinds[0] in ("", "standard") and kinds[1] in ("", "gaussian")


def _kind(value: Any) -> str:
    return str(value.get("kind", "") if isinstance(value, dict) else value or "")


ACTIVE_TIP = (
    f"A dimension is active if its KL is at least {ACTIVE_KL} nats per image. This is close to "
    "the active units of Importance Weighted Autoencoders (Burda et al., 2016), Var(mu) > "
    f"{ACTIVE_KL}: the KL is at least half the mean of mu². It is measured in KL because the "
    "loss pays for it, and because each run logs it."
)
"""Tooltip of the number of active dimensions."""
WEAK_TIP = (
    f"An active dimension below {WEAK_KL} nats is weak: its posteriors are nearly as wide as the "
    "prior. Inactive and weak dimensions are partial posterior collapse."
)
"""Tooltip of the number of weak dimensions."""


@dataclass(frozen=True, slots=True)
class LatentCurves:
    """`LatentStatistics` of E epochs, as arrays.

    Parameters
    ----------
    epochs : ndarray of float64, shape (E,)
        Epochs, ascending.
    kl : ndarray of float64, shape (E, D)
        KL of each dimension, nats per image.
    mutual_information, marginal_kl : ndarray of float64, shape (E,)
        The two terms of the mean KL, nats.
    same_class, by_chance, by_pixels, unevenness : ndarray of float64, shape (E,)
        Geometry of the codes, see `LatentStatistics`; NaN if unknown.
    images : int
        Number of images in the aggregate posterior.
    """

    epochs: NDArray[np.float64] = field(repr=False)
    kl: NDArray[np.float64] = field(repr=False)
    mutual_information: NDArray[np.float64] = field(repr=False)
    marginal_kl: NDArray[np.float64] = field(repr=False)
    same_class: NDArray[np.float64] = field(repr=False)
    by_chance: NDArray[np.float64] = field(repr=False)
    by_pixels: NDArray[np.float64] = field(repr=False)
    unevenness: NDArray[np.float64] = field(repr=False)
    images: int = 0

    @property
    def active(self) -> NDArray[np.int64]:
        """Number of active dimensions, shape (E,)."""
        return is_active(self.kl).sum(1)


class LatentLog:
    """Log of `LatentStatistics` that grows by one epoch at a time.

    Parameters
    ----------
    curves : LatentCurves, optional
        Initial curves.
    """

    def __init__(self, curves: LatentCurves | None = None) -> None:
        self._curves = curves

    def add(self, epoch: int, latents: LatentStatistics) -> None:
        """Append one epoch; a different number of dimensions resets the log."""
        old = self._curves
        row = LatentCurves(
            np.array([float(epoch)]),
            np.array([latents.kl], np.float64),
            np.array([latents.mutual_information]),
            np.array([latents.marginal_kl]),
            np.array([latents.same_class]),
            np.array([latents.by_chance]),
            np.array([latents.by_pixels]),
            np.array([latents.unevenness]),
            latents.images,
        )
        if old is None or old.kl.shape[1] != row.kl.shape[1]:
            self._curves = row
            return
        joined = {name: np.concatenate([getattr(old, name), getattr(row, name)]) for name in SERIES}
        self._curves = LatentCurves(**joined, images=row.images)

    def view(self) -> LatentCurves | None:
        """Return all epochs; None if there are none."""
        return self._curves


def latents_line(epoch: int, latents: LatentStatistics) -> str:
    """Return one line of ``latents.jsonl``."""
    line = {
        "epoch": epoch,
        "kl": [round(float(value), 5) for value in latents.kl],
        "mutual_information": round(latents.mutual_information, 5),
        "marginal_kl": round(latents.marginal_kl, 5),
        "images": latents.images,
    }
    geometry = {name: getattr(latents, name) for name in GEOMETRY}
    # JSON has no NaN.
    line |= {name: round(value, 5) for name, value in geometry.items() if not math.isnan(value)}
    return json.dumps(line)


def read_latent_lines(folder: Path) -> Lines[LatentLine]:
    """Read ``latents.jsonl`` of a run folder.

    Unreadable lines, and lines whose number of dimensions is not the most common, are skipped.
    """
    lines = read_lines(folder / FILE, _LINE)
    sizes = Counter(len(line.kl) for line in lines.records)
    if len(sizes) < 2:
        return lines
    size = sizes.most_common(1)[0][0]
    fitting = tuple(line for line in lines.records if len(line.kl) == size)
    return Lines(fitting, lines.damaged + len(lines.records) - len(fitting))


def latents_of(lines: Sequence[LatentLine]) -> LatentCurves | None:
    """Return the curves of lines in any order; None if there are none."""
    log = LatentLog()
    for line in sorted(lines, key=lambda line: line.epoch):
        measured = line.model_dump(exclude={"epoch", "kl"}, exclude_none=True)
        log.add(line.epoch, LatentStatistics(kl=np.array(line.kl, np.float64), **measured))
    return log.view()
