"""How far off the map a point is: density of codes, the nearest one, and drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.data.base import Loading
from latentlab.latent.support import RARE, USUAL, level_of, posterior_samples, support_of
from latentlab.session.guide import Returns, guide_of
from latentlab.session.ways import Footing

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.latent.support import Ground
    from latentlab.models.base import Model
    from latentlab.session.explorer import Explorer
    from latentlab.session.scene import Point

SAMPLE = 256
"""Codes whose drift says what is usual."""
BATCH = 64
BLIND = 0.02
"""Share of what codes differ by that comes back, below which the decoder shows nothing of z.

Before training it is 0.00 or less, and so it is where all posteriors have collapsed; the shipped
models have 0.96 and more.
"""


def take_footing(explorer: Explorer, point: Point) -> Generator[Loading, None, Footing]:
    """Measure how far off the map a point is."""
    ground = yield from ground_at(explorer, point)
    returns = guide_of(explorer).returns or Returns()
    z = np.array([point.z], np.float32)
    moved = float(drift(explorer.model, z, np.array([point.label or 0]))[0])
    is_blind = not returns.share >= BLIND
    if ground is None:
        nothing = float("nan")
        return Footing(point, None, nothing, nothing, moved, returns.usual, is_blind=is_blind)
    support = support_of(z, ground)
    level = max(float(support.level[0]), float(level_of(moved, returns.usual, returns.rare)))
    density, nearest = float(support.density[0]), float(support.nearest[0])
    return Footing(point, level, density, nearest, moved, returns.usual)


def ground_at(explorer: Explorer, point: Point) -> Generator[Loading, None, Ground | None]:
    """Return what is usual among the codes that a point is to be compared with.

    None where there are too few, or where the decoder shows nothing of them.
    """
    guide = guide_of(explorer)
    if guide.returns is None:
        guide.returns = yield from _returns(explorer)
    if not guide.returns.share >= BLIND:
        return None
    return (yield from guide.ground(point.label))


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
    return np.sqrt(np.square(_moved(model, z, labels)[0]).mean(1))


@torch.inference_mode()
def _moved(
    model: Model, z: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (mu(x̂) - z) / sigma(x̂) and sigma(x̂), both (n, D)."""
    y = torch.from_numpy(labels) if model.conditional else None
    points = torch.from_numpy(z)
    q = model.encode(model.decode(points, y).mean, y)
    sigma = q.stddev.clamp_min(1e-6)
    return ((q.mean - points) / sigma).double().numpy(), sigma.double().numpy()


def _returns(explorer: Explorer) -> Generator[Loading, None, Returns]:
    codes = explorer.codes
    z, rows = posterior_samples(codes.mu, codes.sigma, SAMPLE)
    labels = np.zeros(len(codes), np.int64) if codes.labels is None else codes.labels
    parts = []
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        parts.append(_moved(explorer.model, z[part], labels[rows[part]]))
        yield Loading("Looking at the codes", start / len(rows))
    if len(rows) < 2:
        return Returns()
    moved, sigma = map(np.concatenate, zip(*parts, strict=True))
    usual, rare = np.quantile(np.sqrt(np.square(moved).mean(1)), [USUAL, RARE])
    spread = np.square((z - z.mean(0)) / sigma).sum()
    return Returns(float(usual), float(rare), float(1 - np.square(moved).sum() / spread))
