"""Parser of text tables as written by spreadsheets, pandas, Kaggle and CelebA."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace

from latentlab.data.tables.encodings import decode_text
from latentlab.errors import DataError

MAX_BYTES = 1 << 28
"""Maximum size of a table in bytes."""
MAX_COLUMNS = 10_000
SEPARATORS = ",;\t|"
SAMPLE = 1 << 16
"""Number of characters from which the separator is detected."""
HINT = re.compile(r"\s*\"?sep=([^\r\n\"])\"?[^\n]*\n", re.IGNORECASE)
"""Line by which Excel sets the separator: neither a line break nor a quote."""
GUARDED = re.compile(r'="(.*)"')
"""Notation that keeps Excel from converting ``007`` to a number."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of a table.

    Parameters
    ----------
    names : tuple of str
        Column names, from the first line.
    columns : tuple of tuple of str
        Cells of each column below its name, all of the same length.
    separator : str
        Cell separator; empty for spaces.
    notes : tuple of str
        Notes on how the table was read.
    """

    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    separator: str = ","
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def without_names(self) -> Table:
        """Return the table with its header as the first row and numbered column names."""
        pairs = zip(self.names, self.columns, strict=True)
        columns = tuple((name, *words) for name, words in pairs)
        names = tuple(f"column {i + 1}" for i in range(len(columns)))
        return replace(self, names=names, columns=columns)


def parse_table(content: bytes) -> Table:
    """Parse a table with cells separated by commas, semicolons, tabs, bars or spaces.

    Skips a line such as ``sep=;`` before the header, and a row count as in CelebA's files. If the
    header is one name short, the first column has an empty name. Rows with more cells than the
    header are dropped and noted.

    Raises
    ------
    DataError
        If the table is too large, or has no header with rows below.
    """
    if len(content) > MAX_BYTES:
        raise DataError(f"it has {len(content):,} bytes; the maximum is {MAX_BYTES:,}")
    text, encoding = decode_text(content)
    hint = HINT.match(text)
    try:
        separator = hint[1] if hint else _separator(text)
        rows = _rows(text[hint.end() :] if hint else text, separator)
    except csv.Error as error:
        raise DataError(f"it cannot be read as a table ({error})") from None
    if len(rows) < 2:
        raise DataError("it has no line of column names with rows below")
    head, body, left_out = _aligned(rows, separator)
    columns = tuple(zip(*body, strict=True))
    notes = [] if encoding.startswith(("utf-8", "utf-16", "utf-32")) else [_guessed(encoding)]
    if left_out:
        notes.append(f"Rows left out because they have more cells than the header: {left_out:,}.")
    return Table(tuple(head), columns, separator, tuple(notes))


def _guessed(encoding: str) -> str:
    return f"It is not in UTF-8 and was read as {encoding}: save it as UTF-8 if names look wrong."


def _separator(text: str) -> str:
    """Return the separator that gives most lines the width of the first; empty for spaces."""
    end = text.find("\n", SAMPLE)
    sample = text if end < 0 else text[:end]
    best, found = (0.5, 1), ""
    for separator in SEPARATORS:
        widths = [len(row) for row in _rows(sample, separator)]
        if len(widths) < 2 or widths[0] < 2:
            continue
        fits = sum(width - widths[0] in (0, 1) for width in widths[1:]) / (len(widths) - 1)
        if (fits, widths[0]) > best:
            best, found = (fits, widths[0]), separator
    return found


def _rows(text: str, separator: str) -> list[list[str]]:
    """Return the cells of each line that is not empty."""
    if separator:
        # Split at \r and \n only, not at other Unicode line breaks, which may occur in cells.
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        rows = [[_plain(word) for word in row] for row in lines]
    else:
        plain = [line.strip() for line in re.split(r"\r\n|\r|\n", text)]
        rows = [line.split() for line in plain if line]
        widths = {len(row) for row in rows[2 if _counts(rows) else 1 :]}
        if len(widths) > 1:  # one column whose cells contain spaces
            rows = [[_plain(line)] for line in plain if line]
    rows = [row for row in rows if any(row)]
    return rows[1:] if _counts(rows) else rows


def _plain(word: str) -> str:
    word = word.strip()
    guarded = GUARDED.fullmatch(word) if word.startswith('="') else None
    return guarded[1] if guarded else word


def _counts(rows: list[list[str]]) -> bool:
    """Return whether the first line is the row count, as in CelebA's files."""
    if len(rows) < 3 or len(rows[0]) != 1 or not rows[0][0].isdecimal():
        return False
    right = rows[0][0] == str(len(rows) - 2) or len(rows[2]) > 1
    return right and not all(word.isdecimal() for word in rows[1])


def _aligned(rows: list[list[str]], separator: str) -> tuple[list[str], list[list[str]], int]:
    """Return the header, rows of the same width, and the number of dropped rows."""
    head, body = rows[0][:MAX_COLUMNS], [_trimmed(row, len(rows[0])) for row in rows[1:]]
    widths = {len(row) for row in body}
    if widths == {len(head) + 1} and (not separator or not names_files(head[0])):
        head = ["", *head]
    kept = [row + [""] * (len(head) - len(row)) for row in body if len(row) <= len(head)]
    if len(kept) < (len(body) + 1) // 2:
        raise DataError(
            f"its rows have more cells than the {len(head)} of the line of names: put cells that "
            "hold a comma in quotes, or save it with semicolons between cells"
        )
    return head, kept, len(body) - len(kept)


def _trimmed(row: list[str], width: int) -> list[str]:
    """Remove empty cells after the last named column, in place, and return the row."""
    while len(row) > width and not row[-1]:
        row.pop()
    return row


NAMING = {
    *("id", "index", "name", "path", "key", "image", "images", "img", "file", "files", "filename"),
    *("filenames", "fname", "picture", "photo", "photograph", "frame", "sample", "stem"),
}
ABOUT_NAMES = {"id", "ids", "index", "name", "number", "no", "nr", "path", "file", "num"}


def names_files(head: str) -> bool:
    """Return whether a column name is one of file names, such as ``ImageId``, ``file name``."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", head)
    words = re.sub(r"[\W_]+", " ", spaced).casefold().split()
    joined = "".join(words)
    return (
        joined in NAMING
        or (len(words) > 1 and words[0] in NAMING and set(words[1:]) <= ABOUT_NAMES)
        or any(joined == f"{first}{last}" for first in NAMING for last in ABOUT_NAMES)
    )


def plain(name: str) -> str:
    """Return a readable attribute name: ``Wearing_Hat`` becomes ``wearing hat``."""
    return " ".join(name[:100].replace("_", " ").lower().split())
