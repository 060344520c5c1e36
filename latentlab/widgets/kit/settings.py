"""Persistent settings of the window: plain values in a JSON file.

Not `QSettings`: its files may hold any Python or Qt object, which it constructs while reading.
"""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, TypeAdapter

from latentlab.atomic_write import set_aside, write_atomically
from latentlab.directories import home, resources
from latentlab.errors import LatentlabError, RunError
from latentlab.json_files import Record, parse_json, read_bytes
from latentlab.widgets.kit.old_settings import read_old_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME, OLD_NAME = "settings.json", "settings.ini"
VERSION_KEY, VERSION = "version", 1
RECENT = "recent"
LIMIT = 10

type Plain = bool | int | float | str | bytes | list[str] | dict[str, Any]


class _Bytes(Record):
    """Bytes in the file, as base64."""

    base64: str


_FILE = TypeAdapter(dict[str, JsonValue])
_BYTES, _STRINGS = TypeAdapter(_Bytes), TypeAdapter(list[str])


class Settings:
    """Settings in a folder; empty if the file is missing.

    A file that is damaged, or of a newer latentlab, is set aside, so that nothing of it is lost.

    Parameters
    ----------
    folder : Path
        latentlab folder of the user.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self.problem: LatentlabError | None = None
        """Why the file was set aside; None if it was not."""
        try:
            self._values: dict[str, Any] = _read(self._path)
        except FileNotFoundError:
            self._values = _to_json(read_old_settings(folder / OLD_NAME))
        except OSError:
            self._values = {}
        except ValueError as error:
            self._values = {}
            self._set_aside(error)

    def _set_aside(self, reason: ValueError) -> None:
        with suppress(RunError):
            kept = set_aside(self._path)
            self.problem = RunError(
                f"The settings of the window could not be used: {reason}.",
                f"They are kept as {kept}; the window begins with new ones.",
            )

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
            values = {VERSION_KEY: VERSION, **self._values}
            text = json.dumps(values, indent=1, ensure_ascii=False)
            # A file name may contain characters that UTF-8 cannot encode.
            write_atomically(self._path, text.encode(errors="replace"), durable=False)


def _read(path: Path) -> dict[str, Any]:
    """Read the values of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is damaged, or was written by a newer latentlab.
    """
    values = parse_json(read_bytes(path), _FILE)
    version = values.pop(VERSION_KEY, VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise ValueError("they are of a newer latentlab")
    return values


def settings() -> Settings:
    """Read the settings from the latentlab folder of the user."""
    return Settings(home())


def recent() -> list[str]:
    """Return the paths of the recently opened models, newest first."""
    stored: list[str] = settings().value(RECENT, [])
    return [str(shipped) if (shipped := resources() / path).exists() else path for path in stored]


def remember(path: str) -> None:
    """Move a model to the top of the recent ones."""
    newest = [path, *(other for other in recent() if other != path)][:LIMIT]
    settings().setValue(RECENT, [_stored(path) for path in newest])


def _stored(path: str) -> str:
    """Return a path as it is stored: that of a shipped model begins in the resources.

    An AppImage has them in another folder at each start.
    """
    model, shipped = Path(path), resources()
    return str(model.relative_to(shipped)) if model.is_relative_to(shipped) else path


def _to_json(values: Mapping[str, Plain]) -> dict[str, Any]:
    return {
        key: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for key, value in values.items()
    }
