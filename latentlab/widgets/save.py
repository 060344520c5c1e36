"""Asking where to save a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from latentlab.widgets.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

NAMES = {
    "png": "PNG picture (*.png)",
    "gif": "Animated GIF (*.gif)",
    "svg": "SVG drawing (*.svg)",
    "pdf": "PDF page (*.pdf)",
    "csv": "Table of numbers (*.csv)",
    "json": "Numbers with names (*.json)",
}


def ask_where(parent: QWidget, name: str, suffixes: Sequence[str]) -> Path | None:
    """Ask for a file to write, beginning in the folder used last; None where cancelled."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    folder = Path(settings().value("export/folder", pictures))
    filters = ";;".join(NAMES[suffix] for suffix in suffixes)
    suggestion = str(folder / f"latentlab-{name}.{suffixes[0]}")
    chosen, used = QFileDialog.getSaveFileName(parent, f"Save the {name}", suggestion, filters)
    if not chosen:
        return None
    path = Path(chosen)
    settings().setValue("export/folder", str(path.parent))
    if path.suffix.lower().lstrip(".") not in suffixes:
        suffix = next((s for s in suffixes if NAMES[s] == used), suffixes[0])
        path = path.with_name(f"{path.name}.{suffix}")
    return path
