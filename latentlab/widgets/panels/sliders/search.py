"""Search for sliders by number."""

from __future__ import annotations

import re

_WANTED = re.compile(r"(\d*)\s*[-\N{EN DASH}]\s*(\d*)|(\d+)")


def matching(text: str, number: int) -> bool:
    """Return whether a search such as ``7, z30-40`` finds a slider by its number, from 1.

    Letters are ignored, and a range may lack an end. A text without numbers finds all.
    """
    found = [match.groups() for match in _WANTED.finditer(text)]
    ranges = [(first or single, last or single) for first, last, single in found]
    wanted = [(first, last) for first, last in ranges if first or last]
    return not wanted or any(_is_between(first, last, number) for first, last in wanted)


def _is_between(first: str, last: str, number: int) -> bool:
    """Return whether a number is in a range, whose ends may be empty or swapped."""
    ends = int(first or 1), int(last or number)
    return min(ends) <= number <= max(ends) if last else ends[0] <= number
