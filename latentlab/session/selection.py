"""Selection of images, shared by all panels. No torch, no Qt."""

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
    """Selected images of the map.

    Parameters
    ----------
    rows : ndarray of int64, shape (M,)
        Unique rows, ascending; read-only.
    name : str
        Name of a saved selection; else empty.
    """

    rows: NDArray[np.int64] = field(repr=False)
    name: str = ""

    def __len__(self) -> int:
        return len(self.rows)


def select(rows: NDArray) -> Selection | None:
    """Return a selection of rows in any order; None for no rows."""
    unique = np.array(rows, np.int64)
    if not (unique[1:] > unique[:-1]).all():
        # numpy.unique takes a second for a million rows.
        unique.sort()
        unique = unique[np.concatenate([[True], unique[1:] != unique[:-1]])]
    unique.setflags(write=False)
    return Selection(unique) if len(unique) else None


class SetOperation(StrEnum):
    """Set operation on a selection."""

    NEW = "replace"
    ADD = "add"
    REMOVE = "remove"
    COMMON = "keep common images"


def combine(
    old: Selection | None, rows: NDArray, how: SetOperation = SetOperation.NEW
) -> Selection | None:
    """Return a selection combined with other rows."""
    if how is SetOperation.NEW:
        return select(rows)
    new = select(rows)
    count = 1 + max((int(part.rows[-1]) for part in (old, new) if part), default=-1)
    a, b = mask_of(old, count), mask_of(new, count)
    results = {SetOperation.ADD: a | b, SetOperation.REMOVE: a & ~b, SetOperation.COMMON: a & b}
    return select(np.flatnonzero(results[how]))


def inverted(old: Selection | None, count: int) -> Selection | None:
    """Return the complement of a selection among `count` images."""
    return select(np.flatnonzero(~mask_of(old, count)))


def mask_of(selection: Selection | None, count: int) -> NDArray[np.bool_]:
    """Return a mask of the selected ones of `count` images."""
    mask = np.zeros(count, bool)
    if selection:
        mask[selection.rows] = True
    return mask


def by_text(text: str, names: Sequence[str], labels: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the rows whose class name contains a text, ignoring case."""
    wanted = text.strip().casefold()
    classes = [i for i, name in enumerate(names) if wanted and wanted in name.casefold()]
    if labels is None or not classes:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.isin(labels, classes))


def by_range(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.int64]:
    """Return the rows whose value is in the closed interval [low, high]."""
    return np.flatnonzero((values >= low) & (values <= high))
