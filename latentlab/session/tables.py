"""CSV export with cells escaped so that spreadsheets do not run them as formulas."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from latentlab.atomic_write import write_atomically
from latentlab.session.export import TABLES, check_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.session.selection import Selection

FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")
"""Prefixes of cells that a spreadsheet runs as formulas."""


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV.

    Raises
    ------
    RunError
        If the file cannot be written, or its name does not end in ``.csv``.
    """
    check_suffix(path, TABLES)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(map(escape_cell, _distinct(head)))
    table.writerows([escape_cell(value) for value in row] for row in rows)
    # A file name may contain bytes that are not valid text.
    write_atomically(path, text.getvalue().encode("utf-8", "backslashreplace"))


def _distinct(head: Sequence[str]) -> list[str]:
    """Return names with repeated ones numbered: an attribute may have the name of a column."""
    return [
        name if name not in head[:i] else f"{name} {head[: i + 1].count(name)}"
        for i, name in enumerate(head)
    ]


def escape_cell(value: object) -> object:
    """Return a value as a cell: text that a spreadsheet would run is prefixed by an apostrophe.

    References
    ----------
    CSV Injection, OWASP: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str) or not value.startswith(FORMULA_PREFIXES) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def save_selection(selection: Selection, codes: Codes, names: Sequence[str], path: Path) -> None:
    """Write row, file, part, label, class, attributes and z of each selected image as CSV.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    attributes = codes.attributes
    size = codes.mu.shape[1]
    head = ["row", "file", "part", "label", "class", *(attributes.names if attributes else ())]
    rows = (
        [
            row,
            *file_and_part(codes, row),
            *_class_of(codes, row, names),
            *(attributes.values_of(row) if attributes else ()),
            *(f"{z:.7g}" for z in codes.mu[row].tolist()),
        ]
        for row in selection.rows.tolist()
    )
    write_table(path, [*head, *(f"z{d + 1}" for d in range(size))], rows)


def file_and_part(codes: Codes, row: int) -> tuple[str, str]:
    """Return the file and the part of an image; empty if unknown."""
    return (
        "" if codes.files is None else str(codes.files[row]),
        "" if codes.parts is None else str(codes.parts[row]),
    )


def _class_of(codes: Codes, row: int, names: Sequence[str]) -> tuple[object, str]:
    if codes.labels is None:
        return "", ""
    label = int(codes.labels[row])
    return label, names[label] if 0 <= label < len(names) else ""
