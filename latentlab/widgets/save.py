"""Asking where to save a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMessageBox

from latentlab.errors import RunError
from latentlab.session.formats import NAMES, check_ending
from latentlab.widgets.asking import confirm
from latentlab.widgets.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget


def ask_where(parent: QWidget, name: str, formats: Sequence[str]) -> Path | None:
    """Ask for a file to write, beginning in the folder used last; None where cancelled.

    An ending that is none of the formats is refused, and the dialog shown again.
    """
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    folder = Path(str(settings().value("export/folder", pictures)))
    suggestion = str(folder / f"latentlab-{name}.{formats[0]}")
    filters = ";;".join(NAMES[each] for each in formats)
    while True:
        chosen, used = QFileDialog.getSaveFileName(parent, f"Save the {name}", suggestion, filters)
        if not chosen:
            return None
        path = Path(chosen)
        if not _has_ending(path):
            ending = next((each for each in formats if NAMES[each] == used), formats[0])
            path = path.with_name(f"{path.name}.{ending}")
            # The dialog has asked only about the name without its ending.
            if path.exists() and not confirm(
                parent, f"{path.name} already exists.", "Its contents will be lost.", "Replace"
            ):
                suggestion = str(path)
                continue
        try:
            check_ending(path, formats)
        except RunError as error:
            QMessageBox.warning(parent, f"Save the {name}", str(error))
            suggestion = str(path.with_suffix(f".{formats[0]}"))
            continue
        settings().setValue("export/folder", str(path.parent))
        return path


def _has_ending(path: Path) -> bool:
    """Say whether a name ends in more than a part of itself, as ``beta 0.5`` does."""
    ending = path.suffix[1:]
    return ending.isalnum() and not ending.isdigit()
