"""What the latent dimensions carry, epoch by epoch; grows while a run goes on."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from latentlab.learning.events import Latents, is_active

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "latents.jsonl"
GEOMETRY = ("same_class", "by_chance", "by_pixels", "unevenness")
"""What runs of earlier versions, and runs without classes, do not know."""
SERIES = ("epochs", "kl", "mutual_information", "marginal_kl", *GEOMETRY)


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


def read_latents(folder: Path) -> LatentCurves | None:
    """Read the latents of a run folder; lines that cannot be read are left out."""
    log = LatentLog()
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        try:
            values = json.loads(line)
            kl = np.array(values.pop("kl"), np.float64)
            values.pop("active", None)  # earlier versions kept it, by another definition
            log.add(int(values.pop("epoch")), Latents(kl=kl, **values))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return log.view()
