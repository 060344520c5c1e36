"""What a table says of each picture: a CSV, or the text file that comes with CelebA."""

from __future__ import annotations

import csv
import math
import os
import unicodedata
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.base import Attributes
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0} | dict.fromkeys(
    ("", "na", "n/a", "nan", "none", "null", "?"), math.nan
)
NAMING = {"", "id", "image", "image id", "file", "filename", "file name", "name", "path", "index"}
"""Heads of columns that name files, though it be with bare numbers."""
LEVELS = 5
"""Different values up to which an attribute makes a class of each."""


@dataclass(frozen=True, slots=True)
class Table:
    """The words of a table: a name for each column, and the columns, all of one length."""

    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


def parse_table(content: bytes) -> Table:
    """Read a table with a line of names and fields between commas, semicolons, tabs or spaces.

    A first line that only counts the others, as in CelebA's files, is passed over; where the
    line of names is one short, the first column is taken to be without one.

    Raises
    ------
    DataError
        Where there are no columns.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].strip().isdecimal():
        del lines[0]
    if len(lines) < 2:
        raise DataError("it has no line of column names with lines of values below")
    split = max(",;\t", key=lines[0].count)
    if split in lines[0]:
        comma = "," if split == ";" else ""
        rows = list(csv.reader(lines, delimiter=split))
    else:
        comma, rows = "", [line.split() for line in lines]
    head, body = [word.strip() for word in rows[0]], rows[1:]
    width = max(map(len, body))
    head = ["", *head] if len(head) == width - 1 else head[:width]
    padded = [[*row[: len(head)], *[""] * (len(head) - len(row))] for row in body]
    columns = [tuple(word.strip() for word in column) for column in zip(*padded, strict=True)]
    if comma:  # where semicolons stand between numbers, commas stand in them
        columns = [tuple(word.replace(",", ".") for word in column) for column in columns]
    return Table(tuple(head), tuple(columns))


def attributes_of(table: Table, pictures: Sequence[str]) -> Attributes:
    """Return what a table says of pictures, in numbers; columns of other words are left out.

    Parameters
    ----------
    table : Table
        With a column of file names, with or without folders and endings; or without one, and
        with a row for each picture in order.
    pictures : sequence of str, length N
        Their paths.

    Raises
    ------
    DataError
        Where the rows cannot be told to belong to the pictures, or no column holds numbers.
    """
    column, rows = _rows(table, pictures)
    known = rows >= 0
    found: dict[str, NDArray[np.float32]] = {}
    for i, (name, words) in enumerate(zip(table.names, table.columns, strict=True)):
        values = None if i == column else _numbers(words)
        if values is not None:
            chosen = np.full(len(pictures), np.nan, np.float32)
            chosen[known] = values[rows[known]]
            found[_new(plain(name) or f"column {i + 1}", found)] = chosen
    if not found:
        raise DataError("none of its columns holds numbers, yes or no")
    return Attributes(tuple(found), np.stack(list(found.values()), axis=1))


def plain(name: str) -> str:
    """Return an attribute's name as people write it: ``Wearing_Hat`` is ``wearing hat``."""
    return " ".join(name.replace("_", " ").lower().split())


def _new(name: str, taken: Iterable[str]) -> str:
    count, free = 1, name
    while free in taken:
        count += 1
        free = f"{name} {count}"
    return free


def _rows(table: Table, pictures: Sequence[str]) -> tuple[int, NDArray[np.int64]]:
    """Return the column of file names, -1 for none, and each picture's row, -1 for none."""
    known: dict[str, int] = {}
    for i, picture in enumerate(pictures):
        for key in _keys(picture):
            # What two pictures share names neither.
            known[key] = -1 if known.get(key, i) != i else i
    best, column, places = 0, -1, [-1] * len(table)
    for number, words in enumerate(table.columns):
        if not _may_name(table.names[number], words):
            continue
        found = [_place(word, known) for word in words]
        count = sum(place >= 0 for place in found)
        if count > best:
            best, column, places = count, number, found
    rows = np.full(len(pictures), -1, np.int64)
    if best:
        for row, place in enumerate(places):
            if place >= 0:
                rows[place] = row
        return column, rows
    if len(table) != len(pictures):
        raise DataError(
            f"no column names the files, and {len(table):,} rows cannot be told to belong to "
            f"{len(pictures):,} pictures"
        )
    return -1, np.arange(len(pictures))


def _may_name(head: str, words: tuple[str, ...]) -> bool:
    """Say whether a column may name files; bare numbers do only under a head that says so."""
    if len(set(words)) < len(words):
        return False
    return plain(head) in NAMING or not all(word.replace(".", "", 1).isdecimal() for word in words)


def _keys(path: str) -> tuple[str, ...]:
    path = unicodedata.normalize("NFC", path.replace("\\", "/")).removeprefix("./").casefold()
    name = path.rpartition("/")[2]
    return path, os.path.splitext(path)[0], name, os.path.splitext(name)[0]


def _place(word: str, known: dict[str, int]) -> int:
    return next((known[key] for key in _keys(word) if known.get(key, -1) >= 0), -1)


def _numbers(words: tuple[str, ...]) -> NDArray[np.float32] | None:
    """Return numbers, with 0 and 1 for no and yes; None where they are words of another kind."""
    try:
        meant = {word: _number(word) for word in set(words)}
    except ValueError:
        return None
    values = np.array([meant[word] for word in words], np.float32)
    told = {value for value in meant.values() if not math.isnan(value)}
    if not told:
        return None
    if told <= {-1.0, 1.0} and -1.0 in told:
        values = (values + np.float32(1)) / np.float32(2)
    return values


def _number(word: str) -> float:
    known = WORDS.get(word.lower())
    number = float(word) if known is None else known
    return number if math.isfinite(number) else math.nan


def classes_from(
    attributes: Attributes | None, chosen: Sequence[str]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Make a class of every combination of some attributes that occurs.

    Parameters
    ----------
    attributes : Attributes or None
        What is known of each image.
    chosen : sequence of str
        Their names. One with many values is cut in two at its median.

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
                f"data.classes_from: there is no attribute {name!r}.",
                f"There are {', '.join(offered)}." if offered else "There is no table of any.",
            )
    assert attributes
    parts = [_levels(name, attributes.column(name)) for name in dict.fromkeys(names)]
    combined = np.zeros(len(attributes.values), np.int64)
    for levels, labels in parts:
        combined = combined * len(levels) + labels
    every = [", ".join(words) for words in product(*(levels for levels, _ in parts))]
    occurring, labels = np.unique(combined, return_inverse=True)
    return labels.astype(np.int64), tuple(every[i] for i in occurring)


def _levels(name: str, values: NDArray[np.float32]) -> tuple[list[str], NDArray[np.int64]]:
    """Return what an attribute can be called, and which of these each image is."""
    unknown = np.isnan(values)
    told = np.unique(values[~unknown])
    if set(told.tolist()) <= {0.0, 1.0}:
        words, labels = [name, f"no {name}"], np.where(values == 1, 0, 1)
    elif len(told) <= LEVELS:
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
