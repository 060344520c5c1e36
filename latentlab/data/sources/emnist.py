"""EMNIST, handwritten digits and letters in MNIST's format: its subsets and classes.

See EMNIST: an extension of MNIST to handwritten letters, Cohen, Afshar, Tapson and van Schaik,
2017. Its images are stored transposed, and its letters are numbered from 1.
"""

from __future__ import annotations

import string

MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
"""Classes in which lower-case letters are merged with similar capitals."""
LETTERS = "letters"
CLASSES = {
    LETTERS: string.ascii_uppercase,
    "balanced": MERGED,
    "bymerge": MERGED,
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "digits": string.digits,
    "mnist": string.digits,
}
"""Classes of each subset, one character each."""


def set_of(prefix: str) -> str:
    """Return the EMNIST subset of a file-name prefix; empty if it is none."""
    name, _, rest = prefix.partition("emnist")
    found = rest.strip("-_. ")
    return found if not name and found in CLASSES else ""
