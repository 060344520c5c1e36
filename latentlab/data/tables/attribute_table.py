"""Selection of the attribute table of a source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.attributes import attributes_of
from latentlab.data.files.archive import shared_depth, shown
from latentlab.data.tables.joining import EXAMPLES, quoted
from latentlab.data.tables.parquet_table import SUFFIX as PARQUET
from latentlab.data.tables.parquet_table import read_parquet
from latentlab.data.tables.table import MAX_BYTES, parse_table
from latentlab.errors import DataError, listed, reason_of

if TYPE_CHECKING:
    from latentlab.data.attributes import Described
    from latentlab.data.files.archive import Entry, Source
    from latentlab.data.image_set import Attributes

NAMES = ("attributes.csv", "list_attr_celeba.txt", "list_attr_celeba.csv")
"""Names of attribute tables, which take precedence over all others."""
KINDS = (".csv", ".tsv", PARQUET)
LISTS = (".txt",)
"""Suffixes of files that count as tables only if they contain names of images."""
MAX_TABLES = 20
"""Maximum number of other tables that are read."""

MAX_KEPT = 16
_NAMES: dict[tuple[object, ...], tuple[str, ...]] = {}
"""Names of attributes by folder and version of its tables, which a form asks for at each change."""


@dataclass(frozen=True, slots=True)
class AttributeTable:
    """Attributes read from a table of the source.

    Parameters
    ----------
    attributes : Attributes or None
        Attributes in the order of the source's entries.
    name : str
        File name of the table; empty if there is none.
    how : str
        How its rows were matched to images.
    notes : tuple of str
        Notes for the user: rows without images, unused columns, unused tables.
    """

    attributes: Attributes | None = None
    name: str = ""
    how: str = ""
    notes: tuple[str, ...] = ()
    words: tuple[str, ...] | None = None
    """Words of the wanted column in the order of the source's entries."""

    def column(self, name: str) -> tuple[str, ...]:
        """Return the words of the wanted column.

        Raises
        ------
        DataError
            If no table has the column.
        """
        if self.words is not None:
            return self.words
        names = self.attributes.names if self.attributes else ()
        table = f"{self.name} has {listed(names, 20)}" if names else "there is no usable table"
        raise DataError(
            f"data.split.column: there is no column {quoted(name)}; {table}.",
            "Name a column of the attribute table.",
        )


def read_beside(source: Source, chosen: Path | None = None, column: str = "") -> AttributeTable:
    """Read the chosen table, else the table of the source that names the most images.

    `column` is a column whose words are kept; a table that has it takes precedence.

    Raises
    ------
    DataError
        If the chosen table cannot be read or does not match the images.
    """
    if chosen:
        try:
            return _used(chosen.name, _read(chosen, source, column), [])
        except DataError as error:
            raise DataError(
                f"data.attributes: {chosen} cannot be used: {error.message}.",
                "Choose a CSV with a header line and a column of the images' file names.",
            ) from error
    found: list[tuple[str, Described]] = []
    refused: list[str] = []
    candidates = _candidates(source)
    for table in candidates:
        name = shown(_base(table))
        must_name = name.lower().endswith(LISTS) or (
            isinstance(table, Path) and len(candidates) > 1
        )
        try:
            described = _read(table, source, column)
        except DataError as error:
            if not must_name or name.lower() in NAMES:
                refused.append(f"{name} is not used: {error.message}.")
            continue
        if name.lower() in NAMES:
            return _used(name, described, [])
        if described.named or not must_name:
            found.append((name, described))
    return _best(found, refused)


def attribute_names(source: Source, chosen: Path | None = None) -> tuple[str, ...]:
    """Return the names of the attributes that `read_beside` reads; kept until a file changes.

    Raises
    ------
    DataError
        If the chosen table cannot be read or does not match the images.
    """
    tables = [chosen] if chosen else _candidates(source)
    key = source.root, len(source.entries), tuple(map(_version, tables))
    if key not in _NAMES:
        found = read_beside(source, chosen).attributes
        if len(_NAMES) >= MAX_KEPT:
            _NAMES.clear()
        _NAMES[key] = found.names if found else ()
    return _NAMES[key]


def _version(table: Entry | Path) -> tuple[object, ...]:
    if not isinstance(table, Path):
        return table.name, table.size, table.stamp
    try:
        found = table.stat()
    except OSError:  # told when it is read
        return (table,)
    return table, found.st_size, found.st_mtime_ns


def _best(found: list[tuple[str, Described]], refused: list[str]) -> AttributeTable:
    """Return the table that names the most images; one that names none only if it is alone."""
    more = len(refused) - EXAMPLES
    notes = [*refused[:EXAMPLES], *([f"{more:,} more tables are not used."] if more > 0 else [])]
    naming = [pair for pair in found if pair[1].named]
    if not naming and len(found) > 1:
        names = listed([name for name, _ in found], EXAMPLES)
        note = f"{names} could each describe the images in order: choose one as data.attributes."
        return AttributeTable(notes=(note, *notes))
    if not found:
        return AttributeTable(notes=tuple(notes))
    ranked = sorted(naming or found, key=_rank)
    (name, described), others = ranked[0], [name for name, _ in found if name != ranked[0][0]]
    if others:
        notes.insert(
            0, f"Other tables, not used: {listed(others, EXAMPLES)}. Choose one by data.attributes."
        )
    return _used(name, described, notes)


def _rank(pair: tuple[str, Described]) -> tuple[bool, int, bool, int, str]:
    name, described = pair
    columns = len(described.attributes.names)
    return described.words is None, -described.named, name.lower().endswith(LISTS), -columns, name


def _used(name: str, described: Described, others: list[str]) -> AttributeTable:
    notes = [*described.notes, *others]
    used = [f"{name} is used, {described.how}."] if notes else []
    notes_of = (*used, *notes)
    return AttributeTable(described.attributes, name, described.how, notes_of, described.words)


def _read(found: Entry | Path, source: Source, column: str) -> Described:
    """Read a table and match it to the images; raise a `DataError` for any problem."""
    try:
        content = _content(found, source)
    except DataError:
        raise
    except Exception as error:  # zipfile raises many types for damaged archives
        raise DataError(reason_of(error)) from error
    names = [entry.name for entry in source.entries]
    root = source.root.absolute()
    folder = (*root.parts[1:-1], root.name if root.is_dir() else root.stem)
    is_parquet = found.name.lower().endswith(PARQUET)
    table = read_parquet(content) if is_parquet else parse_table(content)
    described = attributes_of(table, names, folder, column)
    if described.words is None and np.isnan(described.attributes.values).all():
        raise DataError("it has no values for any image")
    return described


def _content(found: Entry | Path, source: Source) -> bytes:
    size = found.stat().st_size if isinstance(found, Path) else found.size
    if size > MAX_BYTES:
        raise DataError(f"it has {size:,} bytes; the maximum is {MAX_BYTES:,}")
    if isinstance(found, Path):
        return found.read_bytes()
    with source.open(found) as file:
        return file.read()


def _candidates(source: Source) -> list[Entry | Path]:
    """Return the candidate tables, those with a name in `NAMES` first."""
    inside: list[Entry | Path] = list(_uppermost(source))
    around = _around(source.root)
    tables = [table for table in inside if table.name.lower().endswith((*KINDS, *LISTS))]
    if not tables and not source.root.is_dir():
        tables += [path for path in around if path.name.lower().endswith(KINDS)]
    named = [table for table in (*inside, *around) if _base(table).lower() in NAMES]
    named.sort(key=lambda table: NAMES.index(_base(table).lower()))
    rest = sorted((table for table in tables if table not in named), key=_order)
    return [*named, *rest[:MAX_TABLES]]


def _base(table: Entry | Path) -> str:
    return table.name.rpartition("/")[2]


def _order(table: Entry | Path) -> tuple[bool, str]:
    return _base(table).lower().endswith(LISTS), _base(table)


def _uppermost(source: Source) -> list[Entry]:
    """Return the tables no deeper than the folder that contains all images."""
    depth = shared_depth([entry.name.split("/")[:-1] for entry in source.entries])
    return [entry for entry in source.tables if entry.name.count("/") <= depth]


def _around(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.absolute().parent.iterdir() if path.is_file())
    except OSError:
        return []
