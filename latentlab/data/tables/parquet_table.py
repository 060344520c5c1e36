"""Reader of Parquet tables, such as pandas writes, as tables of text."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from latentlab.data.tables.table import Table
from latentlab.errors import DataError, reason_of
from latentlab.extras import how_to_install

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".parquet"
MAX_VALUES = 1 << 28
"""Maximum number of cells."""
INDEX = re.compile(r"__index_level_\d+__")
"""Name under which pandas stores an index without a name."""


def read_parquet(content: Path | bytes) -> Table:
    """Read a Parquet file with the optional package pyarrow.

    Raises
    ------
    DataError
        If it is damaged or too large, or pyarrow is missing; the message has no full stop.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        raise DataError(
            "Parquet files need the package pyarrow",
            how_to_install("parquet"),
        ) from None
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        with parquet.ParquetFile(source) as file:
            about = file.metadata
            if about.num_rows * about.num_columns > MAX_VALUES:
                raise DataError(f"it holds more than {MAX_VALUES:,} values")
            table = file.read()
    except DataError:
        raise
    except Exception as error:  # pyarrow raises many types for damaged files
        raise DataError(f"it cannot be read as Parquet ({reason_of(error)})") from error
    names: list[str] = ["" if INDEX.fullmatch(name) else name for name in table.column_names]
    columns = (_words(table.column(i).to_pylist()) for i in range(len(names)))
    return Table(tuple(names), tuple(columns))


def _words(cells: list[object]) -> tuple[str, ...]:
    return tuple("" if cell is None or cell != cell else str(cell) for cell in cells)
