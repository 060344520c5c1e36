"""JSON that is read through its model: what does not fit is refused in words, or left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from latentlab.errors import DataError, RunError, reading, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 8 << 20
"""Bytes of a JSON file, and of a line of JSON, at most."""
LARGE = 32 << 20
"""The same for files that hold vectors."""
MOST_LINES = 512 << 20
"""Bytes of a file of JSON lines at most."""
Count = Annotated[int, Field(ge=0, le=2**53)]
"""A number of things."""
BOM = b"\xef\xbb\xbf"


class Record(BaseModel):
    """What a JSON file of ours holds: strict types, finite numbers; unknown names are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Lines[T]:
    """What a file of JSON lines holds.

    Parameters
    ----------
    records : tuple
        One for each line that could be read, in the file's order.
    damaged : int
        Lines that could not be read; a half-written last line is none of them.
    """

    records: tuple[T, ...] = ()
    damaged: int = 0


def read_bytes(path: Path, most: int = MOST) -> bytes:
    """Read a file of at most `most` bytes.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is larger.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {most / (1 << 20):g} MB")
    return content


def parse_json[T](content: bytes | str, kind: TypeAdapter[T]) -> T:
    """Return what JSON text says.

    Raises
    ------
    ValueError
        Says where it does not fit, in words.
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
    """Read a JSON file.

    Raises
    ------
    LatentlabError
        Of type `error`, where the file cannot be read or does not fit `kind`.
    """
    with reading(path, error, advice, fault):
        return parse_json(read_bytes(path, most), kind)


def read_lines[T](path: Path, kind: TypeAdapter[T]) -> Lines[T]:
    """Read a file of JSON lines; lines that do not fit `kind` are left out and counted.

    A file that is not there has no lines.
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
    """Yield the lines that are not empty, up to the limit of the file's size."""
    with path.open("rb") as file:
        while file.tell() < MOST_LINES and (line := file.readline(MOST)):
            if line.strip():
                yield line


def _problem(error: ValidationError) -> str:
    details = error.errors(include_url=False, include_context=False)[0]
    where = shown(".".join(map(str, details["loc"])), 80)
    text = details["msg"].replace("Input should be", "must be")
    return f"{where}: {text} (not {shown(repr(details['input']), 60)})" if where else text
