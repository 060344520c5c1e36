"""Lookup of images by the paths, names, stems or numbers in a table."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY, SEVERAL = -1, -2
"""Results of a lookup without a match, and with several matches."""
TRAILING = re.compile(r"(.*?)(\d+)$")


class PictureNames:
    """Index of images by path, name, stem and number.

    Parameters
    ----------
    pictures : sequence of str, length N
        Paths of the images.
    folder : sequence of str
        Names of the folders that contain all images, the innermost last.
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
        """Return images by number, if all stems are a common prefix and a number; else empty."""
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
        """Return the image of a name or path (or `NOBODY`, `SEVERAL`), and its matching folders."""
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
        """Return the images of `places` (all of one name) whose innermost folder is `folder`."""
        if places[0] not in self._parted:
            parts = self._parted[places[0]] = {}
            for place in places:
                inner = self._folders[place]
                parts.setdefault(inner[-1] if inner else "", []).append(place)
        return self._parted[places[0]].get(folder, [])


def folded(path: str) -> str:
    """Return a path normalised for comparison: NFC, ``/`` as separator, case-folded."""
    path = unicodedata.normalize("NFC", path.replace("\\", "/").strip())
    return path.removeprefix("./").casefold()


def _stem(name: str) -> str:
    """Return a name without its suffix, but with the page number after ``#``."""
    base, mark, page = name.partition("#")
    return os.path.splitext(base)[0] + mark + page


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    pairs = zip(reversed(first), reversed(second), strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def natural(path: str) -> tuple[tuple[int, str], ...]:
    """Return the key of natural sorting, in which 2 comes before 10."""
    parts = re.split(r"(\d+)", folded(path))
    return tuple((int(part[:300]), part) if i % 2 else (0, part) for i, part in enumerate(parts))
