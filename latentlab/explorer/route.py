"""Sampling of a path: the segment and the label of each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.condition import label_between
from latentlab.latent.interpolation.curves import ease, lerp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.data.condition import Condition
    from latentlab.session.points import LatentPath, Point

Curve = Callable[["NDArray[np.float64]"], "NDArray[np.float32]"]
"""Map from fractions of a segment, shape (n,), to its points, shape (n, D)."""


def sample_path(
    ends: LatentPath, curves: Sequence[Curve], conditions: Sequence[Condition] = ()
) -> tuple[Point, ...]:
    """Return the steps of a path at equal time intervals, given the curve of each segment.

    A step has the class of the waypoint that is nearer in time; continuous `conditions` change
    evenly in time from one waypoint to the next.
    """
    stops = ends.stops()
    times = np.array([stop.time for stop in stops])
    now = np.linspace(0.0, 1.0, ends.steps)
    segments = np.clip(np.searchsorted(times, now, side="right") - 1, 0, len(curves) - 1)
    durations = np.maximum(times[segments + 1] - times[segments], 1e-12)
    fractions = np.clip((now - times[segments]) / durations, 0.0, 1.0)
    eased = ease(fractions, ends.easing)
    z = np.empty((ends.steps, len(ends.a.z)), np.float32)
    for i, curve in enumerate(curves):
        z[segments == i] = curve(eased[segments == i])
    labels = [
        label_between(conditions, stops[i].point.label, stops[i + 1].point.label, fraction)
        for i, fraction in zip(segments.tolist(), fractions.tolist(), strict=True)
    ]
    return tuple(
        replace(ends.a, z=tuple(row), label=y) for row, y in zip(z.tolist(), labels, strict=True)
    )


def straight_path_points(
    ends: LatentPath, conditions: Sequence[Condition] = ()
) -> tuple[Point, ...]:
    """Return the steps of a path with straight segments; `conditions` as for `sample_path`."""
    lines = [_line(a.point, b.point) for a, b in pairwise(ends.stops())]
    return sample_path(ends, lines, conditions)


def _line(a: Point, b: Point) -> Curve:
    return lambda share: lerp(a.z, b.z, share)
