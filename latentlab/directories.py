"""Folders of the program's resources and of the user's data."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs

from latentlab.errors import RunError, reason_of, shown

HOME = "LATENTLAB_HOME"
"""Environment variable that names the user's latentlab folder."""
LONGEST_NAME = 100
"""Length of a file name, in characters, for which the path of the folder must leave room."""
UNUSABLE = (errno.ENAMETOOLONG, errno.ELOOP)
"""Errors of a path that no missing folder explains."""
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
    """Return the user's latentlab folder, which ``LATENTLAB_HOME`` overrides.

    Raises
    ------
    RunError
        If there is none.
    """
    return _chosen_home() or _of_user(platformdirs.user_data_dir)


def check_home() -> None:
    """Check that the user's latentlab folder has a usable path; it need not exist.

    Raises
    ------
    RunError
        If there is no such path, or it is too long for the files below it.
    """
    longest = home() / "runs" / ("n" * LONGEST_NAME) / ("n" * LONGEST_NAME)
    try:
        longest.stat()
    except (OSError, ValueError) as error:  # ValueError: null character
        if isinstance(error, ValueError) or error.errno in UNUSABLE:
            raise RunError(
                f"The latentlab folder {shown(home())} cannot be used: {reason_of(error)}.",
                f"Set {HOME} to a folder with a shorter path.",
            ) from error


def _chosen_home() -> Path | None:
    """Return the folder that ``LATENTLAB_HOME`` names; None if it is not set."""
    chosen = os.environ.get(HOME)
    return expanded(Path(chosen)) if chosen else None


def _of_user(place: Callable[..., str]) -> Path:
    """Return one of the user's folders; without a home, `place` fails or leaves the ``~``."""
    try:
        path = place("latentlab", appauthor=False)
    except RuntimeError:
        path = "~"
    if path.startswith("~"):
        raise RunError(
            "This user has no home folder.", f"Set {HOME} to a folder for models and settings."
        )
    return Path(path)


def runs() -> Path:
    """Return the folder of the window's training runs."""
    return home() / "runs"


def downloads() -> Path:
    """Return the folder of downloaded data sets."""
    return home() / "data"


def cache() -> Path:
    """Return the folder of data that can be recomputed, such as decoded images."""
    chosen = _chosen_home()
    if chosen:
        return chosen / "cache"
    return _of_user(platformdirs.user_cache_dir)


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
