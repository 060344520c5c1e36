"""Disk cache of t-SNE and UMAP layouts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from latentlab.directories import home, resources
from latentlab.errors import DataError
from latentlab.runs.kept_arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.points import ModelCard

    Kept = tuple[NDArray[np.float32], NDArray[np.int64]]

FOLDER = "views"
MAX_FILES = 8
"""Maximum number of files in one folder; the newest are kept."""
MAX_BYTES = 1 << 30
"""Maximum size of one file, in bytes."""


class ViewCache:
    """Cache file of one layout, in the run folder, or in the user's folder for a shipped model.

    Parameters
    ----------
    card : ModelCard or None
        The model.
    mu : ndarray of float32, shape (N, D)
        Embedded codes; their hash is part of the file name.
    layout : str
        Kind of layout.
    """

    def __init__(self, card: ModelCard | None, mu: NDArray[np.float32], layout: str) -> None:
        name = hashlib.sha256(np.ascontiguousarray(mu).tobytes()).hexdigest()[:20]
        self._count = len(mu)
        self.path = _folder(card) / f"{layout}-{name}.npz"

    def read(self) -> Kept | None:
        """Return positions and embedded rows, or None if the file is missing or damaged."""
        try:
            arrays = read_arrays(self.path, MAX_BYTES)
            xy, anchors = arrays["xy"], arrays["anchors"]
        except (DataError, KeyError):
            return None
        dtypes = xy.dtype == np.float32 and anchors.dtype == np.int64
        shapes = dtypes and xy.shape == (self._count, 2) and anchors.ndim == 1
        is_valid = shapes and len(anchors) and 0 <= anchors.min() <= anchors.max() < self._count
        return (xy, anchors) if is_valid and np.isfinite(xy).all() else None

    def write(self, xy: NDArray[np.float32], anchors: NDArray[np.int64]) -> None:
        """Write a layout; on failure it is computed again next time."""
        write_arrays(self.path, MAX_FILES, xy=xy, anchors=anchors)


def _folder(card: ModelCard | None) -> Path:
    source = card.source if card else None
    if source is None or source.is_relative_to(resources().resolve()) or not source.is_dir():
        return home() / FOLDER
    return source / FOLDER
