"""A round tour through cluster centres, as a path: its request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from latentlab.session.abilities import DECODER, Abilities
from latentlab.session.points import Key, LatentPath, Loop
from latentlab.session.request import Priority, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.points import Point

STEPS_PER_STOP, MAX_STEPS = 8, 120
CLUSTERS = (5, 10, 20)
"""Numbers of clusters that the window offers."""


@dataclass(frozen=True, slots=True)
class PlanTour(Request["LatentPath"]):
    """Plan the shortest round tour through the centres of clusters of the codes.

    Parameters
    ----------
    point : Point
        Its label is that of the tour through clusters, for a conditional model.
    clusters : int
        Number of clusters of k-means; 0 for the means of the classes.
    """

    needs: ClassVar[Abilities] = DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    point: Point
    clusters: int = 0


def tour_path(points: Sequence[Point]) -> LatentPath:
    """Return the round path through points, which has the same speed from each to the next."""
    z = np.array([point.z for point in points])
    lengths = np.linalg.norm(np.diff(z, axis=0), axis=1)
    total = max(float(lengths.sum()), 1e-12)
    times = (np.cumsum(lengths) / total).tolist()
    steps = min(MAX_STEPS, STEPS_PER_STOP * len(points))
    keys = [Key(time, point) for time, point in zip(times, points[1:-1], strict=False)]
    return LatentPath(points[0], points[-1], steps, tuple(keys), loop=Loop.ROUND)
