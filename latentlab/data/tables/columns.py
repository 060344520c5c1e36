"""Interpretation of table columns as numbers, yes and no, or categories."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from latentlab.data.image_set import Attributes

MISSING = frozenset(
    ("", "na", "n/a", "n.a.", "nan", "<na>", "#n/a", "nat", "null", "?", "-", "--", "–", "—", ".")
)
"""Notations of a missing value, in lower case."""
TRUTH = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0, "none": math.nan}
MAX_LEVELS = 1000
"""Maximum number of distinct words of a categorical column."""
MAX_WORD = 100
"""Maximum length of a category name in characters; longer words are free text."""
BAD_CELLS = 0.1
"""Maximum fraction of unreadable cells of a numeric column."""
MAX_CODES = 50
"""Maximum number of distinct integers that are codes of categories."""
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?,\d+(e[+-]?\d+)?", re.IGNORECASE)
POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
SPACED = re.compile(r"(?<=\d)[ \u00a0\u202f'\u2019](?=\d{3}(?!\d))")
"""Thousands separators other than commas and points."""


@dataclass(frozen=True, slots=True)
class Column:
    """Values of a column for each image.

    Parameters
    ----------
    values : ndarray of float32, shape (N,)
        Numbers; NaN for unknown.
    levels : tuple of str
        Categories of the values 0, 1, 2, ...; empty for numbers.
    bad : tuple of str
        Words of a numeric column that are not numbers.
    """

    values: NDArray[np.float32]
    levels: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


def read_column(words: Sequence[str], separator: str) -> Column | str:
    """Return the values of a column, or the reason why it cannot be used.

    Parameters
    ----------
    words : sequence of str, length N
        Cell of each image.
    separator : str
        Cell separator of the table, which decides whether commas in numbers are decimal.
    """
    counts = known_words(words)
    if not counts:
        return "empty"
    read = _number_reader(counts, separator)
    meant = {word: read(word) for word in counts}
    bad = tuple(word for word, value in meant.items() if value is None)
    known, lost = counts.total(), sum(counts[word] for word in bad)
    if lost <= max(1, BAD_CELLS * known) and known - lost > lost:
        return _numbers(words, meant, bad)
    return _words(words, counts)


def read_numbers(words: Sequence[str], separator: str) -> NDArray[np.float64] | None:
    """Return the numbers of a column as they are, NaN where missing; None if it holds a word.

    Parameters are as for `read_column`, which takes -1 and 1 for no and yes.
    """
    counts = known_words(words)
    read = _number_reader(counts, separator)
    meant = {word: read(word) for word in counts}
    if not counts or None in meant.values():
        return None
    return np.array([meant.get(word, math.nan) for word in words], np.float64)


def known_words(words: Sequence[str]) -> Counter[str]:
    """Count the words of a column, without missing values."""
    counts = Counter(words)
    for word in [word for word in counts if word.casefold() in MISSING]:
        del counts[word]
    return counts


def _numbers(
    words: Sequence[str], meant: dict[str, float | None], bad: tuple[str, ...]
) -> Column | str:
    plain = {word: value for word, value in meant.items() if value is not None}
    values = np.array([plain.get(word, math.nan) for word in words], np.float32)
    distinct = {value for value in plain.values() if not math.isnan(value)}
    if not distinct:
        return "empty"
    if distinct <= {-1.0, 1.0} and -1.0 in distinct:
        values = (values + np.float32(1)) / np.float32(2)
    return Column(values, bad=bad)


def _words(words: Sequence[str], counts: Counter[str]) -> Column | str:
    if max(map(len, counts)) > MAX_WORD:
        return "free text"
    if len(counts) > MAX_LEVELS:
        return f"{len(counts):,} different words"
    if len(counts) == counts.total():
        return "a different word for each image"
    if len(counts) == 1:
        return "the same for all images"
    levels = tuple(sorted(counts, key=lambda word: (word.casefold(), word)))
    numbers = {word: i for i, word in enumerate(levels)}
    return Column(np.array([numbers.get(word, math.nan) for word in words], np.float32), levels)


def is_number(word: str) -> bool:
    """Return whether a word is a number in Python's notation."""
    return _plain_number(word) is not None


def _plain_number(word: str) -> float | None:
    """Parse a number in Python's notation, without underscores; None if it is not a number."""
    if "_" in word or len(word) > MAX_WORD:
        return None
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) < 1e38 else math.nan


def _number_reader(counts: Counter[str], separator: str) -> Callable[[str], float | None]:
    """Return the number parser of a column, chosen by the commas and points in all its words."""
    with_comma = [word for word in counts if "," in word]
    english = all(COMMA_GROUPS.fullmatch(word) for word in with_comma) and (
        separator == "," or any("." in word for word in with_comma)
    )
    number = _plain_number
    if with_comma:
        number = _grouped if english else _decimal_comma

    def read(word: str) -> float | None:
        known = TRUTH.get(word.casefold())
        return number(SPACED.sub("", word)) if known is None else known

    return read


def _grouped(word: str) -> float | None:
    return _plain_number(word.replace(",", "") if COMMA_GROUPS.fullmatch(word) else word)


def _decimal_comma(word: str) -> float | None:
    """Parse a number with a decimal comma; None for words such as 1.234, which are ambiguous."""
    if DECIMAL_COMMA.fullmatch(word):
        return _plain_number(word.replace(".", "").replace(",", "."))
    return None if POINT_GROUPS.fullmatch(word) else _plain_number(word)


def groups_of(
    attributes: Attributes, name: str
) -> tuple[NDArray[np.int64], tuple[str, ...]] | None:
    """Group images by a categorical attribute.

    Returns
    -------
    ndarray of int64, shape (N,), and tuple of str
        Group indices, -1 for unknown, and names; None for a quantity, or yes and no.
    """
    values = attributes.column(name)
    if name in attributes.levels:
        return np.nan_to_num(values, nan=-1).astype(np.int64), attributes.levels[name]
    codes = codes_of(values)
    if codes is None:
        return None
    labels = np.searchsorted(codes, values)
    labels[np.isnan(values)] = -1
    return labels.astype(np.int64), tuple(f"{code:g}" for code in codes)


def codes_of(values: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the distinct values of an attribute if they are codes; None for a quantity.

    Codes are 3 to `MAX_CODES` distinct integers with two or more images each on average, such as
    digits, countries or grades, whose order may have no meaning.
    """
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    few = 3 <= len(distinct) <= MAX_CODES and 2 * len(distinct) <= len(known)
    return distinct if few and bool((distinct == np.round(distinct)).all()) else None
