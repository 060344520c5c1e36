"""Versions and system, for reports of problems."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version

import psutil

from latentlab import __version__
from latentlab.atomic_write import check_writable
from latentlab.directories import home
from latentlab.errors import RunError, reason_of

PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pillow",
    "pydantic",
    "safetensors",
    "PySide6-Essentials",
    "pyqtgraph",
)
VARIABLES = ("QT_QPA_PLATFORM", "XDG_SESSION_TYPE", "LANG", "LC_ALL", "OMP_NUM_THREADS")
"""Environment variables that change how the program runs, and that hold nothing private."""


def system_info() -> dict[str, str]:
    """Return versions, system, memory and the state of the user's folder, by title."""
    memory = psutil.virtual_memory()
    found = {
        "latentlab": __version__,
        "Python": f"{platform.python_version()} ({sys.executable})",
        "System": f"{platform.platform()}, {os.cpu_count()} cores",
        "Memory": f"{memory.total / 1e9:.1f} GB, {memory.available / 1e9:.1f} GB free",
        "Folder": _folder(),
    }
    found |= {name: _version(name) for name in PACKAGES}
    return found | {name: os.environ[name] for name in VARIABLES if name in os.environ}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _folder() -> str:
    """Return the user's folder with the free space of its disk, or why it cannot be written."""
    try:
        check_writable(home())
        return f"{home()}, {shutil.disk_usage(home()).free / 1e9:.1f} GB free"
    except RunError as error:
        return error.message
    except OSError as error:
        return f"{home()}: {reason_of(error)}"
