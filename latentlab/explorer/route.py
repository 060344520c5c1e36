"""Walking a route: which leg a step belongs to, and which label it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.interpolation.curves import ease, lerp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.session.points import LatentPath, Point

Curve = Callable[["NDArray[np.float64]"], "NDArray[np.float32]"]
"""From shares of a leg, shape (n,), to its points, shape (n, D)."""
HALF = 0.5 + 1e-9


def walk(ends: LatentPath, curves: Sequence[Curve]) -> tuple[Point, ...]:
    """Return the steps of a route, evenly in time, given the curve of each of its legs.

    A step has the label of the stop that is nearer in time.
    """
    stops = ends.stops()
    times = np.array([stop.time for stop in stops])
    now = np.linspace(0.0, 1.0, ends.steps)
    legs = np.clip(np.searchsorted(times, now, side="right") - 1, 0, len(curves) - 1)
    lasts = np.maximum(times[legs + 1] - times[legs], 1e-12)
    share = np.clip((now - times[legs]) / lasts, 0.0, 1.0)
    eased = ease(share, ends.easing)
    z = np.empty((ends.steps, len(ends.a.z)), np.float32)
    for leg, curve in enumerate(curves):
        z[legs == leg] = curve(eased[legs == leg])
    labels = [
        stops[leg + int(gone > HALF)].point.label
        for leg, gone in zip(legs.tolist(), share.tolist(), strict=True)
    ]
    return tuple(
        replace(ends.a, z=tuple(row), label=y) for row, y in zip(z.tolist(), labels, strict=True)
    )


def straight_route(ends: LatentPath) -> tuple[Point, ...]:
    """Return the steps of a route whose legs are straight."""
    return walk(ends, [_line(a.point, b.point) for a, b in pairwise(ends.stops())])


def _line(a: Point, b: Point) -> Curve:
    return lambda share: lerp(a.z, b.z, share)
