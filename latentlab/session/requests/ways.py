"""Questions about ways between points, and how well data supports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.latent.paths import Way
    from latentlab.session.scene import Ends, Point
    from latentlab.session.ways import TraversalSettings


@dataclass(frozen=True, slots=True)
class MakeWays(Request):
    """Decode ways of several kinds, and measure their support."""

    field: ClassVar[str] = "ways"
    urgency: ClassVar[int] = 6
    ends: Ends
    kinds: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class MakeGeodesic(Request):
    """Find the way whose pictures change least: it takes longest, and so is asked for apart."""

    field: ClassVar[str] = "geodesic"
    urgency: ClassVar[int] = 7
    ends: Ends


@dataclass(frozen=True, slots=True)
class TakeFooting(Request):
    """Measure how far off the map a point is."""

    field: ClassVar[str] = "footing"
    modest: ClassVar[bool] = True
    urgency: ClassVar[int] = 6
    point: Point


@dataclass(frozen=True, slots=True)
class MakeBlend(Request):
    """Decode (A - B)·t + C; a slot is a point, a picture's file, or the row of an image."""

    field: ClassVar[str] = "blend"
    urgency: ClassVar[int] = 3
    slots: tuple[Point | Path | int, Point | Path | int, Point | Path | int]
    strength: float = 1.0
    label: int | None = None


@dataclass(frozen=True, slots=True)
class MakeTraversal(Request):
    """Decode a sheet in which each dimension is varied on its own."""

    field: ClassVar[str] = "traversal"
    modest: ClassVar[bool] = True
    urgency: ClassVar[int] = 4
    point: Point
    settings: TraversalSettings
