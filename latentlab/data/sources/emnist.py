"""EMNIST, handwritten digits and letters in MNIST's format: what is otherwise about its files.

See EMNIST: an extension of MNIST to handwritten letters, Cohen, Afshar, Tapson and van Schaik,
2017. Its images lie transposed in the files, and its letters are counted from 1.
"""

from __future__ import annotations

import string

MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
"""Lower-case letters are merged with their capitals where both look alike."""
LETTERS = "letters"
CLASSES = {
    LETTERS: string.ascii_uppercase,
    "balanced": MERGED,
    "bymerge": MERGED,
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "digits": string.digits,
    "mnist": string.digits,
}
"""The classes of each of its sets, one character each."""


def set_of(prefix: str) -> str:
    """Return which of its sets files are of, by what their names begin with; empty for none."""
    name, _, rest = prefix.partition("emnist")
    found = rest.strip("-_. ")
    return found if not name and found in CLASSES else ""
