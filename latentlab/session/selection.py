"""Images that were chosen, wherever: one selection for all panels. No torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    unique = np.array(rows, np.int64)
    if not (unique[1:] > unique[:-1]).all():
        # numpy.unique takes a second for a million.
        unique.sort()
        unique = unique[np.concatenate([[True], unique[1:] != unique[:-1]])]
    unique.setflags(write=False)
    return Selection(unique) if len(unique) else None


class How(StrEnum):
    """What other rows do to a selection."""

    NEW = "replace"
    ADD = "add"
    REMOVE = "remove"
    COMMON = "keep in common"


def combine(old: Selection | None, rows: NDArray, how: How = How.NEW) -> Selection | None:
    """Return a selection changed by other rows."""
    if how is How.NEW:
        return select(rows)
    new = select(rows)
    count = 1 + max((int(part.rows[-1]) for part in (old, new) if part), default=-1)
    had, other = mask_of(old, count), mask_of(new, count)
    ways = {How.ADD: had | other, How.REMOVE: had & ~other, How.COMMON: had & other}
    return select(np.flatnonzero(ways[how]))


def inverted(old: Selection | None, count: int) -> Selection | None:
    """Return what is not selected of `count` images."""
    return select(np.flatnonzero(~mask_of(old, count)))


def mask_of(selection: Selection | None, count: int) -> NDArray[np.bool_]:
    """Return for each of `count` images whether it is selected."""
    mask = np.zeros(count, bool)
    if selection:
        mask[selection.rows] = True
    return mask


def by_text(text: str, names: Sequence[str], labels: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the rows whose class's name holds a text, whatever its case."""
    wanted = text.strip().casefold()
    classes = [i for i, name in enumerate(names) if wanted and wanted in name.casefold()]
    if labels is None or not classes:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.isin(labels, classes))


def by_range(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.int64]:
    """Return the rows whose number lies between two others, both included."""
    return np.flatnonzero((values >= low) & (values <= high))
