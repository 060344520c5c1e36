"""Tables as CSV, NPZ or Parquet.

Cells of CSV are escaped so that spreadsheets do not run them as formulas.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError
from latentlab.extras import how_to_install
from latentlab.session.export import TABLES, check_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.session.selection import Selection

NUMBERED = re.compile(r"\d+$")
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")
"""Prefixes of cells that a spreadsheet runs as formulas."""


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV, NPZ or Parquet, depending on the ending of `path`.

    A column whose cells are numbers is one of numbers, with NaN where a cell is empty. In an NPZ
    each column is an array; numbered columns such as ``z1`` to ``z5`` are one array ``z`` of shape
    (N, 5).

    Raises
    ------
    RunError
        If the file cannot be written, its ending is another one, or pyarrow is missing.
    """
    kind = check_suffix(path, TABLES)
    names = _distinct(head)
    if kind == "csv":
        # A file name may contain bytes that are not valid text.
        write_atomically(path, _csv(names, rows).encode("utf-8", "backslashreplace"))
        return
    cells = list(zip(*rows, strict=True)) or [()] * len(names)
    columns = {name: _array(values) for name, values in zip(names, cells, strict=True)}
    write_atomically(path, _npz(columns) if kind == "npz" else _parquet(columns, path))


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(map(escape_cell, head))
    table.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else ""
    return escape_cell(value)


def _array(cells: Sequence[object]) -> NDArray[Any]:
    """Return a column as integers, as float64 with NaN for empty cells, or as text."""
    if all(isinstance(cell, int) for cell in cells):
        return np.array(cells, np.int64)
    known = [cell for cell in cells if cell != ""]
    if known and all(isinstance(cell, int | float) for cell in known):
        return np.array([math.nan if cell == "" else cell for cell in cells], np.float64)
    texts = [str(cell).encode("utf-8", "backslashreplace").decode() for cell in cells]
    return np.array(texts, np.str_)


def _npz(columns: Mapping[str, NDArray[Any]]) -> bytes:
    groups: dict[str, list[NDArray[Any]]] = {}
    for name, column in columns.items():
        stem = NUMBERED.sub("", name)
        # The columns of a group follow one another, counted from 1.
        is_next = name == f"{stem}{1 + len(groups.get(stem, ()))}" and column.dtype.kind in "if"
        groups.setdefault(stem if is_next else name, []).append(column)
    arrays = {
        name: np.stack(group, 1) if name not in columns else group[0]
        for name, group in groups.items()
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            # The names are those of the user: numpy.savez takes no name that is one of its own.
            with archive.open(f"{name.replace('/', '_')}.npy", "w") as file:
                np.lib.format.write_array(file, values, allow_pickle=False)
    return content.getvalue()


def _parquet(columns: Mapping[str, NDArray[Any]], path: Path) -> bytes:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise RunError(
            f"{path.name} cannot be written: pyarrow is missing.",
            f"Choose .csv or .npz. {how_to_install('parquet')}",
        ) from error
    content = io.BytesIO()
    parquet.write_table(pa.table({name: pa.array(c) for name, c in columns.items()}), content)
    return content.getvalue()


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
    """Write row, file, part, label, class, attributes, z and sigma of each selected image.

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
            *shortest(codes.mu[row]),
            *shortest(codes.sigma[row]),
        ]
        for row in selection.rows.tolist()
    )
    dimensions = [f"{name}{d + 1}" for name in ("z", "sigma") for d in range(size)]
    write_table(path, [*head, *dimensions], rows)


def shortest(values: NDArray[np.float32]) -> list[float]:
    """Return float32 values as the numbers with the fewest digits that are read as the same."""
    return [float(text) for text in values.astype(str)]


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
