"""Persistent settings of the window: plain values in a JSON file.

Not `QSettings`: its files may hold any Python or Qt object, which it constructs while reading.
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
    """Bytes in the file, as base64."""

    base64: str


_FILE = TypeAdapter(dict[str, JsonValue])
_BYTES, _STRINGS = TypeAdapter(_Bytes), TypeAdapter(list[str])


class Settings:
    """Settings in a folder; empty if the file is missing or damaged.

    Parameters
    ----------
    folder : Path
        latentlab folder of the user.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        try:
            self._values: dict[str, Any] = parse_json(read_bytes(self._path), _FILE)
        except FileNotFoundError:
            self._values = _to_json(read_old_settings(folder / OLD_NAME))
        except (OSError, ValueError):
            self._values = {}

    def value[P: Plain](self, key: str, default: P) -> P:
        """Return the stored value, or `default` if none of its type is stored."""
        stored = self._values.get(key)
        value: Any = stored
        try:
            if isinstance(default, bytes):
                value = base64.b64decode(_BYTES.validate_python(stored).base64, validate=True)
            elif isinstance(default, list):
                value = _STRINGS.validate_python(stored, strict=True)
            elif isinstance(default, float) and type(stored) is int:
                value = float(stored)
        except (ValueError, OverflowError):
            return default
        return value if type(value) is type(default) else default

    def setValue(self, key: str, value: Plain) -> None:
        """Store a value; if the file cannot be written, it lasts until the window closes."""
        self._values |= _to_json({key: value})
        self._write()

    def remove(self, key: str) -> None:
        """Remove a value."""
        self._values.pop(key, None)
        self._write()

    def _write(self) -> None:
        with suppress(RunError):
            text = json.dumps(self._values, indent=1, ensure_ascii=False)
            # A file name may contain characters that UTF-8 cannot encode.
            write_atomically(self._path, text.encode(errors="replace"), durable=False)


def settings() -> Settings:
    """Read the settings from the latentlab folder of the user."""
    return Settings(home())


def recent() -> list[str]:
    """Return the paths of the recently opened models, newest first."""
    return settings().value(RECENT, [])


def remember(path: str) -> None:
    """Move a model to the top of the recent ones."""
    others = [other for other in recent() if other != path]
    settings().setValue(RECENT, [path, *others][:LIMIT])


def _to_json(values: Mapping[str, Plain]) -> dict[str, Any]:
    return {
        key: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for key, value in values.items()
    }
