"""Text files from any editor: encodings and line endings."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 8 << 20
"""Maximum size of a text file, in bytes."""
SAMPLE = 1 << 14
"""Number of bytes from which the encoding is detected."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16: the mark of UTF-32-LE starts with that of UTF-16-LE.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    r"""Read a UTF-8 or UTF-16 text file, with line endings converted to ``\n``.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If the file is larger than `MAX_BYTES` or in another encoding.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 20} MB, too large for a text file")
    return decode_text(content)


def decode_text(content: bytes) -> str:
    r"""Decode UTF-8 or UTF-16, with or without a byte order mark; line endings become ``\n``.

    Raises
    ------
    ValueError
        If the content is in another encoding.
    """
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError:
        raise ValueError("it is neither UTF-8 nor UTF-16: save it as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(content: bytes) -> str:
    """Return the encoding by byte order mark or by the position of zero bytes, else UTF-8."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:SAMPLE]
    # In UTF-16 every second byte of an ASCII letter is 0; UTF-8 text has no zero bytes.
    zeros = (head[::2].count(0), head[1::2].count(0))
    wide = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return wide if max(zeros) > len(head) // 8 else "utf-8"
