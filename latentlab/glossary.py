"""Glossary: the terms of the window, each with one sentence and its formula."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter

from latentlab.directories import resources

NO_MATCH = 4


@dataclass(frozen=True, slots=True)
class Word:
    """Entry of the glossary, in plain text.

    Parameters
    ----------
    term : str
        The term.
    text : str
        One sentence that explains it.
    formula : str
        Formula on one line; empty if there is none.
    also : tuple of str
        Synonyms.
    covers : tuple of str
        Further words of the window that the entry explains.
    see : tuple of str
        Related terms.
    """

    term: str
    text: str
    formula: str = ""
    also: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All words under which the entry is found."""
        return (self.term, *self.also, *self.covers)


@cache
def read_words() -> tuple[Word, ...]:
    """Return the glossary, sorted by term."""
    text = (resources() / "words.toml").read_text(encoding="utf-8")
    words = TypeAdapter(tuple[Word, ...]).validate_python(tomllib.loads(text)["word"])
    return tuple(sorted(words, key=lambda word: word.term.casefold()))


def find_words(query: str) -> list[Word]:
    """Return the entries that match a query, best matches first.

    An entry named so comes first, then names that begin so, then names and texts with words that
    begin with those of the query. An empty query matches all.
    """
    ranks = {word: _rank(word, query.strip().casefold()) for word in read_words()}
    return sorted((word for word in ranks if ranks[word] < NO_MATCH), key=ranks.__getitem__)


def words_in(text: str) -> list[Word]:
    """Return the entries whose term or synonym stands in a text, in the order of the text."""
    places = {word: _place(word, text) for word in read_words()}
    return sorted((word for word in places if places[word] >= 0), key=places.__getitem__)


def _place(word: Word, text: str) -> int:
    """Return where a text first names a word, in the singular or plural; -1 if it does not."""
    names = "|".join(map(re.escape, (word.term, *word.also)))
    found = re.search(rf"\b({names})(s|es)?\b", text, re.IGNORECASE)
    return found.start() if found else -1


def _rank(word: Word, query: str) -> int:
    """Return how well an entry matches: 0 is best, `NO_MATCH` not at all."""
    names = [name.casefold() for name in word.names]
    typed = _split(query)
    levels = (
        query in names,
        any(name.startswith(query) for name in names),
        _begin(typed, " ".join(names)),
        _begin(typed, f"{word.term} {word.text}"),
    )
    return levels.index(True) if True in levels else NO_MATCH


def _begin(typed: list[str], text: str) -> bool:
    words = _split(text)
    return all(any(word.startswith(start) for word in words) for start in typed)


def _split(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text.casefold())
