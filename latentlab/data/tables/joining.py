"""Which row of a table belongs to which picture: by name, else by order where that is certain."""

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
"""Share of pictures above which a column of numbers may well name them."""
EXAMPLES = 3
SHOWN = 60
"""Letters of a name that a message quotes."""


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of a table and the pictures that they tell of.

    Parameters
    ----------
    table : Table
        With its line of names taken for a row where it is one.
    rows : ndarray of int64, shape (N,)
        The first row of each picture, -1 for none.
    column : int
        The column of names; -1 where rows go by order.
    others : tuple of (int, int)
        Pictures and rows that tell of them again.
    notes : tuple of str
        What could not be joined, and whether rows go by order.
    """

    table: Table
    rows: NDArray[np.int64]
    column: int
    others: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def how(self) -> str:
        """By what rows were joined, in a few words."""
        if self.column < 0:
            return "its rows in the order of the files"
        return f"joined by its column {quoted(self.table.names[self.column])}"


def join(table: Table, pictures: Sequence[str], folder: Sequence[str] = ()) -> Join:
    """Find each picture's row.

    Names decide: rows go by order only where no column can name pictures and there are as many
    rows as pictures. They are then those of the pictures in their natural order, 2 before 10.

    Parameters
    ----------
    table : Table
        Any column may hold paths, names with or without endings, or numbers of pictures.
    pictures : sequence of str, length N
        Their paths.
    folder : sequence of str
        Names of the folders that hold all pictures, the innermost last, which paths in the table
        may begin with.

    Raises
    ------
    DataError
        Where the rows cannot be told to belong to the pictures.
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
    """Which pictures the cells of a column name.

    Parameters
    ----------
    column : int
        Which.
    numbers : bool
        Whether all cells are numbers.
    meant : mapping
        By word: the picture that it names, and how many of its folders fit.
    counts : Counter
        How often each word stands there, but for those that mean nothing is known.
    """

    column: int
    numbers: bool
    meant: Mapping[str, tuple[int, int]] = field(repr=False)
    counts: Counter[str] = field(repr=False)

    @property
    def named(self) -> set[int]:
        """Pictures that it names."""
        return {place for place, _ in self.meant.values() if place >= 0}

    @property
    def known(self) -> int:
        """Cells that are not empty."""
        return self.counts.total()

    def cells(self, place: int | None = None) -> int:
        """Count the cells that name `place`, or any picture."""
        pairs = self.meant.items()
        return sum(
            self.counts[word]
            for word, (found, _) in pairs
            if found == place or (place is None and found >= 0)
        )

    def place(self, word: str) -> tuple[int, int]:
        """Return what a cell names."""
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
    """Return the column that names pictures; None where no column can.

    Raises
    ------
    DataError
        Where two columns name them in different ways, or one seems to but does not.
    """
    named = [one for one in found if not one.numbers and _names_most(one, count)]
    numbered = [one for one in found if one.numbers and _numbers_all(one, table, count)]
    for some in (named, numbered):
        for one in () if named else found:
            _check_names_nobody(table, one)
        telling = [one for one in some if names_files(table.names[one.column])]
        fitting = sorted(telling or some, key=lambda one: -len(one.named))
        if fitting:
            for other in fitting[1:]:
                _check_agreement(table, fitting[0], other)
            return fitting[0]
    return None


def _names_most(one: _Found, count: int) -> bool:
    """Say whether a column names most pictures, or most of its cells do."""
    named = len(one.named)
    return named > 0 and (2 * named >= count or 2 * one.cells() >= one.known)


def _numbers_all(one: _Found, table: Table, count: int) -> bool:
    """Say whether a column numbers pictures: each once, and all of them.

    Under a head such as ``ImageId`` there may be more pictures than numbers, or fewer.
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
            f"its columns {both} name the pictures in different ways: "
            "call the right one 'file name'"
        )


def _check_numbers(table: Table, one: _Found, count: int) -> None:
    """Refuse a column that numbers most pictures, each once, but not all, or others as well."""
    hits = one.cells()
    if one.numbers and hits == len(one.named) and hits > MOST * max(count, one.known):
        raise DataError(
            f"its column {quoted(table.names[one.column])} numbers {hits:,} of the {count:,} "
            "pictures, but not all and no others: write file names with their endings"
        )


def _check_names_nobody(table: Table, one: _Found) -> None:
    """Refuse a column that seems to name pictures, but others, or several at once."""
    if one.numbers:
        return
    head = quoted(table.names[one.column])
    if one.cells(SEVERAL) * 2 > one.known:
        word = next(word for word, (place, _) in one.meant.items() if place == SEVERAL)
        raise DataError(
            f"its column {head} names several pictures at once, such as {quoted(word)}: "
            "write names with their folders"
        )
    endings = _endings()
    files = [word for word in one.counts if os.path.splitext(word)[1].lower() in endings]
    if files and len(files) * 2 > len(one.counts):
        raise DataError(f"its column {head} names other files, such as {quoted(files[0])}")


def _endings() -> frozenset[str]:
    return picture_suffixes() | KINDS.keys()


def _by_order(table: Table, found: Sequence[_Found], pictures: Sequence[str]) -> Join:
    """Give each picture a row in order, where there are as many."""
    if len(table) + 1 == len(pictures) and _is_row(table):
        table = table.without_names()
    if len(table) != len(pictures):
        raise DataError(
            f"no column names the files, and {len(table):,} row{'' if len(table) == 1 else 's'} "
            f"cannot be told to belong to {len(pictures):,} pictures"
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
    """Say whether the line of names is like those below: words that stand in them, or numbers."""
    pairs = zip(table.names, table.columns, strict=True)
    return all(
        name in words or (is_number(name) and all(is_number(word) for word in words if word))
        for name, words in pairs
    )


def _by_name(table: Table, chosen: _Found, pictures: Sequence[str]) -> Join:
    rows = np.full(len(pictures), -1, np.int64)
    depths = np.full(len(pictures), -1, np.int64)
    told: dict[int, list[int]] = {}
    words = table.columns[chosen.column]
    for row, (place, depth) in enumerate(map(chosen.place, words)):
        if place < 0 or depth < depths[place]:
            continue
        if depth > depths[place]:  # the path of another folder's picture of the same name
            depths[place], rows[place] = depth, row
            told.pop(place, None)
        else:
            told.setdefault(place, []).append(row)
    others = tuple((place, row) for place, again in told.items() for row in again)
    lost = [word for word, (place, _) in chosen.meant.items() if place == NOBODY]
    several = [word for word, (place, _) in chosen.meant.items() if place == SEVERAL]
    without = [pictures[i] for i in np.flatnonzero(rows < 0)[:EXAMPLES]]
    notes = []
    if chosen.numbers and not names_files(table.names[chosen.column]):
        notes.append(f"Its column {quoted(table.names[chosen.column])} numbers the pictures.")
    if count := int((rows < 0).sum()):
        notes.append(f"Pictures without a row: {count:,} of {len(pictures):,}{_such_as(without)}.")
    if count := chosen.cells(NOBODY):
        notes.append(f"Rows that name no picture here: {count:,}{_such_as(lost)}.")
    if count := chosen.cells(SEVERAL):
        notes.append(f"Rows that name several pictures at once: {count:,}{_such_as(several)}.")
    return Join(table, rows, chosen.column, others, tuple(notes))


def _such_as(names: Iterable[str]) -> str:
    some = [quoted(name) for name in list(dict.fromkeys(names))[:EXAMPLES]]
    return f", such as {', '.join(some)}" if some else ""


def quoted(text: str) -> str:
    """Return a name as a message quotes it: short, and so that it can be printed."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return repr(plain if len(plain) <= SHOWN else f"{plain[: SHOWN - 1]}…")
