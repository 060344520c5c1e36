"""A classifier of images, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.latent.planes import Plane
    from latentlab.session.points import Point


@dataclass(frozen=True, slots=True)
class ClassifierCard:
    """Description of an open classifier.

    Parameters
    ----------
    path : Path
        Its file.
    class_names : tuple of str
        Names of its classes.
    note : str
        How the file was understood, in sentences.
    """

    path: Path
    class_names: tuple[str, ...]
    note: str = ""

    @property
    def name(self) -> str:
        """Display name."""
        return self.path.stem


@dataclass(frozen=True, eq=False)
class Decisions:
    """Most probable class, an index of int64, and its probability, of each of N images."""

    labels: NDArray[np.int64] = field(repr=False)
    confidence: NDArray[np.float32] = field(repr=False)

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class PlaneDecisions:
    """Decisions on the decoded images of a plane.

    Parameters
    ----------
    frame : Plane
        The plane.
    labels, confidence : ndarray of int64 and float32, shape (n, n)
        Most probable class and its probability; the first row is the upper one.
    reach : float
        The cells span [-reach, reach] along both axes.
    """

    frame: Plane
    labels: NDArray[np.int64] = field(repr=False)
    confidence: NDArray[np.float32] = field(repr=False)
    reach: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Nearest point with another decision, with the decisions at both points.

    ``point`` is None if none was found; ``distance`` is that between the points in latent space.
    """

    point: Point | None
    before: str
    after: str = ""
    distance: float = 0.0
