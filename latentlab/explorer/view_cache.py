"""Maps that took long to make, kept beside the run they show."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from latentlab.directories import home, resources
from latentlab.errors import DataError
from latentlab.runs.kept_arrays import keep_arrays, read_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.points import ModelCard

    Kept = tuple[NDArray[np.float32], NDArray[np.int64]]

FOLDER = "views"
MOST = 8
"""Maps kept in one folder: the newest."""
MOST_BYTES = 1 << 30
"""Bytes of one map at most."""


class ViewCache:
    """The file of one map: in the run's folder, or the user's where the model is a shipped one.

    Parameters
    ----------
    card : ModelCard or None
        The model.
    mu : ndarray of float32, shape (N, D)
        The codes that were laid out; their bytes are the map's name.
    layout : str
        How.
    """

    def __init__(self, card: ModelCard | None, mu: NDArray[np.float32], layout: str) -> None:
        name = hashlib.sha256(np.ascontiguousarray(mu).tobytes()).hexdigest()[:20]
        self._count = len(mu)
        self.path = _folder(card) / f"{layout}-{name}.npz"

    def read(self) -> Kept | None:
        """Return places and laid-out rows, or None where they are not kept or damaged."""
        try:
            arrays = read_arrays(self.path, MOST_BYTES)
            xy, anchors = arrays["xy"], arrays["anchors"]
        except (DataError, KeyError):
            return None
        kinds = xy.dtype == np.float32 and anchors.dtype == np.int64
        whole = kinds and xy.shape == (self._count, 2) and anchors.ndim == 1
        inside = whole and len(anchors) and 0 <= anchors.min() <= anchors.max() < self._count
        return (xy, anchors) if inside and np.isfinite(xy).all() else None

    def write(self, xy: NDArray[np.float32], anchors: NDArray[np.int64]) -> None:
        """Keep a map; where that cannot be, it is made again next time."""
        keep_arrays(self.path, MOST, xy=xy, anchors=anchors)


def _folder(card: ModelCard | None) -> Path:
    source = card.source if card else None
    if source is None or source.is_relative_to(resources().resolve()) or not source.is_dir():
        return home() / FOLDER
    return source / FOLDER
