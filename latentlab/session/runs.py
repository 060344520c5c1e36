"""Runs, past and under way: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Priority, Request, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.learning.events import Change, EpochPreview
    from latentlab.session.curves import Curves
    from latentlab.session.latent_curves import LatentCurves


@dataclass(frozen=True, slots=True)
class Entry:
    """A model in the library.

    Parameters
    ----------
    name, detail : str
        Its name and a line about it.
    path : Path
        Its run folder.
    shipped : bool
        Whether it came with the program.
    thumbnail : ndarray of uint8 or None
        A picture of its samples.
    epoch, epochs : int
        How many it has had, of how many in all; 0 where that is not known.
    resumable : bool
        Whether training can go on exactly where it stood.
    failure : str
        What ended its training before its time; empty where nothing did.
    damage : str
        Why it cannot be opened; empty where it can.
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


@dataclass(frozen=True, slots=True)
class Run:
    """Training under way.

    Parameters
    ----------
    phase : str
        ``"loading"``, ``"training"``, ``"paused"`` or ``"stopping"``.
    message : str
        What is being done, while loading.
    fraction : float or None
        How much of the whole is done.
    resumed : bool
        Whether it goes on with a run that was there before, and so cannot be discarded.
    """

    phase: str = "loading"
    message: str = "Starting"
    fraction: float | None = None
    device: str = ""
    epoch: int = 0
    epochs: int = 0
    seconds_per_epoch: float | None = None
    seconds_left: float | None = None
    images_per_second: float = 0.0
    validation_loss: float | None = None
    best_loss: float | None = None
    best_epoch: int = 0
    plateau: int = 0
    patience: int = 0
    memory: int = 0
    recipe: Mapping[str, Any] = field(default_factory=dict, compare=False)
    folder: Path | None = None
    resumed: bool = False

    @property
    def epochs_done(self) -> float:
        """How many epochs it has trained."""
        return self.epochs * (self.fraction or 0.0)


@dataclass(frozen=True, slots=True)
class Message:
    """What was done, and how to take it back where that can be.

    Parameters
    ----------
    text : str
        One line.
    undo : callable, optional
        Takes it back; called on the GUI thread.
    """

    text: str
    undo: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something to try, as changes of the recipe: pairs of a dotted key and a value."""

    text: str
    changes: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a run's own numbers say about it.

    Parameters
    ----------
    key : str
        Names the check, such as ``collapse``.
    level : str
        ``"fine"``, ``"watch"`` or ``"trouble"``.
    title : str
        One sentence in plain words.
    evidence : str
        The numbers it rests on.
    remedies : tuple of Remedy
        What to try, the first choice first.
    """

    key: str
    level: str
    title: str
    evidence: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class RunLog:
    """What a run folder tells of its run so far.

    Parameters
    ----------
    curves, changes, latents : Curves, tuple of Change, LatentCurves or None
        What was measured, and what was changed under way.
    moments : tuple of int
        Epochs whose portraits were kept.
    portrait : Portrait or None
        The last of them.
    findings : tuple of Finding
        What all this says.
    """

    curves: Curves = field(default_factory=dict, repr=False)
    changes: tuple[Change, ...] = ()
    latents: LatentCurves | None = None
    moments: tuple[int, ...] = ()
    portrait: EpochPreview | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """Training in the window.

    Parameters
    ----------
    run : Run or None
        The run under way.
    following : bool
        Whether the window shows the model that it trains.
    queue : tuple of mapping
        The recipes that wait.
    rhythm : float
        Seconds between two looks at a model under training.
    """

    run: Run | None = None
    following: bool = True
    queue: tuple[Mapping[str, Any], ...] = ()
    rhythm: float = 1.0


@dataclass(frozen=True, slots=True)
class Draft:
    """The recipe in the training form; ``problem`` says why it cannot be trained, if so."""

    values: Mapping[str, Any] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What is to be trained: a recipe anew, or an earlier run further.

    Parameters
    ----------
    recipe : dict
        As plain values, for a new run.
    folder : Path or None
        The run to go on with.
    epochs : int or None
        Epochs in all, where the earlier run is to have others than before.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    epochs: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A run whose curves are drawn beside those of the open one."""

    name: str
    path: Path
    curves: Curves = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ListLibrary(Request["tuple[Entry, ...]"]):
    """Look which models there are."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class MovedRun:
    """What a run is called that was discarded or restored, and the folder in which it is now."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Discard(Write["MovedRun"]):
    """Move a cancelled run out of the library, to where `Restore` finds it."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Restore(Write["MovedRun"]):
    """Move a discarded run back among the runs."""

    folder: Path


@dataclass(frozen=True, slots=True)
class ReadMoment(Request["EpochPreview"]):
    """Look back at how a run looked at the end of an epoch."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    folder: Path
    epoch: int


@dataclass(frozen=True, slots=True)
class Compare(Request["tuple[Compared, ...]"]):
    """Read the curves of runs, to be drawn side by side."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Rename(Write[str]):
    """Call a run something else."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Trash(Write[None]):
    """Move a run to the system's trash."""

    folder: Path
