"""Settings of earlier versions: recent models and the layout, from a Qt INI file.

The file is parsed as text, because Qt would construct any object that it describes.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from latentlab.json_files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 20
LISTS, LAYOUT = ("recent",), ("geometry", "layout")
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,4}|[0-7]{1,3}|.)")
CONTROL_ESCAPES = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
OBJECT = re.compile("@(?!@)")
BYTES = re.compile(r'"?@ByteArray\((.*)\)"?')


def read_old_settings(file: Path) -> dict[str, list[str] | bytes]:
    """Return the settings to import; none if the file is missing or damaged."""
    try:
        lines = read_bytes(file, MAX_BYTES).decode().splitlines()
        pairs = [line.partition("=") for line in lines]
        stored = {key: text for key, _, text in pairs}
        found: dict[str, list[str] | bytes] = {}
        for key in LISTS:
            found[key] = _parse_list(stored.get(key, ""))
        for key in LAYOUT:
            if value := BYTES.fullmatch(stored.get(key, "")):
                found[key] = _unescape(value[1]).encode("latin-1")
    except (OSError, ValueError, csv.Error):
        return {}
    return found


def _parse_list(text: str) -> list[str]:
    (row,) = csv.reader([text], skipinitialspace=True, doublequote=False) if text else ([],)
    words = [_unescape(word.strip()) for word in row]
    # A leading @ marks an object; @@ is an escaped @.
    return [word.replace("@@", "@", 1) for word in words if word and not OBJECT.match(word)]


def _unescape(text: str) -> str:
    return ESCAPE.sub(_decode_escape, text)


def _decode_escape(escape: re.Match[str]) -> str:
    code = escape[1]
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code.isdecimal() else CONTROL_ESCAPES.get(code, code)
