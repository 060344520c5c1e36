"""The run in training, the queue and the log of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from latentlab.learning.events import Change, EpochPreview, Precision
    from latentlab.session.curves.curves import Curves
    from latentlab.session.curves.latent_curves import LatentCurves
    from latentlab.session.diagnosis.finding import Finding


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
    together : str
        Runs with the same text learn together in one process, as on a GPU; empty to learn alone.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    epochs: int | None = None
    into: Path | None = None
    threads: int | None = None
    precision: Precision | None = None
    together: str = ""


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """Run whose curves are plotted with those of the open one."""

    name: str
    path: Path
    curves: Curves = field(repr=False, compare=False)


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
