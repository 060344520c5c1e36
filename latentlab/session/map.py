"""The map: its planes, overlays, colours and selections. Records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from latentlab.latent.nearest import NEIGHBOURS, blend
from latentlab.latent.planes import Frame, axes_frame
from latentlab.session.request import Lifetime, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from weakref import ReferenceType

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.session.colourings import Measure, Measured
    from latentlab.session.points import Point
    from latentlab.session.selection import Selection
    from latentlab.session.state import State


@dataclass(frozen=True, eq=False)
class Draws:
    """One draw of each q(z|x), where it stands on a plane.

    Parameters
    ----------
    frame : Frame
        The plane.
    xy : ndarray of float32, shape (N, 2)
        Places.
    """

    frame: Frame
    xy: NDArray = field(repr=False)


@dataclass(frozen=True, eq=False)
class Holes:
    """How much of what the prior expects is missing on a plane.

    Parameters
    ----------
    frame : Frame
        The plane.
    missing : ndarray of float64, shape (n, n)
        From 0 to 1; see `latentlab.latent.prior_holes.holes`.
    reach : float
        The grid goes from -reach to reach.
    """

    frame: Frame
    missing: NDArray = field(repr=False)
    reach: float


class Layout(StrEnum):
    """Kinds of view."""

    AXES = "dimensions"
    PCA = "PCA"
    PLANE = "plane"
    DIRECTIONS = "directions"
    TSNE = "t-SNE"
    UMAP = "UMAP"


@dataclass(frozen=True, eq=False)
class View:
    """Where codes are drawn, and what lies under any place of the map.

    Parameters
    ----------
    layout : Layout
        Its kind.
    frame : Frame
        The plane; behind a picture of neighbourhoods the plane looked at last.
    xy : ndarray of float32, shape (N, 2), or None
        Where each image is drawn, where no plane says so.
    anchors : ndarray of int64, shape (M,), or None
        Rows that were laid out themselves; the others stand where their nearest ones do.
    codes : weak reference to Codes, or None
        What it was computed from, for one of ``MADE``; weak, since undo keeps views.
    """

    layout: Layout
    frame: Frame
    xy: NDArray[np.float32] | None = None
    anchors: NDArray[np.int64] | None = None
    codes: ReferenceType[Codes] | None = field(default=None, repr=False)

    @property
    def is_plane(self) -> bool:
        """Whether what lies under a place decodes exactly."""
        return self.xy is None

    @property
    def inverse(self) -> str:
        """What is decoded under the cursor, in words."""
        return "exact plane" if self.is_plane else f"blend of the {NEIGHBOURS} nearest codes"

    def is_made_of(self, codes: Codes) -> bool:
        """Say whether it was computed from these codes."""
        return self.codes is not None and self.codes() is codes

    def suits(self, codes: Codes) -> bool:
        """Say whether it can show these codes."""
        fits = self.xy is None or len(self.xy) == len(codes)
        return fits and self.frame.size == codes.mu.shape[1]

    def places(self, codes: Codes) -> NDArray[np.float32]:
        """Return where all codes are drawn, with shape (N, 2)."""
        return self.frame.place(codes.mu) if self.xy is None else self.xy

    def place(self, z: Sequence[float], codes: Codes) -> tuple[float, float]:
        """Return where a point is drawn."""
        if self.xy is None or self.anchors is None:
            return self.frame.spot(z)
        x, y = blend(z, codes.mu[self.anchors], self.xy[self.anchors]).tolist()
        return x, y

    def lift(self, x: float, y: float, z: Sequence[float], codes: Codes) -> tuple[float, ...]:
        """Return the point under a place; off a plane it agrees with `z`."""
        if self.xy is None or self.anchors is None:
            return tuple(self.frame.lift(np.array([[x, y]]), z)[0].tolist())
        return tuple(blend((x, y), self.xy[self.anchors], codes.mu[self.anchors]).tolist())


def point_under(state: State, x: float, y: float, point: Point) -> Point:
    """Return the point under a place of the map; off a plane it agrees with `point`."""
    if state.codes is None or not state.view.suits(state.codes):
        return point
    return point.at(state.view.lift(x, y, point.z, state.codes))


def place_of(state: State, point: Point) -> tuple[float, float]:
    """Return where a point stands on the map."""
    if state.codes is None or not state.view.suits(state.codes):
        return state.view.frame.spot(point.z)
    return state.view.place(point.z, state.codes)


def axes_view(i: int, j: int, size: int) -> View:
    """Return the view of two of `size` latent dimensions."""
    return View(Layout.AXES, axes_frame(i, j, size))


MADE = frozenset({Layout.PCA, Layout.TSNE, Layout.UMAP})
"""Layouts that depend on the codes, and so are made anew when those move."""


@dataclass(frozen=True, slots=True)
class MakeView(Request["View"]):
    """Lay the codes out anew.

    Parameters
    ----------
    layout : Layout
        How; one of ``MADE``.
    like : View
        The view until now. One of the same layout is where the new one begins, and what it is
        turned to agree with.
    """

    layout: Layout
    like: View = field(compare=False)


@dataclass(frozen=True, slots=True)
class DrawPosteriors(Request["Draws"]):
    """Draw each q(z|x) once, and place the draws on a plane."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    frame: Frame


@dataclass(frozen=True, slots=True)
class FindHoles(Request["Holes"]):
    """Compare the density of codes on a plane with that of the prior."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    frame: Frame


@dataclass(frozen=True, slots=True)
class MakeMeasured(Request["Measured"]):
    """Find groups or density among the codes.

    Parameters
    ----------
    measure : Measure
        Which.
    count : int
        How many groups of k-means, or the fewest codes of a group of HDBSCAN.
    """

    measure: Measure
    count: int = 10


@dataclass(frozen=True, slots=True)
class SaveSelection(SaveFile):
    """Write the chosen images as a table: row, class, attributes and code of each."""

    selection: Selection
    codes: Codes = field(repr=False)
    names: tuple[str, ...]
    path: Path
