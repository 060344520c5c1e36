"""Folders of the program's resources and of the user's data."""

import os
import sys
from pathlib import Path

import platformdirs

RUN_FILES = ("checkpoint.json", "checkpoint.safetensors", "recipe.toml")
"""Files of which a run folder has at least one."""
MODEL_SUFFIXES = (".safetensors", ".json")
"""Suffixes of the files of a checkpoint."""
ANNDATA_SUFFIX = ".h5ad"
CODE_SUFFIXES = (".npy", ".npz", ".csv", ".tsv", ".parquet", ANNDATA_SUFFIX)
"""Suffixes of files of codes."""
LESSON_SUFFIX = ".md"
IMPORT_FILE = "import.json"
"""File of a run folder that says which model of another program it was made of."""
CHECKPOINTS = ("checkpoint", "best")
"""File stems of checkpoints."""


def expanded(path: Path) -> Path:
    """Return a path with ``~`` expanded."""
    try:
        return path.expanduser()
    except RuntimeError:
        # There is no such user; it may still be the name of a file.
        return path


def resources() -> Path:
    """Return the folder of shipped models, digits and icons."""
    bundled = Path(getattr(sys, "_MEIPASS", "")) / "resources"
    if hasattr(sys, "_MEIPASS") and bundled.is_dir():
        return bundled
    package = Path(__file__).parent
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def recipes() -> Path:
    """Return the folder of the recipes that come with the program."""
    return resources().parent / "training"


def home() -> Path:
    """Return the user's latentlab folder, which ``LATENTLAB_HOME`` overrides."""
    chosen = os.environ.get("LATENTLAB_HOME")
    return (
        Path(chosen) if chosen else Path(platformdirs.user_data_dir("latentlab", appauthor=False))
    )


def runs() -> Path:
    """Return the folder of the window's training runs."""
    return home() / "runs"


def downloads() -> Path:
    """Return the folder of downloaded data sets."""
    return home() / "data"


def cache() -> Path:
    """Return the folder of data that can be recomputed, such as decoded images."""
    chosen = os.environ.get("LATENTLAB_HOME")
    if chosen:
        return Path(chosen) / "cache"
    return Path(platformdirs.user_cache_dir("latentlab", appauthor=False))


def is_imported(folder: Path) -> bool:
    """Return whether a run folder was made of a model of another program."""
    return (folder / IMPORT_FILE).exists()


def is_checkpoint(path: Path) -> bool:
    """Return whether a path is a file of a checkpoint, with both its files."""
    both = (path.with_suffix(suffix) for suffix in MODEL_SUFFIXES)
    return (
        path.suffix in MODEL_SUFFIXES
        and path.stem in CHECKPOINTS
        and all(file.exists() for file in both)
    )


def is_run(path: Path) -> bool:
    """Return whether a path is the folder of a run."""
    return any((path / name).exists() for name in RUN_FILES)
