"""Pictures by what a table may call them: paths, names, stems and numbers."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY, SEVERAL = -1, -2
"""What a name means that is no picture's, or that of more than one."""
TRAILING = re.compile(r"(.*?)(\d+)$")


class PictureNames:
    """Pictures by what a table may call them.

    Parameters
    ----------
    pictures : sequence of str, length N
        Their paths.
    folder : sequence of str
        Names of the folders that hold all pictures, the innermost last.
    """

    def __init__(self, pictures: Sequence[str], folder: Sequence[str]) -> None:
        outer = tuple(folded(name) for name in folder)
        self._folders: list[tuple[str, ...]] = []
        self._by_name: dict[str, list[int]] = {}
        self._by_stem: dict[str, list[int]] = {}
        for i, picture in enumerate(pictures):
            *folders, name = folded(picture).split("/")
            self._folders.append((*outer, *folders))
            self._by_name.setdefault(name, []).append(i)
            self._by_stem.setdefault(_stem(name), []).append(i)
        self._parted: dict[int, dict[str, list[int]]] = {}
        self.numbers = self._numbered()

    def _numbered(self) -> dict[int, int]:
        """Return pictures by number, where names are numbers behind one and the same word."""
        parted = {stem: TRAILING.fullmatch(stem) for stem in self._by_stem}
        if len({match and match[1] for match in parted.values()}) != 1 or None in parted.values():
            return {}
        numbers: dict[int, int] = {}
        for stem, match in parted.items():
            number = int(match[2][:300]) if match else 0
            places = self._by_stem[stem]
            only = len(places) == 1 and number not in numbers
            numbers[number] = places[0] if only else SEVERAL
        return numbers

    def place(self, word: str) -> tuple[int, int]:
        """Return the picture that a name means, and how many of its folders fit."""
        *folders, name = folded(word).split("/")
        places = (
            self._by_name.get(name) or self._by_stem.get(name) or self._by_stem.get(_stem(name))
        )
        if not places:
            return NOBODY, 0
        if len(places) > 1:
            places = self._in_folder(places, folders[-1]) if folders else []
        depths = [_common(folders, self._folders[place]) for place in places]
        best = max(depths, default=0)
        if depths.count(best) != 1:
            return SEVERAL, 0
        return places[depths.index(best)], best

    def _in_folder(self, places: list[int], folder: str) -> list[int]:
        """Return those of many pictures of one name that lie in a folder."""
        if places[0] not in self._parted:
            parts = self._parted[places[0]] = {}
            for place in places:
                inner = self._folders[place]
                parts.setdefault(inner[-1] if inner else "", []).append(place)
        return self._parted[places[0]].get(folder, [])


def folded(path: str) -> str:
    """Return a path as it is compared: composed letters, ``/`` between folders, no capitals."""
    path = unicodedata.normalize("NFC", path.replace("\\", "/").strip())
    return path.removeprefix("./").casefold()


def _stem(name: str) -> str:
    """Return a name without its ending; what follows ``#`` tells pictures of one file apart."""
    base, mark, page = name.partition("#")
    return os.path.splitext(base)[0] + mark + page


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    pairs = zip(reversed(first), reversed(second), strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def natural(path: str) -> tuple[tuple[int, str], ...]:
    """Return by what paths are sorted so that 2 comes before 10."""
    parts = re.split(r"(\d+)", folded(path))
    return tuple((int(part[:300]), part) if i % 2 else (0, part) for i, part in enumerate(parts))
