"""How far off the map a point is: density of codes, the nearest one, and drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.data.base import Loading
from latentlab.latent.support import RARE, USUAL, level_of, posterior_samples, support_of
from latentlab.session.guide import guide_of
from latentlab.session.ways import Footing

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.models.base import Model
    from latentlab.session.explorer import Explorer
    from latentlab.session.scene import Point

SAMPLE = 256
"""Codes whose drift says what is usual."""
BATCH = 64


def take_footing(explorer: Explorer, point: Point) -> Generator[Loading, None, Footing]:
    """Measure how far off the map a point is."""
    guide = guide_of(explorer)
    ground = yield from guide.ground()
    if guide.usual_drift is None:
        guide.usual_drift = yield from _usual_drift(explorer)
    z = np.array([point.z], np.float32)
    moved = float(drift(explorer.model, z, np.array([point.label or 0]))[0])
    if ground is None:
        return Footing(point, None, float("nan"), float("nan"), moved, guide.usual_drift[0])
    support = support_of(z, ground)
    level = max(float(support.level[0]), float(level_of(moved, *guide.usual_drift)))
    density, nearest = float(support.density[0]), float(support.nearest[0])
    return Footing(point, level, density, nearest, moved, guide.usual_drift[0])


@torch.inference_mode()
def drift(model: Model, z: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Say how far points move when decoded and encoded again.

    Parameters
    ----------
    model : Model
        Whose decoder and encoder.
    z : ndarray of float32, shape (n, D)
        Points.
    labels : ndarray of int64, shape (n,)
        Classes, for a conditional model.

    Returns
    -------
    ndarray of float64, shape (n,)
        Root mean square over dimensions of (mu(x̂) - z) / sigma(x̂), x̂ the decoded mean.
    """
    y = torch.from_numpy(labels) if model.conditional else None
    points = torch.from_numpy(z)
    q = model.encode(model.decode(points, y).mean, y)
    away = (q.mean - points) / q.stddev.clamp_min(1e-6)
    return away.square().mean(1).sqrt().double().numpy()


def _usual_drift(explorer: Explorer) -> Generator[Loading, None, tuple[float, float]]:
    """Return the drifts that 90 % and 99 % of the posteriors' samples stay below."""
    codes = explorer.codes
    z, rows = posterior_samples(codes.mu, codes.sigma, SAMPLE)
    labels = np.zeros(len(codes), np.int64) if codes.labels is None else codes.labels
    found = []
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        found.append(drift(explorer.model, z[part], labels[rows[part]]))
        yield Loading("Looking at the codes", start / len(rows))
    if not found:
        return 1.0, 2.0
    usual, rare = np.quantile(np.concatenate(found), [USUAL, RARE])
    return float(usual), float(rare)
