"""What a table says of pictures, and the classes that can be made of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.image_set import Attributes
from latentlab.data.tables.columns import MISSING, Column, codes_of, read_column
from latentlab.data.tables.joining import EXAMPLES, join, quoted
from latentlab.data.tables.table import plain
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from latentlab.data.tables.joining import Join
    from latentlab.data.tables.table import Table

FEW_VALUES = 5
"""Different values up to which any number makes a class of each."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a table says of pictures.

    Parameters
    ----------
    attributes : Attributes
        Of each picture.
    how : str
        By what rows and pictures were brought together.
    named : int
        How many pictures the table names; 0 where rows go by order.
    notes : tuple of str
        What one should know of it.
    """

    attributes: Attributes
    how: str
    named: int
    notes: tuple[str, ...] = ()


def attributes_of(table: Table, pictures: Sequence[str], folder: Sequence[str] = ()) -> Described:
    """Return what a table says of pictures, in numbers and in words of a few kinds.

    Parameters
    ----------
    table, pictures, folder
        See `join`.

    Raises
    ------
    DataError
        Where the rows cannot be told to belong to the pictures, or no column says anything.
    """
    try:
        joined = join(table, pictures, folder)
    except DataError as error:
        how_read = f" ({' '.join(table.notes).rstrip('.')})" if table.notes else ""
        raise DataError(f"{error.message}{how_read}") from None
    table, found = joined.table, dict[str, Column]()
    left_out, bad, unsure = [], [], set[int]()
    for i, (head, words) in enumerate(zip(table.names, table.columns, strict=True)):
        if i == joined.column:
            continue
        name = _new(plain(head) or f"column {i + 1}", found)
        column = read_column(_of_pictures(words, joined, unsure), table.separator)
        if isinstance(column, Column):
            found[name] = column
            bad += [f"{quoted(word)} in {name}" for word in column.bad]
        elif head:
            left_out.append(f"{name} ({column})")
    if not found:
        why = f": {_some(left_out)}" if left_out else ""
        raise DataError(f"none of its columns holds numbers or words of a few kinds{why}")
    notes = [*table.notes, *joined.notes]
    if unsure:
        told = "Pictures with several rows that differ, so that what differs is unknown"
        notes.append(f"{told}: {len(unsure):,}.")
    notes += [f"No numbers, and so unknown: {_some(bad)}."] if bad else []
    notes += [f"Columns left out: {_some(left_out)}."] if left_out else []
    values = np.stack([column.values for column in found.values()], axis=1)
    levels = {name: column.levels for name, column in found.items() if column.levels}
    named = int((joined.rows >= 0).sum()) if joined.column >= 0 else 0
    return Described(Attributes(tuple(found), values, levels), joined.how, named, tuple(notes))


def _of_pictures(words: Sequence[str], joined: Join, unsure: set[int]) -> list[str]:
    """Return a column's word for each picture, none where several rows of it differ."""
    chosen = [words[row] if row >= 0 else "" for row in joined.rows.tolist()]
    for place, row in joined.others:
        if place in unsure and not chosen[place]:
            continue
        if chosen[place].casefold() in MISSING:
            chosen[place] = words[row]
        elif words[row] != chosen[place] and words[row].casefold() not in MISSING:
            unsure.add(place)
            chosen[place] = ""
    return chosen


def _some(parts: Sequence[str]) -> str:
    more = len(parts) - EXAMPLES
    return ", ".join(parts[:EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")


def _new(name: str, taken: Iterable[str]) -> str:
    count, free = 1, name
    while free in taken:
        count += 1
        free = f"{name} {count}"
    return free


def classes_from(
    attributes: Attributes | None, chosen: Sequence[str]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Make a class of every combination of some attributes that occurs.

    Parameters
    ----------
    attributes : Attributes or None
        What is known of each image.
    chosen : sequence of str
        Their names. Words, codes and numbers of few values make a class of each value; a
        quantity is cut in two at its median.

    Returns
    -------
    ndarray of int64, shape (N,), and tuple of str
        Rows of the names, and the names, such as ``smiling, no glasses``.

    Raises
    ------
    DataError
        Where there is no such attribute.
    """
    names = [plain(name) for name in chosen]
    offered = attributes.names if attributes else ()
    for name in names:
        if name not in offered:
            raise DataError(
                f"data.classes_from: there is no attribute {quoted(name)}.",
                f"There are {', '.join(offered)}."
                if offered
                else "There is no table of any that can be used.",
            )
    assert attributes
    parts = [_levels(name, attributes) for name in dict.fromkeys(names)]
    combined = np.zeros(len(attributes.values), np.int64)
    for levels, labels in parts:
        combined = combined * len(levels) + labels
    occurring, labels = np.unique(combined, return_inverse=True)
    wanted = set(occurring.tolist())
    every = enumerate(product(*(levels for levels, _ in parts)))
    return labels.astype(np.int64), tuple(", ".join(words) for i, words in every if i in wanted)


def _levels(name: str, attributes: Attributes) -> tuple[list[str], NDArray[np.int64]]:
    """Return what an attribute can be called, and which of these each image is."""
    values = attributes.column(name)
    unknown = np.isnan(values)
    told = np.unique(values[~unknown])
    if name in attributes.levels:
        words = [*attributes.levels[name]]
        labels = np.where(unknown, 0, values)
    elif set(told.tolist()) <= {0.0, 1.0}:
        words, labels = [name, f"no {name}"], np.where(values == 1, 0, 1)
    elif len(told) <= FEW_VALUES or codes_of(values) is not None:
        words = [f"{name} {value:g}" for value in told]
        labels = np.searchsorted(told, values).clip(max=len(told) - 1)
    else:
        middle = np.median(values[~unknown])
        words = [f"{name} up to {middle:g}", f"{name} above {middle:g}"]
        labels = np.where(values > middle, 1, 0)
    if unknown.any():
        labels = np.where(unknown, len(words), labels)
        words.append(f"{name} unknown")
    return words, labels.astype(np.int64)
