"""Questions about the open model, A, beside a second one, B.

Each is answered with the whole `Comparison`, in which what was asked for is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.scene import Original, Point

SAMPLES = 50
"""Draws of z per image, where it is one image."""


@dataclass(frozen=True, slots=True)
class OpenSecond(Request):
    """Load B, or with no path let it go; where it cannot be had, the answer says why."""

    field: ClassVar[str] = "comparison"
    urgency: ClassVar[int] = 2
    path: Path | None


@dataclass(frozen=True, slots=True)
class LinkPoint(Request):
    """Decode one z with both; B is asked for a class of its own where it needs one."""

    field: ClassVar[str] = "comparison"
    urgency: ClassVar[int] = 3
    point: Point
    label: int | None = None


@dataclass(frozen=True, slots=True)
class LinkImage(Request):
    """Encode and rebuild one image with both; long work."""

    field: ClassVar[str] = "comparison"
    urgency: ClassVar[int] = 3
    original: Original
    label: int | None = None
    """The class that B is told of a picture that has none."""
    samples: int = SAMPLES


@dataclass(frozen=True, slots=True)
class ShowColumns(Request):
    """Rebuild some images of the map with both."""

    field: ClassVar[str] = "comparison"
    urgency: ClassVar[int] = 4
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Summarise(Request):
    """Measure both on the same held-out images; long work."""

    field: ClassVar[str] = "comparison"
    urgency: ClassVar[int] = 9
    images: int = 500
    samples: int = 10
    seed: int = 0
