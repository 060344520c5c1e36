"""The formats that can be written, by ending, and the requests for files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.errors import RunError, one_of
from latentlab.session.request import Lifetime, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latentlab.session.form import Field
    from latentlab.session.points import Tiles
    from latentlab.session.runs import Compared

NAMES = {
    "png": "PNG picture (*.png)",
    "jpg": "JPEG picture (*.jpg *.jpeg)",
    "webp": "WebP picture or film (*.webp)",
    "tiff": "TIFF picture (*.tiff *.tif)",
    "gif": "Animated GIF (*.gif)",
    "svg": "SVG drawing (*.svg)",
    "pdf": "PDF page (*.pdf)",
    "csv": "Table of numbers (*.csv)",
    "json": "Numbers with names (*.json)",
}
"""Each format's ending and its name in a save dialog."""
SAME = {"jpeg": "jpg", "tif": "tiff"}
"""Other endings of the same formats."""

PICTURES = ("png", "jpg", "webp", "tiff")
TILES = (*PICTURES, "gif")
"""What a sheet of pictures is written as: a GIF shows them one after another."""
STEPS = ("gif", "webp", "png", "jpg", "tiff")
"""What the steps of a way are written as; the first two move."""
MOVING = ("gif", "webp")
FIGURES = ("png", "svg", "pdf", "csv")
TABLES = ("csv",)


def format_of(path: Path) -> str:
    """Return the format that a file's ending stands for, as `NAMES` has it; may be unknown."""
    ending = path.suffix.lower().lstrip(".")
    return SAME.get(ending, ending)


def check_ending(path: Path, formats: Sequence[str]) -> str:
    """Return the format of a file to be written.

    Raises
    ------
    RunError
        Where its ending is none of `formats`, or there is a folder of its name.
    """
    if path.is_dir():
        advice = f"Add a file's name that ends in {_endings(formats)}."
        raise RunError(f"{path} cannot be written: it is a folder.", advice)
    if (found := format_of(path)) in formats:
        return found
    why = f"{path.suffix} is no format for it" if path.suffix else "its name has no ending"
    advice = f"Choose a name that ends in {_endings(formats)}."
    raise RunError(f"{path} cannot be written: {why}.", advice)


def _endings(formats: Sequence[str]) -> str:
    return one_of([f".{ending}" for ending in formats])


def check_output(path: Path, formats: Sequence[str]) -> None:
    """Check before any work is done that a file can be written.

    Raises
    ------
    RunError
        Where its ending is none of `formats`, or its folder cannot be written to.
    """
    check_ending(path, formats)
    folder = next(each for each in path.absolute().parents if each.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        reason = "is not a folder" if not folder.is_dir() else "is a folder without write access"
        raise RunError(f"{path} cannot be written: {folder} {reason}.", "Choose another folder.")


@dataclass(frozen=True, slots=True)
class Export(SaveFile):
    """Write pictures to a file: as a sheet or as a film, as its ending says."""

    tiles: Tiles
    path: Path
    info: Mapping[str, Any]
    gap: int = 0
    back: bool = True
    """Whether a film plays there and back, or begins anew after its last frame."""
    steps: bool = False
    """Whether these are the steps of a way, which a WebP shows as a film."""


@dataclass(frozen=True, slots=True)
class SaveCurves(SaveFile):
    """Draw the curves of runs into a file, or write them as CSV where its name says so."""

    runs: tuple[Compared, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class ReadRecipe(Request["Mapping[str, Any]"]):
    """Read a recipe file for the training form."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    path: Path


@dataclass(frozen=True, slots=True)
class CheckPlugins(Request["tuple[str, ...]"]):
    """Ask which plug-ins could not be loaded; answered in words, one for each."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class DescribeForm(Request["tuple[Field, ...]"]):
    """Describe the training form."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
