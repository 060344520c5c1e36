"""Attributes of images from a table, and classes made from attributes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
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
"""Maximum number of distinct values for which each value becomes a class."""


@dataclass(frozen=True, slots=True)
class Described:
    """Attributes of images, read from a table.

    Parameters
    ----------
    attributes : Attributes
        Attributes of each image.
    how : str
        How rows were matched to images.
    named : int
        Number of images that the table names; 0 if rows are matched by order.
    notes : tuple of str
        Notes for the user.
    words : tuple of str, length N, or None
        Words of the wanted column for each image, empty for none; None without that column.
    """

    attributes: Attributes
    how: str
    named: int
    notes: tuple[str, ...] = ()
    words: tuple[str, ...] | None = None


def attributes_of(
    table: Table, pictures: Sequence[str], folder: Sequence[str] = (), wanted: str = ""
) -> Described:
    """Match a table to images and return its numeric and categorical columns as attributes.

    Parameters
    ----------
    table, pictures, folder
        See `join`.
    wanted : str
        Name of a column whose words are returned as well; may be empty.

    Raises
    ------
    DataError
        If the rows cannot be matched to the images, or no column can be used.
    """
    try:
        joined = join(table, pictures, folder)
    except DataError as error:
        how_read = f" ({' '.join(table.notes).rstrip('.')})" if table.notes else ""
        raise DataError(f"{error.message}{how_read}") from None
    table, found = joined.table, dict[str, Column]()
    left_out, bad, unsure = [], [], set[int]()
    kept: tuple[str, ...] | None = None
    for i, (head, words) in enumerate(zip(table.names, table.columns, strict=True)):
        if i == joined.column:
            continue
        name = _new(plain(head) or f"column {i + 1}", found)
        of_pictures = _of_pictures(words, joined, unsure)
        if wanted and kept is None and name == plain(wanted):
            kept = tuple(of_pictures)
        column = read_column(of_pictures, table.separator)
        if isinstance(column, Column):
            found[name] = column
            bad += [f"{quoted(word)} in {name}" for word in column.bad]
        elif head:
            left_out.append(f"{name} ({column})")
    if not found and kept is None:
        why = f": {_some(left_out)}" if left_out else ""
        raise DataError(f"none of its columns holds numbers or words of a few kinds{why}")
    notes = [*table.notes, *joined.notes]
    if unsure:
        conflict = "Images with several different rows, whose differing values are unknown"
        notes.append(f"{conflict}: {len(unsure):,}.")
    notes += [f"Not numbers, treated as unknown: {_some(bad)}."] if bad else []
    notes += [f"Columns left out: {_some(left_out)}."] if left_out else []
    values = np.empty((len(pictures), len(found)), np.float32)
    for i, column in enumerate(found.values()):
        values[:, i] = column.values
    levels = {name: column.levels for name, column in found.items() if column.levels}
    named = int((joined.rows >= 0).sum()) if joined.column >= 0 else 0
    return Described(
        Attributes(tuple(found), values, levels), joined.how, named, tuple(notes), kept
    )


def _of_pictures(words: Sequence[str], joined: Join, unsure: set[int]) -> list[str]:
    """Return each image's word; empty if its rows differ, which adds the image to `unsure`."""
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
    """Make a class of each occurring combination of values of the chosen attributes.

    Parameters
    ----------
    attributes : Attributes or None
        Attributes of each image.
    chosen : sequence of str
        Names of the attributes. Each value of a categorical attribute, or of one with few
        distinct values, is a level; other attributes are split at the median, or at limits that
        follow the name: ``age: 18 65``.

    Returns
    -------
    ndarray of int64, shape (N,), and tuple of str
        Class indices, and class names such as ``smiling, no glasses``.

    Raises
    ------
    DataError
        If an attribute does not exist.
    """
    offered = attributes.names if attributes else ()
    cuts = dict(with_limits(entry, offered) for entry in chosen)
    for name in cuts:
        if name not in offered:
            raise DataError(
                f"data.classes_from: there is no attribute {quoted(name)}.",
                f"There are {', '.join(offered)}."
                if offered
                else "There is no table with usable columns.",
            )
    assert attributes
    parts = [_levels(name, attributes, limits) for name, limits in cuts.items()]
    combined = np.zeros(len(attributes.values), np.int64)
    for levels, labels in parts:
        combined = combined * len(levels) + labels
    occurring, labels = np.unique(combined, return_inverse=True)
    wanted = set(occurring.tolist())
    every = enumerate(product(*(levels for levels, _ in parts)))
    return labels.astype(np.int64), tuple(", ".join(words) for i, words in every if i in wanted)


def with_limits(
    entry: str, offered: Sequence[str], key: str = "data.classes_from"
) -> tuple[str, tuple[float, ...]]:
    """Return the attribute and the limits of an entry such as ``age: 18 65``.

    Parameters
    ----------
    entry : str
        Name of an attribute, with or without limits.
    offered : sequence of str
        Names of the attributes, which may contain a colon.
    key : str
        Recipe key, for messages.

    Raises
    ------
    DataError
        If the limits are not ascending numbers.
    """
    name, colon, text = entry.rpartition(":")
    if not colon or plain(entry) in offered:
        return plain(entry), ()
    try:
        limits = tuple(float(word) for word in text.replace(";", " ").split())
    except ValueError:
        limits = ()
    if not limits or any(a >= b for a, b in pairwise(limits)):
        raise DataError(
            f"{key}: {quoted(entry)} has no ascending limits.",
            "Write the limits as numbers with spaces, such as age: 18 65.",
        )
    return plain(name), limits


def cut_values(
    name: str, values: NDArray, limits: tuple[float, ...]
) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names of the ranges between limits, and the range of each value.

    A limit is rounded as the values are: 0.7 of a table is not below the limit 0.7.
    """
    words = [f"{name} under {limits[0]:g}"]
    words += [f"{name} {low:g} to {high:g}" for low, high in pairwise(limits)]
    words.append(f"{name} from {limits[-1]:g}")
    return words, np.searchsorted(np.array(limits, values.dtype), values, side="right")


def _levels(
    name: str, attributes: Attributes, limits: tuple[float, ...] = ()
) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names of an attribute's levels and the level index of each image."""
    values = attributes.column(name)
    unknown = np.isnan(values)
    distinct = np.unique(values[~unknown])
    if limits:
        if name in attributes.levels:
            raise DataError(f"data.classes_from: {name} has words, which have no limits.")
        words, labels = cut_values(name, values, limits)
    elif name in attributes.levels:
        words = [*attributes.levels[name]]
        labels = np.where(unknown, 0, values)
    elif set(distinct.tolist()) <= {0.0, 1.0}:
        words, labels = [name, f"no {name}"], np.where(values == 1, 0, 1)
    elif len(distinct) <= FEW_VALUES or codes_of(values) is not None:
        words = [f"{name} {value:g}" for value in distinct]
        labels = np.searchsorted(distinct, values).clip(max=len(distinct) - 1)
    else:
        median = np.median(values[~unknown])
        words = [f"{name} up to {median:g}", f"{name} above {median:g}"]
        labels = np.where(values > median, 1, 0)
    if unknown.any():
        labels = np.where(unknown, len(words), labels)
        words.append(f"{name} unknown")
    return words, labels.astype(np.int64)
