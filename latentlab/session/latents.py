"""What the latent dimensions carry, epoch by epoch; grows while a run goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from latentlab.learning.events import Latents

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "latents.jsonl"


@dataclass(frozen=True, slots=True)
class LatentCurves:
    """`Latents` of E epochs.

    Parameters
    ----------
    epochs : ndarray of float64, shape (E,)
        When, ascending.
    kl : ndarray of float64, shape (E, D)
        Nats per image of each dimension.
    active : ndarray of int64, shape (E,)
        Active dimensions.
    mutual_information, marginal_kl : ndarray of float64, shape (E,)
        The two parts of the mean KL, nats.
    images : int
        How many images the aggregate posterior is made of.
    """

    epochs: NDArray[np.float64] = field(repr=False)
    kl: NDArray[np.float64] = field(repr=False)
    active: NDArray[np.int64] = field(repr=False)
    mutual_information: NDArray[np.float64] = field(repr=False)
    marginal_kl: NDArray[np.float64] = field(repr=False)
    images: int = 0


def gather(rows: list[tuple[int, Latents]]) -> LatentCurves | None:
    """Put the latents of many epochs side by side; None where there are none."""
    if not rows:
        return None
    epochs, latents = zip(*rows, strict=True)
    return LatentCurves(
        np.array(epochs, np.float64),
        np.array([each.kl for each in latents], np.float64),
        np.array([each.active for each in latents]),
        np.array([each.mutual_information for each in latents], np.float64),
        np.array([each.marginal_kl for each in latents], np.float64),
        latents[-1].images,
    )


def latents_line(epoch: int, latents: Latents) -> str:
    """Return one line of ``latents.jsonl``."""
    return json.dumps(
        {
            "epoch": epoch,
            "kl": [round(float(value), 5) for value in latents.kl],
            "active": latents.active,
            "mutual_information": round(latents.mutual_information, 5),
            "marginal_kl": round(latents.marginal_kl, 5),
            "images": latents.images,
        }
    )


def read_latents(folder: Path) -> LatentCurves | None:
    """Read the latents of a run folder; lines that cannot be read are left out."""
    rows = []
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        try:
            values = json.loads(line)
            kl = np.array(values.pop("kl"), np.float64)
            rows.append((int(values.pop("epoch")), Latents(kl=kl, **values)))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return gather([row for row in rows if len(row[1].kl) == len(rows[-1][1].kl)])
