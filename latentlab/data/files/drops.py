"""What the window does with files that are dropped on it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from latentlab.data.files.archive import find_pictures, holds_pictures
from latentlab.data.files.image_file import picture_suffixes
from latentlab.data.files.other_files import advice_of
from latentlab.directories import CODE_SUFFIXES, LESSON_SUFFIX, MODEL_SUFFIXES, is_run
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCENE_SUFFIXES = (".latentlab", ".scene", ".svg", ".pdf", ".mp4")
"""Suffixes of scenes, and of files that can carry one but no pixels to encode."""
MAX_NAMED = 3
"""Maximum number of files that are not taken and listed by name."""
COUNTING_SECONDS = 3.0
"""Time after which counting the images of a folder is given up."""


class ModelFormat(Protocol):
    """What is known of a format of models; see `latentlab.session.import_.model`."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of its files, lower case."""

    @property
    def folder_files(self) -> tuple[str, ...]:
        """Names of files of which a folder of this format has at least one."""

    @property
    def is_refused(self) -> bool:
        """Whether it is known and cannot be opened."""


class DropKind(StrEnum):
    """What a dropped path is; the value says what the window does with it."""

    RUN = "Open as run"
    MODEL = "Open as model"
    CODES = "Open as codes"
    RECIPE = "Use as recipe"
    SCENE = "Open as scene"
    LESSON = "Open as lesson"
    IMAGE = "Encode as image"
    IMAGES = "Use as training data"
    UNKNOWN = "Cannot be opened"


@dataclass(frozen=True, slots=True)
class Drop:
    """The dropped path that is opened.

    Parameters
    ----------
    path : Path
        The first path of a known kind, else the first one.
    kind : DropKind
        What it is.
    others : tuple of Path
        The other paths, which are not used.
    """

    path: Path
    kind: DropKind
    others: tuple[Path, ...] = ()

    @property
    def rest(self) -> str:
        """Sentence that names the paths that are not used; empty if there are none."""
        count = len(self.others)
        if count > MAX_NAMED:
            return f"The other {count} files are not used."
        names = " and ".join(path.name for path in self.others)
        return f"{names} {'is' if count == 1 else 'are'} not used." if names else ""


@dataclass(frozen=True, slots=True)
class DropText:
    """What happens to dropped paths, in words.

    Parameters
    ----------
    title, name, note : str
        Action, such as ``Use 312 images as training data``; name of the path that is opened; and
        advice and the paths that are not used, if any.
    is_known : bool
        Whether the path can be opened.
    """

    title: str
    name: str = ""
    note: str = ""
    is_known: bool = True


def recognize(paths: Sequence[Path], formats: Sequence[ModelFormat] = ()) -> Drop:
    """Return which of several paths is opened, and as what.

    Parameters
    ----------
    paths : sequence of Path
        Dropped paths.
    formats : sequence of ModelFormat
        Formats of models of other programs.
    """
    kinds = [(path, kind_of_path(path, formats)) for path in paths]
    known = [(path, kind) for path, kind in kinds if kind is not DropKind.UNKNOWN]
    path, kind = known[0] if known else kinds[0]
    return Drop(path, kind, tuple(other for other in paths if other != path))


def kind_of_path(path: Path, formats: Sequence[ModelFormat] = ()) -> DropKind:
    """Return what a path is, by its suffix or the files in it."""
    is_model = any(_has_format(path, each) for each in formats if not each.is_refused)
    if holds_pictures(path) and not is_model:
        return DropKind.IMAGES
    if path.is_dir() and not is_model:
        return DropKind.RUN if is_run(path) else DropKind.UNKNOWN
    suffix = path.suffix.lower()
    if suffix in MODEL_SUFFIXES or is_model:
        return DropKind.MODEL
    if suffix in CODE_SUFFIXES:
        return DropKind.CODES
    if suffix == ".toml":
        return DropKind.RECIPE
    if suffix in SCENE_SUFFIXES:
        return DropKind.SCENE
    if suffix == LESSON_SUFFIX:
        return DropKind.LESSON
    # A file without a suffix may be an image: its content decides when it is opened.
    is_image = not suffix or suffix in picture_suffixes()
    return DropKind.IMAGE if is_image else DropKind.UNKNOWN


def _has_format(path: Path, known: ModelFormat) -> bool:
    if path.is_dir():
        return any((path / name).is_file() for name in known.folder_files)
    return path.suffix.lower() in known.suffixes


def describe(drop: Drop) -> DropText:
    """Return what happens to dropped paths.

    The images of a folder are counted, which takes up to `COUNTING_SECONDS`.
    """
    title, note, is_known = str(drop.kind), "", drop.kind is not DropKind.UNKNOWN
    if drop.kind is DropKind.IMAGES:
        title, note, is_known = _count_images(drop.path)
    elif not is_known and drop.path.is_dir():
        note = "It is neither a run nor a folder of images."
    elif not is_known:
        title = f"{title}: {drop.path.suffix}"
        note = advice_of(drop.path.name)
    return DropText(title, drop.path.name, " ".join(filter(None, [note, drop.rest])), is_known)


def _count_images(root: Path) -> tuple[str, str, bool]:
    """Return the title for a folder or ZIP, a note, and whether it holds images."""
    search, end = find_pictures(root), time.monotonic() + COUNTING_SECONDS
    try:
        while time.monotonic() < end:
            next(search)
    except StopIteration as done:
        source = done.value
        source.close()
        count = len(source.entries)
        images = "1 image" if count == 1 else f"{count:,} images"
        return f"Use {images} as training data", " ".join(source.notes), True
    except DataError as error:
        return str(DropKind.UNKNOWN), f"It holds no images. {error.advice}", False
    search.close()
    return str(DropKind.IMAGES), "", True
