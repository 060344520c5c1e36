"""Matching of table rows to images: by name, else by order."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.files.image_file import picture_suffixes
from latentlab.data.files.other_files import KINDS
from latentlab.data.tables.columns import is_number, known_words
from latentlab.data.tables.image_names import NOBODY, SEVERAL, PictureNames, natural
from latentlab.data.tables.table import names_files
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from latentlab.data.tables.table import Table

MOST = 0.75
"""Fraction of images above which a column of numbers probably numbers them."""
EXAMPLES = 3
"""Number of examples in a message."""
SHOWN = 60
"""Maximum length of a quoted name in a message, in characters."""


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of a table matched to images.

    Parameters
    ----------
    table : Table
        The table; its header is the first row if it turned out to be one.
    rows : ndarray of int64, shape (N,)
        First row of each image, -1 for none.
    column : int
        Column of the image names; -1 if rows are matched by order.
    others : tuple of (int, int)
        Pairs of an image and a further row of it.
    notes : tuple of str
        Notes on unmatched rows and images, and on matching by order.
    """

    table: Table
    rows: NDArray[np.int64]
    column: int
    others: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def how(self) -> str:
        """Phrase that describes how rows were matched."""
        if self.column < 0:
            return "its rows in the order of the files"
        return f"joined by its column {quoted(self.table.names[self.column])}"


def join(table: Table, pictures: Sequence[str], folder: Sequence[str] = ()) -> Join:
    """Find the row of each image.

    Rows are matched by name if a column names images. Otherwise, if there are as many rows as
    images, rows are matched to the images in natural order (2 before 10).

    Parameters
    ----------
    table : Table
        Any column may hold paths, names with or without suffixes, or numbers of images.
    pictures : sequence of str, length N
        Paths of the images.
    folder : sequence of str
        Names of the folders that contain all images, the innermost last; paths in the table may
        begin with them.

    Raises
    ------
    DataError
        If the rows cannot be matched to the images.
    """
    index = PictureNames(pictures, folder)
    found = [_look_up(i, words, index) for i, words in enumerate(table.columns)]
    chosen = _choose(table, found, len(pictures))
    if chosen is None:
        return _by_order(table, found, pictures)
    head = index.place(table.names[chosen.column])[0] if not chosen.numbers else NOBODY
    if head >= 0 and head not in chosen.named:
        table = table.without_names()
        chosen = _look_up(chosen.column, table.columns[chosen.column], index)
    return _by_name(table, chosen, pictures)


@dataclass(frozen=True, slots=True)
class _Found:
    """Images that the cells of a column name.

    Parameters
    ----------
    column : int
        Index of the column.
    numbers : bool
        Whether all cells are numbers.
    meant : mapping
        Result of `PictureNames.place` for each word.
    counts : Counter
        Frequency of each word, without missing values.
    """

    column: int
    numbers: bool
    meant: Mapping[str, tuple[int, int]] = field(repr=False)
    counts: Counter[str] = field(repr=False)

    @property
    def named(self) -> set[int]:
        """Images named by the column."""
        return {place for place, _ in self.meant.values() if place >= 0}

    @property
    def known(self) -> int:
        """Number of cells without missing values."""
        return self.counts.total()

    def cells(self, place: int | None = None) -> int:
        """Count the cells that name the image `place`, or any image."""
        pairs = self.meant.items()
        return sum(
            self.counts[word]
            for word, (found, _) in pairs
            if found == place or (place is None and found >= 0)
        )

    def place(self, word: str) -> tuple[int, int]:
        """Return the image that a cell names; see `PictureNames.place`."""
        return self.meant.get(word, (NOBODY, 0))


def _look_up(column: int, words: Sequence[str], index: PictureNames) -> _Found:
    counts = known_words(words)
    numbers = bool(counts) and all(map(is_number, counts))
    if numbers:
        meant = {word: (_by_number(word, index), 0) for word in counts}
    else:
        meant = {word: index.place(word) for word in counts}
    return _Found(column, numbers, meant, counts)


def _by_number(word: str, index: PictureNames) -> int:
    value = float(word)
    return index.numbers.get(int(value), NOBODY) if value.is_integer() else NOBODY


def _choose(table: Table, found: Sequence[_Found], count: int) -> _Found | None:
    """Return the column that names images; None if there is none.

    Raises
    ------
    DataError
        If two columns contradict each other, or a column names other files.
    """
    named = [one for one in found if not one.numbers and _names_most(one, count)]
    numbered = [one for one in found if one.numbers and _numbers_all(one, table, count)]
    for some in (named, numbered):
        for one in () if named else found:
            _check_names_nobody(table, one)
        by_head = [one for one in some if names_files(table.names[one.column])]
        fitting = sorted(by_head or some, key=lambda one: -len(one.named))
        if fitting:
            for other in fitting[1:]:
                _check_agreement(table, fitting[0], other)
            return fitting[0]
    return None


def _names_most(one: _Found, count: int) -> bool:
    """Return whether a column names most images, or most of its cells name one."""
    named = len(one.named)
    return named > 0 and (2 * named >= count or 2 * one.cells() >= one.known)


def _numbers_all(one: _Found, table: Table, count: int) -> bool:
    """Return whether a column numbers all images, each once, and nothing else.

    Under a head such as ``ImageId`` either images or numbers may be in excess.
    """
    named, hits = len(one.named), one.cells()
    if not named or hits != named:
        return False
    all_named, all_hit = named == count, hits == one.known
    if names_files(table.names[one.column]):
        return all_named or all_hit
    return all_named and all_hit


def _check_agreement(table: Table, first: _Found, second: _Found) -> None:
    pairs = zip(table.columns[first.column], table.columns[second.column], strict=True)
    places = ((first.place(a)[0], second.place(b)[0]) for a, b in pairs)
    if any(a != b for a, b in places if a >= 0 and b >= 0):
        both = " and ".join(quoted(table.names[one.column]) for one in (first, second))
        raise DataError(
            f"its columns {both} name different images in a row: "
            "rename the right one to 'file name'"
        )


def _check_numbers(table: Table, one: _Found, count: int) -> None:
    """Raise an error for a column that numbers most images once, but not exactly all."""
    hits = one.cells()
    if one.numbers and hits == len(one.named) and hits > MOST * max(count, one.known):
        raise DataError(
            f"its column {quoted(table.names[one.column])} numbers {hits:,} of the {count:,} "
            "images, but not all and no others: write file names with their endings"
        )


def _check_names_nobody(table: Table, one: _Found) -> None:
    """Raise an error for a column of file names that are ambiguous or of other files."""
    if one.numbers:
        return
    head = quoted(table.names[one.column])
    if one.cells(SEVERAL) * 2 > one.known:
        word = next(word for word, (place, _) in one.meant.items() if place == SEVERAL)
        raise DataError(
            f"its column {head} names several images at once, such as {quoted(word)}: "
            "write names with their folders"
        )
    endings = _endings()
    files = [word for word in one.counts if os.path.splitext(word)[1].lower() in endings]
    if files and len(files) * 2 > len(one.counts):
        raise DataError(f"its column {head} names other files, such as {quoted(files[0])}")


def _endings() -> frozenset[str]:
    return picture_suffixes() | KINDS.keys()


def _by_order(table: Table, found: Sequence[_Found], pictures: Sequence[str]) -> Join:
    """Match rows to images in natural order, if their numbers are equal."""
    if len(table) + 1 == len(pictures) and _is_row(table):
        table = table.without_names()
    if len(table) != len(pictures):
        raise DataError(
            f"no column names the files, and {len(table):,} row{'' if len(table) == 1 else 's'} "
            f"cannot be matched to {len(pictures):,} images"
        )
    for one in found:
        _check_numbers(table, one, len(pictures))
    order = sorted(range(len(pictures)), key=lambda i: natural(pictures[i]))
    rows = np.empty(len(pictures), np.int64)
    rows[order] = np.arange(len(pictures))
    first, last = (quoted(pictures[order[end]]) for end in (0, -1))
    note = (
        f"No column names the files: rows go by order, the first for {first}, the last for {last}."
    )
    return Join(table, rows, -1, (), (note,))


def _is_row(table: Table) -> bool:
    """Return whether the header is a row: its words occur in their columns, or are numbers too."""
    pairs = zip(table.names, table.columns, strict=True)
    return all(
        name in words or (is_number(name) and all(is_number(word) for word in words if word))
        for name, words in pairs
    )


def _by_name(table: Table, chosen: _Found, pictures: Sequence[str]) -> Join:
    rows = np.full(len(pictures), -1, np.int64)
    depths = np.full(len(pictures), -1, np.int64)
    repeated: dict[int, list[int]] = {}
    words = table.columns[chosen.column]
    for row, (place, depth) in enumerate(map(chosen.place, words)):
        if place < 0 or depth < depths[place]:
            continue
        if depth > depths[place]:  # the previous row names an image of another folder
            depths[place], rows[place] = depth, row
            repeated.pop(place, None)
        else:
            repeated.setdefault(place, []).append(row)
    others = tuple((place, row) for place, again in repeated.items() for row in again)
    lost = [word for word, (place, _) in chosen.meant.items() if place == NOBODY]
    several = [word for word, (place, _) in chosen.meant.items() if place == SEVERAL]
    without = [pictures[i] for i in np.flatnonzero(rows < 0)[:EXAMPLES]]
    notes = []
    if chosen.numbers and not names_files(table.names[chosen.column]):
        notes.append(f"Its column {quoted(table.names[chosen.column])} numbers the images.")
    if count := int((rows < 0).sum()):
        notes.append(f"Images without a row: {count:,} of {len(pictures):,}{_such_as(without)}.")
    if count := chosen.cells(NOBODY):
        notes.append(f"Rows that name no image here: {count:,}{_such_as(lost)}.")
    if count := chosen.cells(SEVERAL):
        notes.append(f"Rows that name several images at once: {count:,}{_such_as(several)}.")
    return Join(table, rows, chosen.column, others, tuple(notes))


def _such_as(names: Iterable[str]) -> str:
    some = [quoted(name) for name in list(dict.fromkeys(names))[:EXAMPLES]]
    return f", such as {', '.join(some)}" if some else ""


def quoted(text: str) -> str:
    """Return a name quoted for a message: shortened, and printable."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return repr(plain if len(plain) <= SHOWN else f"{plain[: SHOWN - 1]}…")
