"""What the map draws from whole posteriors, as frozen records. No torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.frames import Frame


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
        From 0 to 1; see `latentlab.latent.holes.holes`.
    reach : float
        The grid goes from -reach to reach.
    """

    frame: Frame
    missing: NDArray = field(repr=False)
    reach: float
