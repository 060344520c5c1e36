"""Detection of the encoding of tables and of file names in archives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latentlab.text_files import SAMPLE, encoding_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FAR_FROM_LATIN = (
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
    *("cp1251", "cp866", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874"),
)
"""Encodings of non-Latin scripts, which can be distinguished from Western ones."""
LETTERS = re.compile(r"[^\W\d_]+")
MIXED = 0.25
"""Maximum fraction of words that mix ASCII letters with those of another script."""


def decode_text(content: bytes) -> tuple[str, str]:
    """Return the decoded text and its encoding: by byte order mark, UTF-8, UTF-16, else a guess.

    Of the 8-bit code pages for Latin scripts only cp1252 is tried, since a table is too short to
    distinguish it from similar ones.
    """
    guesses = (encoding_of(content), *_guesses(content), "cp1252", "latin-1")
    return _first_that_fits(content, guesses)


def decode_names(names: Sequence[bytes], fallback: str) -> tuple[list[str], str]:
    """Decode names that share an unknown encoding; return them and the encoding."""
    content = b"\n".join(names)
    _, encoding = _first_that_fits(content, ("utf-8", *_guesses(content), fallback))
    # Names may hold line breaks themselves.
    return [name.decode(encoding, "replace") for name in names], encoding


def _first_that_fits(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    for encoding in encodings:
        try:
            return content.decode(encoding), encoding
        except UnicodeError:
            continue
    return content.decode("latin-1"), "latin-1"


def _guesses(content: bytes) -> tuple[str, ...]:
    sample = bytes(content[:SAMPLE])
    if sample.isascii():
        return ()
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=list(FAR_FROM_LATIN))
    return tuple(match.encoding for match in matches if _is_far_from_latin(str(match)))


def _is_far_from_latin(text: str) -> bool:
    """Return whether words are of a non-Latin script; a wrong guess mixes it with Latin letters."""
    words = [word for word in LETTERS.findall(text) if not word.isascii()]
    mixed = sum(any(map(str.isascii, word)) for word in words)
    return any(len(word) > 1 for word in words) and mixed <= MIXED * len(words)
