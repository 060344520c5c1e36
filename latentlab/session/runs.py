"""Past and current runs: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, ClassVar, override

from latentlab.session.library.comparable import Scale
from latentlab.session.library.notes import Notes
from latentlab.session.request import Lifetime, Priority, Request, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.learning.events import Change, EpochPreview, Precision
    from latentlab.session.curves.curves import Curves
    from latentlab.session.curves.latent_curves import LatentCurves


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
class Run:
    """Progress of the current training run.

    Parameters
    ----------
    phase : str
        ``"loading"``, ``"training"``, ``"paused"`` or ``"stopping"``.
    message : str
        Current step while loading.
    fraction : float or None
        Fraction of all epochs done.
    rate, distortion : float or None
        Parts of the validation loss of the last complete epoch.
    scheduled : mapping of str to float
        Present value of everything that a schedule may change, by its dotted key.
    resumed : bool
        Whether it continues an existing run, and so cannot be discarded.
    """

    phase: str = "loading"
    message: str = "Starting"
    fraction: float | None = None
    device: str = ""
    precision: Precision | None = None
    epoch: int = 0
    epochs: int = 0
    seconds_per_epoch: float | None = None
    seconds_left: float | None = None
    images_per_second: float = 0.0
    validation_loss: float | None = None
    rate: float | None = None
    distortion: float | None = None
    best_loss: float | None = None
    best_epoch: int = 0
    plateau: int = 0
    patience: int = 0
    memory: int = 0
    scheduled: Mapping[str, float] = field(default_factory=dict, compare=False)
    recipe: Mapping[str, Any] = field(default_factory=dict, compare=False)
    folder: Path | None = None
    resumed: bool = False

    @property
    def epochs_done(self) -> float:
        """Number of epochs trained, including a fraction of the current one."""
        return self.epochs * (self.fraction or 0.0)


@dataclass(frozen=True, slots=True)
class Message:
    """Status message with an optional undo action.

    Parameters
    ----------
    text : str
        One line.
    undo : callable, optional
        Reverts the action; called on the GUI thread.
    replaces : bool
        Whether an earlier message with the same text is out of date, with its undo action. It is
        not if each is about another thing, such as runs that were removed one after another.
    """

    text: str
    undo: Callable[[], None] | None = None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Remedy:
    """Suggested changes of the recipe: pairs of a dotted key and a value."""

    text: str
    changes: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one diagnostic check of a run.

    Parameters
    ----------
    key : str
        Name of the check, such as ``collapse``.
    level : str
        ``"fine"``, ``"advice"``, ``"watch"`` or ``"trouble"``.
    title : str
        One sentence.
    evidence : str
        Measurements that support it.
    remedies : tuple of Remedy
        Suggested remedies, the best first.
    """

    key: str
    level: str
    title: str
    evidence: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class RunLog:
    """Log of a run, read from its folder.

    Parameters
    ----------
    curves, changes, latents : Curves, tuple of Change, LatentCurves or None
        Losses, changes of settings during training, and latent statistics.
    moments : tuple of int
        Epochs with a saved preview.
    portrait : EpochPreview or None
        Preview of the last of them.
    findings : tuple of Finding
        Diagnosis of the run.
    """

    curves: Curves = field(default_factory=dict, repr=False)
    changes: tuple[Change, ...] = ()
    latents: LatentCurves | None = None
    moments: tuple[int, ...] = ()
    portrait: EpochPreview | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """Training state of the window.

    Parameters
    ----------
    run : Run or None
        The current run.
    following : bool
        Whether the window shows the model under training.
    queue : tuple of mapping
        Queued recipes.
    rhythm : float
        Seconds between two updates of the shown weights.
    beside : tuple of Run
        Runs of the queue that train beside the current one.
    """

    run: Run | None = None
    following: bool = True
    queue: tuple[Mapping[str, Any], ...] = ()
    rhythm: float = 1.0
    beside: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """Recipe in the training form; ``problem`` is the reason why it cannot be trained, if any."""

    values: Mapping[str, Any] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """Training job: a new run of a recipe, or the continuation of an earlier run.

    Parameters
    ----------
    recipe : dict
        Plain values, for a new run.
    folder : Path or None
        Run folder to resume.
    epochs : int or None
        New total number of epochs of a resumed run; None keeps it.
    into : Path or None
        Folder of a new run; None for a new folder in the library.
    threads : int or None
        Threads to compute with beside other runs; None for a run that trains alone.
    precision : str or None
        Precision if its recipe leaves it open, such as that of the run before in the queue; None to
        choose the faster one.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    epochs: int | None = None
    into: Path | None = None
    threads: int | None = None
    precision: Precision | None = None


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """Run whose curves are plotted with those of the open one."""

    name: str
    path: Path
    curves: Curves = field(repr=False, compare=False)


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
class ReadEpochPreview(Request["EpochPreview"]):
    """Read the preview of a run at the end of an epoch."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    folder: Path
    epoch: int


@dataclass(frozen=True, slots=True)
class Compare(Request["tuple[ComparedRun, ...]"]):
    """Read the curves of runs for comparison."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Rename(Write[str]):
    """Rename a run."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Trash(Write[None]):
    """Move a run to the system's trash."""

    folder: Path
