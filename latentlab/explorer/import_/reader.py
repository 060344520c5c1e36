"""Base class of the readers of foreign models, and their registry.

Every module of this package may register readers; `readers` imports all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, ClassVar

from latentlab.directories import is_checkpoint, is_run
from latentlab.session.import_.model import ForeignFormat

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSpec
    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.models.base import ModelConfig
    from latentlab.session.import_.model import ImportChoice
    from latentlab.work import Progress

PACKAGE = "latentlab.explorer.import_"


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A foreign model in latentlab's terms.

    Parameters
    ----------
    config : ModelConfig
        Model that computes the same.
    weights : mapping of str to ndarray
        Its tensors.
    spec : ImageSpec
        Shape and classes of its images.
    choices : tuple of ImportChoice
        What the file does not say, and how it was decided.
    remarks : tuple of str
        How the file was understood, in sentences.
    parts : tuple of (str, tuple of str)
        Parts of the model, each with its layers, to be shown.
    unused : tuple of str
        Tensors of the file that the model does not use.
    images : FittingImages or None
        Images of its shape and classes; None if there are none.
    fits : bool
        Whether it reconstructs them, so that they are shown with it.
    files : mapping of str to bytes
        Files of the run folder by name: those that the model attaches, and its manifest.
    """

    config: ModelConfig
    weights: Mapping[str, NDArray]
    spec: ImageSpec
    choices: tuple[ImportChoice, ...] = ()
    remarks: tuple[str, ...] = ()
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unused: tuple[str, ...] = ()
    images: FittingImages | None = None
    fits: bool = True
    files: Mapping[str, bytes] = field(default_factory=dict)


class Reader(ABC):
    """Reader of one format; it runs no code of a file.

    Attributes
    ----------
    title : str
        Name of the format.
    suffixes, folder_files : tuple of str
        Suffixes of its files, lower case, and names of files of which its folders have one.
    rank : int
        Readers of lower rank are asked first.
    is_refusal : bool
        Whether `read` only explains why the format cannot be opened.
    """

    title: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    folder_files: ClassVar[tuple[str, ...]] = ()
    rank: ClassVar[int] = 0
    is_refusal: ClassVar[bool] = False

    def matches(self, path: Path) -> bool:
        """Return whether a path is of this format, by its suffix or the files in it."""
        if path.is_dir():
            return any((path / name).is_file() for name in self.folder_files)
        return path.suffix.lower() in self.suffixes

    def files(self, path: Path) -> tuple[Path, ...]:
        """Return the files on which the result of `read` depends; some may not exist."""
        return tuple(sorted(path.iterdir())) if path.is_dir() else (path,)

    @abstractmethod
    def read(
        self, path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...]
    ) -> Generator[Progress, None, ImportedModel]:
        """Read a file or folder.

        Parameters
        ----------
        path : Path
            The file or folder.
        choices : mapping of str to str
            Values that a person chose, by key of an `ImportChoice`; unknown keys are ignored.
        images : tuple of FittingImages
            Images by which to decide what the file does not say.

        Raises
        ------
        RunError
            If it cannot be opened; says why and what to do.
        """


_FOUND: dict[str, Reader] = {}


def register(kind: type[Reader]) -> type[Reader]:
    """Register a reader class."""
    _FOUND[f"{kind.__module__}.{kind.__qualname__}"] = kind()
    return kind


@cache
def _discover() -> None:
    package = import_module(PACKAGE)
    for module in iter_modules(package.__path__, f"{PACKAGE}."):
        import_module(module.name)


def readers() -> tuple[Reader, ...]:
    """Return all readers, in the order in which they are asked."""
    _discover()
    return tuple(sorted(_FOUND.values(), key=lambda each: (each.rank, each.title)))


def find_reader(path: Path) -> Reader | None:
    """Return the reader of a path; None if no format matches, or if latentlab wrote it."""
    if not path.exists() or is_run(path) or is_checkpoint(path):
        return None
    return next((reader for reader in readers() if reader.matches(path)), None)


def formats() -> tuple[ForeignFormat, ...]:
    """Return the known formats."""
    return tuple(
        ForeignFormat(each.title, each.suffixes, each.folder_files, each.is_refusal)
        for each in readers()
    )
