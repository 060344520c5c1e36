"""Export formats by file extension, and requests that write or read files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.errors import RunError, one_of
from latentlab.session.files.film import FilmOptions
from latentlab.session.request import Lifetime, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latentlab.session.files.figure import PlotAxis
    from latentlab.session.form import Field
    from latentlab.session.points import Tiles
    from latentlab.session.runs import ComparedRun

NAMES = {
    "png": "PNG image (*.png)",
    "jpg": "JPEG image (*.jpg *.jpeg)",
    "webp": "WebP image or animation (*.webp)",
    "tiff": "TIFF image (*.tiff *.tif)",
    "gif": "Animated GIF (*.gif)",
    "mp4": "MP4 film (*.mp4)",
    "svg": "SVG graphic (*.svg)",
    "pdf": "PDF document (*.pdf)",
    "html": "Web page (*.html)",
    "csv": "Table of numbers (*.csv)",
    "npz": "NumPy arrays (*.npz)",
    "zip": "Archive (*.zip)",
    "parquet": "Parquet table (*.parquet)",
    "json": "Values with names (*.json)",
    "toml": "Recipe (*.toml)",
    "latentlab": "Scene (*.latentlab)",
    "scene": "Scene of an earlier version (*.scene)",
    "txt": "Text (*.txt)",
    "onnx": "ONNX model (*.onnx)",
    "safetensors": "Weights of a model (*.safetensors)",
}
"""Map from file extension to format name in save dialogs."""
SUFFIX_ALIASES = {"jpeg": "jpg", "tif": "tiff"}
"""Alternative extensions."""

IMAGE_FORMATS = ("png", "jpg", "webp", "tiff")
IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp"),
    *(".avif", ".heic", ".heif", ".ico", ".jp2", ".pbm", ".pgm", ".ppm", ".pnm", ".tga"),
)
"""Suffixes of files that are opened as images at once; the content of others is read first."""
VECTORS = ("svg", "pdf")
PICTURES = (*IMAGE_FORMATS, *VECTORS)
"""Formats of an image, an image grid or a plot."""
ANIMATIONS = ("gif", "webp", "mp4")
GRID_FORMATS = (*PICTURES, "gif", "mp4")
"""Formats of an image grid; GIF and MP4 show the images one after another."""
SCENE_ONLY = (*VECTORS, "mp4")
"""Formats that can carry a scene, and of which no pixels are read."""
STEPS = (*ANIMATIONS, "png", "jpg", "tiff", *VECTORS)
"""Formats of images in order; the first three are animations."""
FIGURES = (*PICTURES, "csv", "npz", "parquet")
"""Formats of the curves."""
TABLES = ("csv", "npz", "parquet")
BOOKMARKS = ("json", *TABLES)
RECIPES = ("toml",)
TEXTS = ("txt",)


def format_of(path: Path) -> str:
    """Return the format of a file extension as a key of `NAMES`; may be an unknown one."""
    ending = path.suffix.lower().lstrip(".")
    return SUFFIX_ALIASES.get(ending, ending)


def check_suffix(path: Path, formats: Sequence[str]) -> str:
    """Return the format of an output file.

    Raises
    ------
    RunError
        If its extension is not in `formats`, or the path is a folder.
    """
    if path.is_dir():
        advice = f"Add a file name that ends in {_endings(formats)}."
        raise RunError(f"{path} cannot be written: it is a folder.", advice)
    if (found := format_of(path)) in formats:
        return found
    why = f"{path.suffix} is not a format for this" if path.suffix else "its name has no suffix"
    advice = f"Choose a name that ends in {_endings(formats)}."
    raise RunError(f"{path} cannot be written: {why}.", advice)


def _endings(formats: Sequence[str]) -> str:
    return one_of([f".{ending}" for ending in formats])


def check_output(path: Path, formats: Sequence[str]) -> None:
    """Check in advance that a file can be written.

    Raises
    ------
    RunError
        If its extension is not in `formats`, or its folder is not writable.
    """
    check_suffix(path, formats)
    folder = next(each for each in path.absolute().parents if each.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        reason = "is not a folder" if not folder.is_dir() else "is a folder without write access"
        raise RunError(f"{path} cannot be written: {folder} {reason}.", "Choose another folder.")


@dataclass(frozen=True, slots=True)
class Export(SaveFile):
    """Write images to a file, as a grid or as an animation depending on its extension."""

    tiles: Tiles
    path: Path
    info: Mapping[str, Any]
    gap: int = 0
    back: bool = True
    """Whether an animation plays back and forth instead of restarting after its last frame."""
    steps: bool = False
    """Whether the images are the steps of a path, which WebP shows as an animation."""
    scale: int = 2
    """Pixels of the file along a side of each pixel of an image."""
    axes: tuple[PlotAxis, PlotAxis] | None = None
    """Axes of the grid, which SVG and PDF show."""


@dataclass(frozen=True, slots=True)
class SaveFilm(SaveFile):
    """Write images one after another as GIF, WebP or MP4."""

    tiles: Tiles
    path: Path
    info: Mapping[str, Any]
    options: FilmOptions = field(default=FilmOptions())


@dataclass(frozen=True, slots=True)
class SaveHistoryFilm(SaveFile):
    """Write the samples after each saved epoch of a run as a film."""

    folder: Path
    path: Path
    info: Mapping[str, Any]
    options: FilmOptions = field(default=FilmOptions())


@dataclass(frozen=True, slots=True)
class SaveCurves(SaveFile):
    """Write a figure of the curves of runs, or their values if the extension is ``.csv``."""

    runs: tuple[ComparedRun, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class ReadRecipe(Request["Mapping[str, Any]"]):
    """Read a recipe file for the training form."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    path: Path


@dataclass(frozen=True, slots=True)
class CheckPlugins(Request["tuple[str, ...]"]):
    """List the plug-ins that failed to load, one message for each."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class DescribeForm(Request["tuple[Field, ...]"]):
    """Describe the training form."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
