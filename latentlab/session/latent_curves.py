"""What the latent dimensions carry, epoch by epoch; grows while a run goes on."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import FailFast, Field, TypeAdapter

from latentlab.json_files import Count, Lines, Record, read_lines
from latentlab.learning.events import Latents, is_active
from latentlab.session.curves import Loss

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "latents.jsonl"
MOST_DIMENSIONS = 1 << 16
GEOMETRY = ("same_class", "by_chance", "by_pixels", "unevenness")
"""What runs of earlier versions, and runs without classes, do not know."""
SERIES = ("epochs", "kl", "mutual_information", "marginal_kl", *GEOMETRY)


class LatentLine(Record):
    """One line of ``latents.jsonl``: see `Latents`."""

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


@dataclass(frozen=True, slots=True)
class LatentCurves:
    """`Latents` of E epochs.

    Parameters
    ----------
    epochs : ndarray of float64, shape (E,)
        When, ascending.
    kl : ndarray of float64, shape (E, D)
        Nats per image of each dimension.
    mutual_information, marginal_kl : ndarray of float64, shape (E,)
        The two parts of the mean KL, nats.
    same_class, by_chance, by_pixels, unevenness : ndarray of float64, shape (E,)
        How the codes lie, as `Latents` says it; NaN where it is not known.
    images : int
        How many images the aggregate posterior is made of.
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
        """How many dimensions are active, shape (E,)."""
        return is_active(self.kl).sum(1)


class LatentLog:
    """Collects the latents of one epoch after another.

    Parameters
    ----------
    curves : LatentCurves, optional
        What it begins with.
    """

    def __init__(self, curves: LatentCurves | None = None) -> None:
        self._curves = curves

    def add(self, epoch: int, latents: Latents) -> None:
        """Append one epoch; another number of dimensions begins anew."""
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
        """Return all so far; None where there is nothing yet."""
        return self._curves


def latents_line(epoch: int, latents: Latents) -> str:
    """Return one line of ``latents.jsonl``."""
    line = {
        "epoch": epoch,
        "kl": [round(float(value), 5) for value in latents.kl],
        "mutual_information": round(latents.mutual_information, 5),
        "marginal_kl": round(latents.marginal_kl, 5),
        "images": latents.images,
    }
    known = {name: getattr(latents, name) for name in GEOMETRY}
    # JSON has no NaN.
    line |= {name: round(value, 5) for name, value in known.items() if not math.isnan(value)}
    return json.dumps(line)


def read_latent_lines(folder: Path) -> Lines[LatentLine]:
    """Read ``latents.jsonl`` of a run folder; lines that cannot be read are left out.

    So are those that have another number of dimensions than most.
    """
    lines = read_lines(folder / FILE, _LINE)
    sizes = Counter(len(line.kl) for line in lines.records)
    if len(sizes) < 2:
        return lines
    size = sizes.most_common(1)[0][0]
    fitting = tuple(line for line in lines.records if len(line.kl) == size)
    return Lines(fitting, lines.damaged + len(lines.records) - len(fitting))


def latents_of(lines: Sequence[LatentLine]) -> LatentCurves | None:
    """Return the curves of what was measured, in any order; None where nothing was."""
    log = LatentLog()
    for line in sorted(lines, key=lambda line: line.epoch):
        measured = line.model_dump(exclude={"epoch", "kl"}, exclude_none=True)
        log.add(line.epoch, Latents(kl=np.array(line.kl, np.float64), **measured))
    return log.view()
