"""Classes that are left out of the training, to test whether a model tells them from the others.

All of their images become held-out images, so that they stay in the data set and on the map.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.holdout import divide, rows_of
from latentlab.data.parts import PARTS, TRAIN, VALIDATION
from latentlab.errors import MOST_NAMES, DataError, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import ImageSet
    from latentlab.data.parts import Splits

KEY = "data.leave_out"


def leave_out(splits: Splits, config: DataConfig) -> Splits:
    """Hold out every training image of the classes that a data config leaves out.

    Raises
    ------
    DataError
        If there is no such class, or no image of another class is left to learn from.
    """
    if not config.leave_out:
        return splits
    whole = splits.whole()
    if whole.labels is None:
        raise DataError(
            f"{KEY}: the images have no classes.",
            "Remove it, or give the images classes, such as one folder for each.",
        )
    names = named_classes(config.leave_out, whole.spec.class_names)
    left_out = _is_of(whole, names)
    codes = np.zeros(len(whole), np.int8)
    for code, part in enumerate(PARTS):
        codes[whole.parts == part] = code
    codes[left_out & (codes == PARTS.index(TRAIN))] = PARTS.index(VALIDATION)
    for part in (TRAIN, VALIDATION):
        if not (~left_out & (codes == PARTS.index(part))).any():
            raise DataError(
                f"{KEY}: no {'training' if part == TRAIN else 'held-out'} image is of a class "
                "other than those left out.",
                "Leave out fewer classes.",
            )
    divided = divide(replace(whole, parts=None), codes, splits.note, grouped=splits.grouped)
    return replace(divided, left_out=names)


def of_learned_classes(splits: Splits) -> Splits:
    """Return splits without the images of classes that are left out: those that losses count."""
    if not splits.left_out:
        return splits
    validation = _learned(splits.validation, splits.left_out)
    test = splits.test and _learned(splits.test, splits.left_out)
    return replace(splits, validation=validation, test=test or None)


def _learned(part: ImageSet, left_out: Sequence[str]) -> ImageSet:
    return rows_of(part, np.flatnonzero(~_is_of(part, left_out)))


def _is_of(images: ImageSet, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return the mask of the images of classes, shape (N,)."""
    known = images.spec.class_names
    assert images.labels is not None
    return np.isin(images.labels, [known.index(name) for name in names])


def named_classes(given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that words name; a name with commas, as a form splits it, is one class.

    Raises
    ------
    DataError
        If there is no such class.
    """
    found: list[str] = []
    at = 0
    while at < len(given):
        stops = range(len(given), at, -1)
        stop = next((stop for stop in stops if ", ".join(given[at:stop]) in known), None)
        if stop is None:
            raise _unknown(given[at], known)
        found.append(", ".join(given[at:stop]))
        at = stop
    return tuple(dict.fromkeys(found))


def _unknown(name: str, known: Sequence[str]) -> DataError:
    advice = nearest(name, known, f"There are {listed(known, MOST_NAMES)}.")
    return DataError(f"{KEY}: there is no class {name!r}.", advice)
