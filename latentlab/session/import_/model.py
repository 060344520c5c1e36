"""Import of a model of another program: how it was understood, what is open, and the requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.request import Lifetime, Priority, Request, Write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice.

    Parameters
    ----------
    value, title : str
        Value for `choices`, and name on screen.
    error : float or None
        Mean squared error of reconstructed pixels, where black is 0 and white is 1; None if
        unknown.
    """

    value: str
    title: str
    error: float | None = None


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """Something that a file does not say, and how it was decided.

    Parameters
    ----------
    key, title, help : str
        Key for `choices`, name on screen, and one sentence of help.
    options : tuple of Option
        Possible values.
    value : str
        The chosen one.
    reason : str
        Evidence for it, as a sentence.
    is_open : bool
        Whether the evidence does not decide: a person should look at the images.
    """

    key: str
    title: str
    help: str
    options: tuple[Option, ...]
    value: str
    reason: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """How a file of another program was understood.

    Parameters
    ----------
    path : Path
        The file or folder.
    format, summary : str
        Name of the format, and the model in one line.
    choices : tuple of ImportChoice
        What the file does not say.
    remarks : tuple of str
        How it was understood, in sentences.
    parts : tuple of (str, tuple of str)
        Parts of the model, each with its layers.
    unused : tuple of str
        Tensors of the file that the model does not use.
    data : str
        Title of the images below; empty if no images fit.
    originals, reconstructions : ndarray of uint8, shape (N, H, W) or (N, H, W, 3), or None
        Images of `data`, and the same images encoded and decoded. Without an encoder there are no
        originals, and the others are decoded from the prior.
    """

    path: Path
    format: str
    summary: str
    choices: tuple[ImportChoice, ...] = ()
    remarks: tuple[str, ...] = ()
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unused: tuple[str, ...] = ()
    data: str = ""
    originals: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    reconstructions: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ForeignFormat:
    """A format of another program, as drag and drop and file dialogs need it.

    Parameters
    ----------
    title : str
        Name on screen.
    suffixes : tuple of str
        Suffixes of its files, lower case.
    folder_files : tuple of str
        Names of files of which a folder of this format has at least one.
    is_refused : bool
        Whether it is known and cannot be opened.
    """

    title: str
    suffixes: tuple[str, ...] = ()
    folder_files: tuple[str, ...] = ()
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class ListForeignFormats(Request["tuple[ForeignFormat, ...]"]):
    """List the formats of other programs that are known."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.BACKGROUND


@dataclass(frozen=True, slots=True)
class InspectForeign(Request["ForeignModel | None"]):
    """Find out how a file of another program is understood; None if it is none."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    path: Path
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportForeign(Write["Path"]):
    """Convert a file of another program into a run folder; the answer is its path."""

    path: Path
    choices: Mapping[str, str] = field(default_factory=dict)
