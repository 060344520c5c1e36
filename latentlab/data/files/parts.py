"""Distinction of part folders, such as train and test, from class folders."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.data.files.archive import shared_depth, shown
from latentlab.data.parts import PARTS, TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    from collections.abc import Sequence

TRAIN_WORDS = {"train", "training", "trn", "trainval", "extra", "unlabeled", "unlabelled"}
TEST_WORDS = {"test", "testing", "tst"}
VALIDATION_WORDS = {"val", "valid", "validate", "validation", "dev", "development"} | {
    *("eval", "evaluation", "holdout", "heldout")
}
WORDS = {TRAIN: TRAIN_WORDS, VALIDATION: VALIDATION_WORDS, TEST: TEST_WORDS}
HELD_OUT = (VALIDATION, TEST)
FILLERS = {"set", "data", "dataset", "images", "image", "imgs", "img", "pictures", "photos"} | {
    *("seg", "split", "part", "folder", "samples", "cropped", "resized", "fold", "the", "of")
}
"""Words allowed beside the name of a part, as in ``seg_train`` and ``test images``."""
COMPOUND = re.compile(r"(?:^|(?<=_))(train|training|test|testing|val|valid|dev|eval)(?=set|data)")
MAX_DEPTH = 6
SHARED_CLASSES = 0.5
"""Minimum fraction of class folders that the training and held-out parts share."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Part and class of each image, from its folders.

    Parameters
    ----------
    names : tuple of str, length N
        Name of each image's part; empty for none.
    kinds : tuple of str, length N
        `TRAIN`, `VALIDATION` or `TEST`. Without folders for validation, those for the test are for
        validation.
    folders : tuple of str, length N
        Class folder of each image; empty for none.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    folders: tuple[str, ...]

    @property
    def unclassed(self) -> tuple[bool, ...]:
        """Whether each image is in no class folder, in a set with parts and several classes."""
        if not any(self.names) or len({*self.folders} - {""}) < 2:
            return (False,) * len(self.names)
        return tuple(not folder for folder in self.folders)

    @property
    def note(self) -> str:
        """Note on the parts and on what they are for; empty without parts."""
        named = [pair for pair in zip(self.kinds, self.names, strict=True) if pair[1]]
        if not named:
            return ""
        if not self.decide:
            parts = _listed(Counter(name for _, name in named))
            return f"Parts: {parts}. A random choice from all is held out."
        train, held_out, test = (
            _listed(Counter(name for kind, name in named if kind == each)) for each in PARTS
        )
        beside = len(self.names) - len(named)
        learned = [train] if train else []
        learned += [f"{beside:,} outside"] if beside else []
        note = f"Held out: {held_out}. Learned from: {' and '.join(learned)}."
        return f"{note} Test: {test}." if test else note

    @property
    def decide(self) -> bool:
        """Whether there are images for training and for validation."""
        return {TRAIN, VALIDATION} <= {*self.kinds}


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name[:40]} ({count:,})" for name, count in sorted(counts.items()))


def find_parts(names: Sequence[str]) -> Parts:
    """Find the part and class of each image from its folders.

    The folders of a level are parts if all have names such as train or test, or if a training and
    a held-out folder contain the same class folders. Other folders of that level have no class.

    Parameters
    ----------
    names : sequence of str, length N
        Paths of the images.
    """
    paths = [name.split("/")[:-1] for name in names]
    part = [""] * len(paths)
    kinds = [TRAIN] * len(paths)
    level = _level_of_parts(paths)
    within: list[Sequence[int]] = [range(len(paths))] if level is not None else []
    while level is not None and within:
        for i in within.pop():
            if len(paths[i]) > level:
                name = paths[i][level]
                kind = _kind(name)
                if kind in HELD_OUT or (kind and not part[i]):
                    part[i] = shown(name)
                if kind in HELD_OUT:
                    kinds[i] = kind
                paths[i] = paths[i][:level] + paths[i][level + 1 :] if kind else []
        # seg_train/seg_train/cat, and train/train/cat beside train/val/cat
        within += _nested(paths, part, level) if not within else []
    if VALIDATION not in kinds:
        kinds = [VALIDATION if kind == TEST else kind for kind in kinds]
    return Parts(tuple(part), tuple(kinds), tuple(_class_folders(paths)))


def _nested(paths: list[list[str]], part: list[str], level: int) -> list[Sequence[int]]:
    """Return the rows of each part whose subfolders are all parts."""
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(part):
        if name and len(paths[i]) > level:
            rows.setdefault(name, []).append(i)
    return [some for some in rows.values() if all(_kind(paths[i][level]) for i in some)]


def _class_folders(paths: list[list[str]]) -> list[str]:
    """Return the first folder of each path below those that all paths share; else empty."""
    depth = shared_depth([path for path in paths if path])
    return [shown(path[depth]) if len(path) > depth else "" for path in paths]


def _level_of_parts(paths: list[list[str]]) -> int | None:
    for level in range(shared_depth(paths), MAX_DEPTH):
        inside: dict[str, set[str]] = {}
        for path in paths:
            if len(path) > level:
                inside.setdefault(path[level], set()).update(path[level + 1 :])
        kinds = {name: _kind(name) for name in inside}
        if len(kinds) > 1 and (all(kinds.values()) or _share_classes(inside, kinds)):
            return level
    return None


def _share_classes(inside: dict[str, set[str]], kinds: dict[str, str]) -> bool:
    """Return whether the training and held-out folders contain the same class folders."""
    train, held_out = (
        {folder for name in inside if kinds[name] in some for folder in inside[name]}
        for some in ((TRAIN,), HELD_OUT)
    )
    train, held_out = (
        {folder for folder in side if not _kind(folder)} for side in (train, held_out)
    )
    return len(train & held_out) > SHARED_CLASSES * max(len(train), len(held_out))


def _kind(folder: str) -> str:
    """Return `TRAIN`, `VALIDATION`, `TEST`, or an empty string if the folder is not a part."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1_\2", folder)
    spaced = COMPOUND.sub(r"\1_", re.sub(r"[\W\d_]+", "_", spaced).casefold())
    words = [word for word in spaced.split("_") if word and word not in FILLERS]
    for kind, known in WORDS.items():
        if words and (known.issuperset(words) or "".join(words) in known):
            return kind
    return VALIDATION if words and (VALIDATION_WORDS | TEST_WORDS).issuperset(words) else ""
