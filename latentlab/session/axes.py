"""Lines through latent space along which z can be moved, and pictures along them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from latentlab.learning.events import is_active

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.latent.dimensions import Components
    from latentlab.session.points import Point, Tiles

MARKS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""Where on an axis pictures are made, in standard deviations."""


class AxisOrder(StrEnum):
    """Which axes to move z along, and which of them first."""

    DIMENSIONS = "in order"
    KL = "by KL"
    COMPONENTS = "PCA"


@dataclass(frozen=True, slots=True)
class Axis:
    """A line through latent space, in units of the data's own spread along it.

    Parameters
    ----------
    key : str
        Tells it from others.
    vector : ndarray, shape (D,)
        Of length 1.
    middle : float
        Where the mean of the data's codes lies along it.
    unit : float
        Standard deviation of the data's codes along it, above 0.
    """

    key: str
    vector: NDArray[np.float64] = field(repr=False, compare=False)
    middle: float
    unit: float

    def position(self, z: Sequence[float] | NDArray[np.float64]) -> float:
        """Return where a point lies along the axis, in standard deviations from the mean."""
        return (float(np.asarray(z) @ self.vector) - self.middle) / self.unit

    def moved(self, z: Sequence[float] | NDArray[np.float64], position: float) -> tuple[float, ...]:
        """Return the point at another position, all that is across the axis kept."""
        by = (position - self.position(z)) * self.unit
        return tuple((np.asarray(z) + by * self.vector).tolist())


@dataclass(frozen=True, slots=True)
class Importance:
    """What each dimension carries, and the principal components of the codes.

    Parameters
    ----------
    codes : Codes
        Of which it was found out.
    kl : ndarray, shape (D,)
        Nats per image that each dimension carries.
    components : Components
        The directions in which codes vary most.
    """

    codes: Codes = field(repr=False, compare=False)
    kl: NDArray[np.float64] = field(repr=False, compare=False)
    components: Components = field(repr=False, compare=False)

    @property
    def by_kl(self) -> list[int]:
        """Dimensions, the one that carries most first."""
        return np.argsort(-self.kl, kind="stable").tolist()

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Which dimensions carry nothing, shape (D,)."""
        return ~is_active(self.kl)


@dataclass(frozen=True, slots=True)
class Strips:
    """Pictures along axes through a point; by the key of each axis, one picture per mark."""

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
    # As narrow as a dimension that does not vary: see `Codes.spread`.
    unit = max(float(components.deviations[place]), 1e-3)
    return Axis(f"PC{place + 1}", vector, float(codes.center @ vector), unit)
