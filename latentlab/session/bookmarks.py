"""Bookmarks in a JSON file: in the run's folder, or among the user's own for what ships."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from latentlab.errors import RunError
from latentlab.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.scene import ModelCard, Point
    from latentlab.session.ways import Bookmark

WHAT = "bookmarks"
FORMAT = 1


def write_bookmarks(path: Path, card: ModelCard, marks: tuple[Bookmark, ...]) -> None:
    """Write bookmarks; a file there that cannot be read is kept under another name.

    Raises
    ------
    RunError
        Where the file cannot be written.
    """
    if path.exists():
        try:
            read_bookmarks(path, card)
        except RunError:
            path.replace(path.with_suffix(".damaged"))
    content = {
        "format": FORMAT,
        "model": card.name,
        "latent_dim": card.latent_dim,
        "bookmarks": [
            {"note": mark.note, "z": list(mark.point.z), "label": mark.point.label}
            for mark in marks
        ],
    }
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def read_bookmarks(path: Path, card: ModelCard) -> list[tuple[Point, str]]:
    """Read points and their notes.

    Raises
    ------
    RunError
        Where the file cannot be read, or its points are not of this model.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [_read(entry, card) for entry in content["bookmarks"]]
    except RunError:
        raise
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.", "Choose another.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path} is no file of bookmarks.", "Choose one that latentlab has written."
        ) from error


def _read(entry: dict[str, Any], card: ModelCard) -> tuple[Point, str]:
    z = tuple(float(value) for value in entry["z"])
    if len(z) != card.latent_dim:
        raise RunError(
            f"The bookmarks have {len(z)} dimensions, and {card.name} has {card.latent_dim}.",
            "Open the model that they were made with.",
        )
    if not all(map(math.isfinite, z)):
        raise ValueError("not a point")
    label = entry.get("label")
    known = isinstance(label, int) and 0 <= label < card.spec.classes
    return card.point(z, label if known else None), str(entry.get("note", ""))
