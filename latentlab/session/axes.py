"""Axes through latent space along which z moves, and decoded strips along them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from latentlab.learning.events import is_active
from latentlab.session.request import Lifetime, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.latent.dimensions import Components
    from latentlab.latent.local_axes import LocalAxes
    from latentlab.session.points import Point, Tiles

STRIP_POSITIONS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""Positions along an axis at which images are decoded, in standard deviations."""


class AxisOrder(StrEnum):
    """Set and order of the slider axes."""

    DIMENSIONS = "in order"
    KL = "by KL"
    COMPONENTS = "PCA"
    LOCAL = "local PCA"
    JACOBIAN = "decoder at z"


LOCAL_ORDERS = (AxisOrder.LOCAL, AxisOrder.JACOBIAN)
"""Orders whose axes depend on z."""
MAX_AXES = 64
"""Maximum number of local axes."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Line through latent space, in units of the standard deviation of the codes along it.

    Parameters
    ----------
    key : str
        Unique name.
    vector : ndarray, shape (D,)
        Unit vector.
    middle : float
        Mean of the codes projected on `vector`.
    unit : float
        Standard deviation of the codes projected on `vector`, greater than 0.
    """

    key: str
    vector: NDArray[np.float64] = field(repr=False, compare=False)
    middle: float
    unit: float

    def position(self, z: Sequence[float] | NDArray[np.float64]) -> float:
        """Return the coordinate of a point along the axis, in standard deviations from the mean."""
        return (float(np.asarray(z) @ self.vector) - self.middle) / self.unit

    def moved(self, z: Sequence[float] | NDArray[np.float64], position: float) -> tuple[float, ...]:
        """Return the point moved along the axis to a position; other components are unchanged."""
        by = (position - self.position(z)) * self.unit
        return tuple((np.asarray(z) + by * self.vector).tolist())


@dataclass(frozen=True, slots=True)
class DimensionStatistics:
    """KL of each latent dimension, and the principal components of the codes.

    Parameters
    ----------
    codes : Codes
        The codes that were measured.
    kl : ndarray, shape (D,)
        Mean KL of each dimension, nats per image.
    components : Components
        Principal components of the codes.
    """

    codes: Codes = field(repr=False, compare=False)
    kl: NDArray[np.float64] = field(repr=False, compare=False)
    components: Components = field(repr=False, compare=False)

    @property
    def by_kl(self) -> list[int]:
        """Dimensions in descending order of KL."""
        return np.argsort(-self.kl, kind="stable").tolist()

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Mask of the inactive dimensions, shape (D,)."""
        return ~is_active(self.kl)


@dataclass(frozen=True, slots=True)
class AxesAtPoint:
    """Local axes at a point, and the codes that they were computed with."""

    point: Point
    order: AxisOrder
    codes: Codes = field(repr=False, compare=False)
    found: LocalAxes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MeasureLocalAxes(Request["AxesAtPoint"]):
    """Compute the axes that matter at a point: one of `LOCAL_ORDERS`."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    modest: ClassVar[bool] = True
    point: Point
    order: AxisOrder


@dataclass(frozen=True, slots=True)
class Strips:
    """Images decoded along axes through a point: by axis key, one image per entry of `MARKS`."""

    point: Point
    codes: Codes = field(repr=False, compare=False)
    along: Mapping[str, Tiles] = field(repr=False, compare=False)


def dimension_axis(codes: Codes, dimension: int) -> Axis:
    """Return the axis of one latent dimension."""
    vector = np.zeros(codes.mu.shape[1])
    vector[dimension] = 1
    middle, unit = float(codes.center[dimension]), float(codes.spread[dimension])
    return Axis(f"z{dimension + 1}", vector, middle, unit)


def component_axis(codes: Codes, components: Components, place: int) -> Axis:
    """Return the axis of a principal component."""
    vector = components.vectors[place]
    # Same lower bound as for a constant dimension: see `Codes.spread`.
    unit = max(float(components.deviations[place]), 1e-3)
    return Axis(f"PC{place + 1}", vector, float(codes.center @ vector), unit)


def local_axis(made: AxesAtPoint, place: int) -> Axis:
    """Return a local axis, whose middle is the point, in standard deviations of the codes.

    Of a local PCA the deviation is that of the nearest codes.
    """
    vector = made.found.vectors[place]
    if made.order is AxisOrder.LOCAL:
        unit = float(made.found.sizes[place])
    else:
        unit = float(np.sqrt(np.square(vector * made.codes.spread).sum()))
    middle = float(np.asarray(made.point.z) @ vector)
    # Same lower bound as for a constant dimension: see `Codes.spread`.
    return Axis(f"{made.order} {place + 1}", vector, middle, max(unit, 1e-3))
