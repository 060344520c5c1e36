"""Reader of tables with one image per row, such as Kaggle's ``label,pixel0,...,pixel783``.

Also read are tables without a line of names, as of ``mnist_train.csv``, and those with all pixels
in one cell, as of FER2013 (``emotion,pixels,Usage``).
"""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import IO, TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LABELS = ("label", "labels", "class", "target", "y", "digit", "emotion", "species", "letter")
PARTS = ("usage", "split", "part", "set")
CELL = "pixels"
"""Name of a column that holds all pixels of an image."""
MIN_PIXELS = 16
"""Fewer numbers per row are not taken for an image."""
LINES_AT_ONCE = 2000
MAX_LINE = 1 << 22
"""Maximum number of bytes per line."""
MAX_VALUES = 1 << 31
SEPARATORS = ",;\t"
CODES = re.compile(
    r"(z|mu|latents?|codes?|dim|pc|emb|embeddings?|umap|tsne)[ _.\[(]?\d+[\])]?", re.I
)
PIXELS = re.compile(r"(pixels?|px)[ _.\[(]?\d.*", re.I)
"""Names of the columns of codes, and of pixels."""
_LIMIT = Lock()


@dataclass(frozen=True, slots=True)
class PixelTable:
    """Layout of a table of pixels.

    Parameters
    ----------
    separator : str
        Cell separator.
    has_names : bool
        Whether the first line names the columns.
    columns : int
        Number of columns.
    label, part, cell : int or None
        Columns of the class, of the part, and of all pixels in one cell.
    pixels : int
        Number of pixel values per row.
    part_name : str
        Name of the column of the part; empty if there is none.
    may_be_codes : bool
        Whether names of columns or negative numbers make codes likelier than pixels.
    """

    separator: str
    has_names: bool
    columns: int
    label: int | None
    part: int | None
    cell: int | None
    pixels: int
    part_name: str = ""
    may_be_codes: bool = False


@dataclass(frozen=True, slots=True)
class PixelRows:
    """Content of a table: ``values`` of shape (N, pixels), and words of class and part, if any."""

    values: NDArray[np.float32]
    labels: tuple[str, ...] | None
    parts: tuple[str, ...] | None


def find_layout(path: Path) -> PixelTable | None:
    """Return the layout of a table of pixels from its first lines; None for other files."""
    try:
        with path.open("rb") as file:
            lines = [file.readline(MAX_LINE).decode("utf-8-sig").strip() for _ in range(2)]
    except (OSError, UnicodeDecodeError):
        return None
    if not all(lines):
        return None
    separator = max(SEPARATORS, key=lines[0].count)
    try:
        with _long_cells():
            names, first = (next(csv.reader([line], delimiter=separator)) for line in lines)
    except csv.Error:
        return None
    if len(names) != len(first):
        return None
    has_names = not all(map(_is_number, names[1:-1] or names))
    lower = [name.strip().lower() for name in names] if has_names else []
    label, part, cell = (_position(lower, wanted) for wanted in (LABELS, PARTS, (CELL,)))
    numbers: list[tuple[str, str]] = []
    if cell is not None:
        pixels = len(first[cell].split())
    else:
        if label is None and not has_names and _is_side(len(first) - 1):
            label = 0
        others = {label, part}
        numbers = [
            (lower[i] if has_names else "", word) for i, word in enumerate(first) if i not in others
        ]
        pixels = len(numbers) if all(_is_number(word) for _, word in numbers) else 0
    if pixels < MIN_PIXELS or not (_is_side(pixels) or has_names):
        return None
    part_name = "" if part is None else names[part].strip()
    special = label, part, cell
    may_be_codes = _may_be_codes(numbers)
    return PixelTable(
        separator, has_names, len(first), *special, pixels, part_name, may_be_codes=may_be_codes
    )


def is_pixel_table(path: Path) -> bool:
    """Return whether a file is a table of pixels, rather than of codes."""
    layout = find_layout(path)
    return layout is not None and not layout.may_be_codes


def _may_be_codes(cells: Sequence[tuple[str, str]]) -> bool:
    """Return whether numbers under names are likelier to be codes than pixels."""
    names = [name.strip() for name, _ in cells]
    if not cells or PIXELS.fullmatch(names[0]):
        return False
    return all(map(CODES.fullmatch, names)) or any(float(word) < 0 for _, word in cells)


@contextmanager
def _long_cells() -> Generator[None]:
    """Allow cells as long as a line, since one may hold all pixels; the limit is the process's."""
    with _LIMIT:
        before = csv.field_size_limit(MAX_LINE)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _position(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((i for i, name in enumerate(names) if name in wanted), None)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_side(pixels: int) -> bool:
    """Return whether as many pixels are a square image of one or three channels."""
    return any(int((pixels / c) ** 0.5 + 0.5) ** 2 * c == pixels for c in (1, 3))


def read_rows(path: Path, layout: PixelTable) -> Generator[Progress, None, PixelRows]:
    """Read all rows.

    Raises
    ------
    DataError
        If a row has another number of cells or a cell that is no number; names the line.
    """
    size = path.stat().st_size
    values: list[NDArray[np.float32]] = []
    labels: list[str] = []
    parts: list[str] = []
    number = int(layout.has_names)
    with path.open("rb") as file:
        if layout.has_names:
            file.readline(MAX_LINE)
        while lines := [line for line in _lines(file) if line.strip()]:
            yield Progress(f"Reading {path.name}", file.tell() / max(1, size))
            rows = _parsed(lines, layout, path, number)
            values.append(rows.values)
            labels += rows.labels or ()
            parts += rows.parts or ()
            number += len(lines)
            if number * layout.pixels > MAX_VALUES:
                raise DataError(f"{path} holds more than {MAX_VALUES:,} values.", "Save an NPZ.")
    if not values:
        raise DataError(f"{path} holds no rows.")
    return PixelRows(np.concatenate(values), tuple(labels) or None, tuple(parts) or None)


def _lines(file: IO[bytes]) -> list[bytes]:
    return list(islice(iter(lambda: file.readline(MAX_LINE), b""), LINES_AT_ONCE))


def _parsed(lines: list[bytes], layout: PixelTable, path: Path, before: int) -> PixelRows:
    """Return the content of some lines; the first has the number `before` + 1."""
    text = [line.decode("utf-8", "replace").strip("\ufeff\r\n") for line in lines]
    special = {layout.label, layout.part} - {None}
    if layout.cell is None and not special:
        return PixelRows(_numbers(text, layout.separator, layout, path, before), None, None)
    reader = csv.reader(text, delimiter=layout.separator)
    try:
        with _long_cells():
            cells = list(reader)
    except csv.Error as error:
        raise _bad(path, before + reader.line_num, "is no line of a CSV") from error
    for i, row in enumerate(cells):
        if len(row) != layout.columns:
            raise _bad(path, before + i + 1, f"has {len(row)} cells, not {layout.columns}")
    if layout.cell is not None:
        rows, separator = [row[layout.cell] for row in cells], " "
    else:
        separator = layout.separator
        rows = [separator.join(w for i, w in enumerate(row) if i not in special) for row in cells]
    return PixelRows(
        _numbers(rows, separator, layout, path, before),
        None if layout.label is None else tuple(row[layout.label].strip() for row in cells),
        None if layout.part is None else tuple(row[layout.part].strip() for row in cells),
    )


def _numbers(
    rows: list[str], separator: str, layout: PixelTable, path: Path, before: int
) -> NDArray[np.float32]:
    # Parse many rows at once; only if that fails, look for the row that is wrong.
    for some, first in ((rows, before), *(([row], before + i) for i, row in enumerate(rows))):
        try:
            words = separator.join(some).split(None if separator == " " else separator)
            found = np.array(words, np.float32)
        except ValueError:
            found = np.empty(0, np.float32)
        if len(some) == 1 and len(found) != layout.pixels:
            raise _bad(path, first + 1, f"does not hold {layout.pixels} numbers")
        if len(some) == len(rows) and len(found) == len(rows) * layout.pixels:
            return found.reshape(len(rows), layout.pixels)
    raise _bad(path, before + 1, f"does not hold {layout.pixels} numbers")


def _bad(path: Path, line: int, what: str) -> DataError:
    return DataError(f"{path}, line {line:,}: {what}.", "Was the file cut off, or edited?")
