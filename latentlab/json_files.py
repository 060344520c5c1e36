"""JSON files validated against pydantic types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from latentlab.errors import DataError, RunError, reading, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 8 << 20
"""Maximum size of a JSON file and of a JSON line, in bytes."""
LARGE = 32 << 20
"""Maximum size of a JSON file that holds vectors, in bytes."""
MOST_LINES = 512 << 20
"""Maximum size of a JSON-lines file, in bytes."""
Count = Annotated[int, Field(ge=0, le=2**53)]
BOM = b"\xef\xbb\xbf"


class Record(BaseModel):
    """Base of the records in JSON files: strict types, finite numbers, unknown names ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Lines[T]:
    """Content of a JSON-lines file.

    Parameters
    ----------
    records : tuple
        Record of each valid line, in the file's order.
    damaged : int
        Number of invalid lines, without an incomplete last line.
    """

    records: tuple[T, ...] = ()
    damaged: int = 0


def read_bytes(path: Path, most: int = MOST) -> bytes:
    """Read a file of at most `most` bytes.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If the file is larger.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {most / (1 << 20):g} MB")
    return content


def parse_json[T](content: bytes | str, kind: TypeAdapter[T]) -> T:
    """Parse and validate JSON text.

    Raises
    ------
    ValueError
        If the text does not match `kind`; names the first offending key.
    """
    if isinstance(content, bytes):
        content = content.removeprefix(BOM)
    try:
        return kind.validate_json(content, strict=True)
    except ValidationError as error:
        raise ValueError(_problem(error)) from None


def read_json[T](
    path: Path,
    kind: TypeAdapter[T],
    error: type[DataError | RunError] = RunError,
    advice: str = "Restore it from a copy.",
    fault: str = "is damaged",
    most: int = MOST,
) -> T:
    """Read and validate a JSON file; see `reading` for `error`, `advice` and `fault`.

    Raises
    ------
    LatentlabError
        Of type `error`, if the file cannot be read or does not match `kind`.
    """
    with reading(path, error, advice, fault):
        return parse_json(read_bytes(path, most), kind)


def read_lines[T](path: Path, kind: TypeAdapter[T]) -> Lines[T]:
    """Read a JSON-lines file; skip and count the lines that do not match `kind`.

    A missing file has no lines.
    """
    records, damaged = [], 0
    try:
        for line in _lines(path):
            try:
                records.append(parse_json(line, kind))
            except ValueError:
                damaged += line.endswith(b"\n")
    except OSError:
        damaged += path.exists()
    return Lines(tuple(records), damaged)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the non-empty lines of the first `MOST_LINES` bytes."""
    with path.open("rb") as file:
        while file.tell() < MOST_LINES and (line := file.readline(MOST)):
            if line.strip():
                yield line


def _problem(error: ValidationError) -> str:
    details = error.errors(include_url=False, include_context=False)[0]
    where = shown(".".join(map(str, details["loc"])), 80)
    text = details["msg"].replace("Input should be", "must be")
    return f"{where}: {text} (not {shown(repr(details['input']), 60)})" if where else text
