"""What the window remembers between starts: plain values in a JSON file, and nothing else.

Not `QSettings`: its files may hold any object of Python or Qt, which it makes while it reads.
"""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, TypeAdapter

from latentlab.atomic_write import write_atomically
from latentlab.directories import home
from latentlab.errors import RunError
from latentlab.json_files import Record, parse_json, read_bytes
from latentlab.widgets.kit.old_settings import read_old_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME, OLD_NAME = "settings.json", "settings.ini"
RECENT = "recent"
LIMIT = 10

type Plain = bool | int | float | str | bytes | list[str] | dict[str, Any]


class _Bytes(Record):
    """Bytes as they stand in the file."""

    base64: str


_FILE = TypeAdapter(dict[str, JsonValue])
_BYTES, _WORDS = TypeAdapter(_Bytes), TypeAdapter(list[str])


class Settings:
    """The settings in a folder; a file that is missing or damaged says nothing.

    Parameters
    ----------
    folder : Path
        The user's latentlab folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        try:
            self._values: dict[str, Any] = parse_json(read_bytes(self._path), _FILE)
        except FileNotFoundError:
            self._values = _stored(read_old_settings(folder / OLD_NAME))
        except (OSError, ValueError):
            self._values = {}

    def value[P: Plain](self, key: str, default: P) -> P:
        """Return a value of the type of `default`, or that where no such one is stored."""
        stored = self._values.get(key)
        value: Any = stored
        try:
            if isinstance(default, bytes):
                value = base64.b64decode(_BYTES.validate_python(stored).base64, validate=True)
            elif isinstance(default, list):
                value = _WORDS.validate_python(stored, strict=True)
            elif isinstance(default, float) and type(stored) is int:
                value = float(stored)
        except (ValueError, OverflowError):
            return default
        return value if type(value) is type(default) else default

    def setValue(self, key: str, value: Plain) -> None:
        """Remember a value; where that cannot be written, it is forgotten at the end."""
        self._values |= _stored({key: value})
        self._write()

    def remove(self, key: str) -> None:
        """Forget a value."""
        self._values.pop(key, None)
        self._write()

    def _write(self) -> None:
        with suppress(RunError):
            text = json.dumps(self._values, indent=1, ensure_ascii=False)
            # A file's name may hold what is no Unicode.
            write_atomically(self._path, text.encode(errors="replace"), durable=False)


def settings() -> Settings:
    """Return the settings in the user's latentlab folder, as they stand on disk."""
    return Settings(home())


def recent() -> list[str]:
    """Return the models opened last, newest first."""
    return settings().value(RECENT, [])


def remember(path: str) -> None:
    """Put a model at the head of the recent ones."""
    others = [other for other in recent() if other != path]
    settings().setValue(RECENT, [path, *others][:LIMIT])


def _stored(values: Mapping[str, Plain]) -> dict[str, Any]:
    return {
        key: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for key, value in values.items()
    }
