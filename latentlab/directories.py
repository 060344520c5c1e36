"""Where things lie on disk: what ships with the program and what it keeps."""

import os
import sys
from pathlib import Path

import platformdirs


def expanded(path: Path) -> Path:
    """Return a path that a person typed, with ``~`` as the home."""
    try:
        return path.expanduser()
    except RuntimeError:
        # There is no such user; the name may still be that of a file.
        return path


def resources() -> Path:
    """Return the folder of shipped models, digits and icons."""
    bundled = Path(getattr(sys, "_MEIPASS", "")) / "resources"
    if hasattr(sys, "_MEIPASS") and bundled.is_dir():
        return bundled
    package = Path(__file__).parent
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def home() -> Path:
    """Return the user's latentlab folder; ``LATENTLAB_HOME`` moves it."""
    chosen = os.environ.get("LATENTLAB_HOME")
    return (
        Path(chosen) if chosen else Path(platformdirs.user_data_dir("latentlab", appauthor=False))
    )


def runs() -> Path:
    """Return the folder in which the window keeps its training runs."""
    return home() / "runs"


def downloads() -> Path:
    """Return the folder for data sets fetched on demand."""
    return home() / "data"


def cache() -> Path:
    """Return the folder of what can be made anew at any time, such as decoded pictures."""
    chosen = os.environ.get("LATENTLAB_HOME")
    if chosen:
        return Path(chosen) / "cache"
    return Path(platformdirs.user_cache_dir("latentlab", appauthor=False))
