"""The table that lies with pictures and says what they show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.sources import shared_depth
from latentlab.data.table import attributes_of, parse_table
from latentlab.errors import DataError

if TYPE_CHECKING:
    from latentlab.data.base import Attributes
    from latentlab.data.sources import Entry, Source

NAMES = ("attributes.csv", "list_attr_celeba.txt", "list_attr_celeba.csv")
KINDS = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found beside pictures.

    Parameters
    ----------
    attributes : Attributes or None
        What it says, in the order of the source's entries.
    name : str
        The table's file name; empty where there is none.
    note : str
        Why a table that is there says nothing of these pictures; else empty.
    """

    attributes: Attributes | None = None
    name: str = ""
    note: str = ""


def read_beside(source: Source, chosen: Path | None = None) -> Beside:
    """Read the table that was chosen, or look for one that fits the pictures.

    Raises
    ------
    DataError
        Where the chosen one cannot be read or does not fit.
    """
    names = [entry.name for entry in source.entries]
    found = chosen or _find(source)
    if found is None:
        return Beside()
    try:
        attributes = attributes_of(parse_table(_content(found, source)), names)
        if np.isnan(attributes.values).all(1).mean() > 0.5:
            raise DataError("it says nothing of most of the pictures")
    except (DataError, OSError, ValueError, RuntimeError) as error:
        reason = error.message if isinstance(error, DataError) else str(error)
        if chosen:
            raise DataError(
                f"data.attributes: {chosen} cannot be used: {reason}.",
                "Choose a CSV with a line of names, and a column with the pictures' file names.",
            ) from error
        return Beside(note=f"{Path(found.name).name} is not used: {reason}.")
    return Beside(attributes, Path(found.name).name)


def _content(found: Entry | Path, source: Source) -> bytes:
    if isinstance(found, Path):
        return found.read_bytes()
    with source.open(found) as file:
        return file.read()


def _find(source: Source) -> Entry | Path | None:
    """Return the table with a name that says so, else the only one there is."""
    inside = {entry.name.rpartition("/")[2].lower(): entry for entry in _uppermost(source)}
    around = _around(source.root)
    beside = {path.name.lower(): path for path in around}
    for name in NAMES:
        if name in inside or name in beside:
            return inside.get(name) or beside[name]
    own = [entry for name, entry in inside.items() if name.endswith(KINDS)]
    if own or source.root.is_dir():
        return own[0] if len(own) == 1 else None
    tables = [path for name, path in beside.items() if name.endswith(KINDS)]
    return tables[0] if len(tables) == 1 else None


def _uppermost(source: Source) -> list[Entry]:
    """Return the tables that lie no deeper than the folder that holds all the pictures."""
    depth = shared_depth([entry.name.split("/")[:-1] for entry in source.entries])
    return [entry for entry in source.tables if entry.name.count("/") <= depth]


def _around(root: Path) -> list[Path]:
    try:
        return [path for path in root.absolute().parent.iterdir() if path.is_file()]
    except OSError:
        return []
