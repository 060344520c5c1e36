"""Text that people write, with whatever editor: its encoding and its line ends."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 8 << 20
"""Size of a text file at most."""
SAMPLE = 1 << 14
"""Bytes that are enough to know an encoding by."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark these begin with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    r"""Read a text file that a person may have written; its lines end in ``\n``.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is too large or no text; says what to do.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 20} MB, and so no text")
    return decode_text(content)


def decode_text(content: bytes) -> str:
    r"""Return the text that bytes stand for: UTF-8 or UTF-16, with or without a byte order mark.

    Raises
    ------
    ValueError
        Where they are neither; says what to do.
    """
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError:
        raise ValueError("it is neither UTF-8 nor UTF-16: save it as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(content: bytes) -> str:
    """Return the encoding that a text tells by its mark or its zeros, else UTF-8."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:SAMPLE]
    # Every second byte of plain letters is 0 in UTF-16, and no other encoding has any.
    zeros = (head[::2].count(0), head[1::2].count(0))
    wide = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return wide if max(zeros) > len(head) // 8 else "utf-8"
