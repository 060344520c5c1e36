"""Images that were chosen, wherever: one selection for all panels. No torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Selection:
    """Some of the images on the map.

    Parameters
    ----------
    rows : ndarray of int64, shape (M,)
        Which, ascending and each once; read-only.
    name : str
        What it was called when it was kept; empty for one that was not.
    """

    rows: NDArray[np.int64] = field(repr=False)
    name: str = ""

    def __len__(self) -> int:
        return len(self.rows)


def select(rows: NDArray) -> Selection | None:
    """Return a selection of rows in any order; None for no rows."""
    unique = np.unique(np.asarray(rows, np.int64))
    unique.setflags(write=False)
    return Selection(unique) if len(unique) else None


def combine(old: Selection | None, rows: NDArray, how: str) -> Selection | None:
    """Return a selection changed by other rows.

    Parameters
    ----------
    how : str
        ``"new"``, ``"add"``, ``"remove"``, ``"common"``.
    """
    had = old.rows if old else np.empty(0, np.int64)
    if how == "add":
        return select(np.union1d(had, rows))
    if how == "remove":
        return select(np.setdiff1d(had, rows))
    if how == "common":
        return select(np.intersect1d(had, rows))
    return select(rows)


def inverted(old: Selection | None, count: int) -> Selection | None:
    """Return what is not selected of `count` images."""
    outside = np.ones(count, bool)
    if old:
        outside[old.rows] = False
    return select(np.flatnonzero(outside))
