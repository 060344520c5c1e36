"""Runs in the library: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import TYPE_CHECKING, ClassVar, override

from latentlab.session.library.comparable import Scale
from latentlab.session.library.notes import Notes
from latentlab.session.request import Lifetime, Request, Write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """Losses of finished runs that differ in their seed only.

    Parameters
    ----------
    runs : int
        Number of runs.
    mean, deviation : float
        Mean and sample standard deviation of the loss, nats per image.
    """

    runs: int
    mean: float
    deviation: float

    @classmethod
    def of(cls, losses: Sequence[float]) -> OverSeeds:
        """Return the statistics of two or more losses."""
        return cls(len(losses), fmean(losses), stdev(losses))

    @override
    def __str__(self) -> str:
        return f"{self.mean:.1f} ± {self.deviation:.1f} ({self.runs})"


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """Run in the library.

    Parameters
    ----------
    name, detail : str
        Name, and model and data set; the reason instead if it is damaged.
    path : Path
        Run folder.
    shipped : bool
        Whether it is included in the program.
    thumbnail : ndarray of uint8 or None
        Image of its samples.
    epoch, epochs : int
        Completed and planned epochs; 0 if unknown.
    resumable : bool
        Whether training can resume from a saved training state.
    failure : str
        Error that ended its training early; empty if there was none.
    damage : str
        Reason why it cannot be opened; empty if it can.
    loss, rate, distortion : float or None
        Validation values of the last epoch, nats per image.
    test : float or None
        Loss of the test images, nats per image.
    over_seeds : OverSeeds or None
        Losses of this and of other runs that differ in their seed only.
    started : float or None
        Start of its training, in seconds since 1970.
    differences : str
        Values of its recipe that most runs of the same model and data set do not share.
    notes : Notes
        Notes and tags of the user.
    provenance : str
        Versions, machine, data and time of its training; empty if unknown.
    scale : Scale
        Data set and likelihood, which decide whether its nats can be compared with others.
    """

    name: str
    detail: str
    path: Path
    shipped: bool
    thumbnail: NDArray[np.uint8] | None = field(repr=False, compare=False, default=None)
    epoch: int = 0
    epochs: int = 0
    resumable: bool = False
    failure: str = ""
    damage: str = ""
    loss: float | None = None
    rate: float | None = None
    distortion: float | None = None
    test: float | None = None
    over_seeds: OverSeeds | None = None
    started: float | None = None
    differences: str = ""
    notes: Notes = field(default=Notes())
    provenance: str = ""
    scale: Scale = field(default=Scale())

    @property
    def negative_elbo(self) -> float | None:
        """Reconstruction + KL, in nats per image: comparable whatever beta and extra terms are."""
        if self.rate is None or self.distortion is None:
            return None
        return self.distortion + self.rate

    @property
    def title(self) -> str:
        """Name, and what tells it from similar runs."""
        return " · ".join(part for part in (self.name, self.differences) if part)

    @property
    def summary(self) -> str:
        """Model, data set, differences and negative ELBO in one line."""
        elbo = "" if self.negative_elbo is None else f"{self.negative_elbo:.1f} nats"
        return " · ".join(part for part in (self.detail, self.differences, elbo) if part)


@dataclass(frozen=True, slots=True)
class ListLibrary(Request["tuple[LibraryEntry, ...]"]):
    """List the runs in the library."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class MovedRun:
    """Name and new folder of a run that was discarded or restored."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Discard(Write["MovedRun"]):
    """Move a cancelled run out of the library; `Restore` undoes it."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Restore(Write["MovedRun"]):
    """Move a discarded run back to the library."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Relink(Write[str]):
    """Point a run whose images moved to them again; the answer says what was found."""

    folder: Path
    path: Path


@dataclass(frozen=True, slots=True)
class Rename(Write[str]):
    """Rename a run."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Trash(Write[None]):
    """Move a run to the system's trash."""

    folder: Path
