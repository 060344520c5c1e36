"""Division of a data set into training, validation and test images.

The model learns from the training images. The validation loss decides which epoch is the best.
The test images are scored once, when training ends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from latentlab.config import Config, Options
from latentlab.data.files.parts import WORDS
from latentlab.data.holdout import choose_held_out
from latentlab.data.tables.columns import MISSING
from latentlab.errors import DataError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.data.holdout import Keys, PartCodes

BY = {
    "auto": "Automatic",
    "random": "Random",
    "column": "Column",
    "group": "Group",
}
PART_CODES = {
    word: code for code, (kind, words) in enumerate(WORDS.items()) for word in (*words, str(code))
}
"""Code of the part that a word of a column names; numbers are as in CelebA's partition."""


class Split(Config):
    """Which images are for training, for validation and for the test."""

    by: Annotated[Literal["auto", "random", "column", "group"], Options(BY)] = Field(
        "auto",
        title="Split by",
        description="Automatic uses the parts of the data set, such as train and test folders, "
        "and chooses at random if there are none. Column: a column of the table, or an array of "
        "the NPZ file, names the part of each image. Group: images with the same value of the "
        "column, such as a subject or a video, stay in one part.",
    )
    column: str = Field(
        "",
        max_length=200,
        title="Split column",
        description="Column of the table, or array of the NPZ file, for Column and Group. Empty "
        "with Group: the folder of each image.",
    )
    validation: float = Field(
        0.1,
        gt=0,
        lt=1,
        title="Held out",
        description="Share of the images that is held out for validation, if no part is defined.",
    )
    test: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Test share",
        description="Share of the images that is kept for the test, which is scored once at the "
        "end of training. 0: no test, or the one that the data set defines.",
    )
    seed: int = Field(
        0,
        ge=0,
        lt=2**31,
        title="Split seed",
        description="Start of the random numbers that choose the images of each part.",
    )

    @property
    def reads_column(self) -> bool:
        """Whether a column decides, or defines the groups."""
        return self.by == "column" or (self.by == "group" and bool(self.column))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test must leave images to train on")
        if self.by == "column" and not self.column:
            raise ValueError("column must be the name of a column")
        return self


@dataclass(frozen=True, slots=True)
class Division:
    """Part of each image, and how it was decided.

    Parameters
    ----------
    parts : ndarray of int8, shape (N,)
        Position of its part in `latentlab.data.parts.PARTS`.
    keys : ndarray of uint64, shape (N,), or None
        Keys by which images were chosen; None if the data set defines the parts.
    grouped : bool
        Whether the first 32 bits of a key are those of its group.
    note : str
        Note for the user.
    """

    parts: PartCodes
    keys: Keys | None = None
    grouped: bool = False
    note: str = ""


def divide_images(
    split: Split,
    keys: Keys,
    labels: NDArray[np.int64] | None,
    own: PartCodes | None,
    words: Sequence[str] | None,
) -> Division:
    """Return the part of each image.

    Parameters
    ----------
    split : Split
        How to divide.
    keys : ndarray of uint64, shape (N,)
        See `latentlab.data.holdout.image_keys`.
    labels : ndarray of int64, shape (N,), or None
        Class of each image; a random choice takes the same share of each.
    own : ndarray of int8, shape (N,), or None
        Parts that the data set defines.
    words : sequence of str, length N, or None
        Value of the split column for each image.

    Raises
    ------
    DataError
        If the column does not name parts, or there are too few groups.
    """
    if split.by == "column" and words is not None:
        return _by_column(split, keys, labels, words)
    if split.by == "group" and words is not None:
        return _by_group(split, keys, words)
    if split.by == "auto" and own is not None:
        return Division(own)
    return Division(_random(split, keys, labels), keys)


def _random(split: Split, keys: Keys, labels: NDArray[np.int64] | None) -> PartCodes:
    """Choose validation images by lowest key, and test images from the others in the same way."""
    count = len(keys)
    parts = np.zeros(count, np.int8)
    if count < 2:
        return parts
    parts[choose_held_out(keys, labels, split.validation)] = 1
    if split.test:
        if count < 3:
            raise DataError("data.split: three parts need at least three images.")
        rest = np.flatnonzero(parts == 0)
        some = None if labels is None else labels[rest]
        share = min(split.test * count / len(rest), 1.0)
        parts[rest[choose_held_out(keys[rest], some, share)]] = 2
    return parts


def _by_column(
    split: Split, keys: Keys, labels: NDArray[np.int64] | None, words: Sequence[str]
) -> Division:
    """Use the parts that a column names; without validation images, choose some at random."""
    codes = {word: PART_CODES.get(_plain_number(word)) for word in dict.fromkeys(words)}
    if unknown := [word for word, code in codes.items() if code is None]:
        counts = Counter(words)
        shown = listed([f"{word or '(empty)'} ({counts[word]:,} images)" for word in unknown], 5)
        raise DataError(
            f"data.split.column: {split.column} has values that are not names of parts: {shown}.",
            "Use train, validation and test (or 0, 1 and 2) for all images. To keep images with "
            "the same value together, set split by to group.",
        )
    parts = np.array([codes[word] for word in words], np.int8)
    if not (parts == 0).any():
        raise DataError(
            f"data.split.column: {split.column} names no training image.",
            "Use train, validation and test (or 0, 1 and 2) for all images.",
        )
    if (parts == 1).any():
        return Division(parts)
    rest = np.flatnonzero(parts == 0)
    if len(rest) < 2:
        raise DataError(f"data.split.column: {split.column} names only one training image.")
    some = None if labels is None else labels[rest]
    parts[rest[choose_held_out(keys[rest], some, split.validation)]] = 1
    note = f"{split.column} names no validation images: some of the training images are chosen."
    return Division(parts, note=note)


def _plain_number(word: str) -> str:
    """Return a word in lower case, and a whole number without decimals: ``1.0`` is ``1``."""
    word = word.strip().casefold()
    return word.removesuffix(".0")


def _by_group(split: Split, keys: Keys, words: Sequence[str]) -> Division:
    """Choose whole groups, in the order of a hash of their names."""
    known = ["" if word.casefold() in MISSING else word for word in words]
    names, groups, sizes = np.unique(np.array(known), return_inverse=True, return_counts=True)
    shares = {1: split.validation} | ({2: split.test} if split.test else {})
    if len(names) <= len(shares):
        raise DataError(
            f"data.split: there {'is' if len(names) == 1 else 'are'} only {len(names)} "
            f"group{'s' * (len(names) != 1)} for {len(shares) + 1} parts.",
            "Choose another column, or split at random.",
        )
    hashes = np.array([_hash(split.seed, name) for name in names.tolist()], np.uint64)
    part_of = np.zeros(len(names), np.int8)
    for code, share in shares.items():
        # Leave a group for each later part.
        spare = len(shares) - code
        part_of[_choose_groups(part_of, sizes, hashes, share * len(keys), spare)] = code
    grouped = (hashes[groups] << np.uint64(32)) | (keys & np.uint64(0xFFFFFFFF))
    unknown = int(sizes[names == ""].sum())
    notes = [f"{len(names):,} groups: {_group_counts(part_of)}."]
    notes += [f"{unknown:,} images without a group are kept together."] if unknown else []
    return Division(part_of[groups], grouped, grouped=True, note=" ".join(notes))


def _group_counts(part_of: PartCodes) -> str:
    counts = np.bincount(part_of, minlength=3).tolist()
    names = ("training", "validation", "test")
    return ", ".join(f"{n:,} {name}" for n, name in zip(counts, names, strict=True) if n)


def _choose_groups(
    part_of: PartCodes, sizes: NDArray, hashes: Keys, wanted: float, spare: int
) -> list[int]:
    """Return groups, in the order of their hashes, with about `wanted` images in all."""
    free = np.flatnonzero(part_of == 0)
    free = free[np.argsort(hashes[free], kind="stable")]
    most = len(free) - 1 - spare
    chosen: list[int] = []
    total = 0
    for group in free.tolist():
        size = int(sizes[group])
        if len(chosen) < most and abs(total + size - wanted) < abs(total - wanted):
            chosen.append(group)
            total += size
    return chosen or [int(free[np.argmin(sizes[free])])]


def _hash(seed: int, name: str) -> int:
    content = f"{seed}\0{name}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(content, digest_size=4).digest(), "little")
