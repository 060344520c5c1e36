"""Distinction of part folders, such as train and test, from class folders."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.data.files.archive import shared_depth, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

TRAIN_WORDS = {"train", "training", "trn", "trainval", "extra", "unlabeled", "unlabelled"}
HELD_OUT_WORDS = {"test", "testing", "tst", "val", "valid", "validate", "validation"} | {
    *("dev", "development", "eval", "evaluation", "holdout", "heldout")
}
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
    held_out : tuple of bool, length N
        Whether each image is in a held-out part.
    folders : tuple of str, length N
        Class folder of each image; empty for none.
    """

    names: tuple[str, ...]
    held_out: tuple[bool, ...]
    folders: tuple[str, ...]

    @property
    def unclassed(self) -> tuple[bool, ...]:
        """Whether each image is in no class folder, in a set with parts and several classes."""
        if not any(self.names) or len({*self.folders} - {""}) < 2:
            return (False,) * len(self.names)
        return tuple(not folder for folder in self.folders)

    @property
    def note(self) -> str:
        """Note on the parts and on which of them are held out; empty without parts."""
        held, rest = (
            Counter(
                name for name, out in zip(self.names, self.held_out, strict=True) if out == side
            )
            for side in (True, False)
        )
        beside = rest.pop("", 0)
        if not held and not rest:
            return ""
        if not held or not rest:
            return f"Parts: {_listed(held or rest)}. A random choice from all is held out."
        more = f" and {beside:,} outside" if beside else ""
        return f"Held out: {_listed(held)}. Learned from: {_listed(rest)}{more}."


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
    held_out = [False] * len(paths)
    level = _level_of_parts(paths)
    within: list[Sequence[int]] = [range(len(paths))] if level is not None else []
    while level is not None and within:
        for i in within.pop():
            if len(paths[i]) > level:
                name = paths[i][level]
                kind = _kind(name)
                if kind == "held out" or (kind and not part[i]):
                    part[i] = shown(name)
                held_out[i] |= kind == "held out"
                paths[i] = paths[i][:level] + paths[i][level + 1 :] if kind else []
        # seg_train/seg_train/cat, and train/train/cat beside train/val/cat
        within += _nested(paths, part, level) if not within else []
    return Parts(tuple(part), tuple(held_out), tuple(_class_folders(paths)))


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
        {folder for name in inside if kinds[name] == kind for folder in inside[name]}
        for kind in ("train", "held out")
    )
    train, held_out = (
        {folder for folder in side if not _kind(folder)} for side in (train, held_out)
    )
    return len(train & held_out) > SHARED_CLASSES * max(len(train), len(held_out))


def _kind(folder: str) -> str:
    """Return ``train``, ``held out``, or an empty string if the folder is not a part."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1_\2", folder)
    spaced = COMPOUND.sub(r"\1_", re.sub(r"[\W\d_]+", "_", spaced).casefold())
    words = [word for word in spaced.split("_") if word and word not in FILLERS]
    for kind, known in (("train", TRAIN_WORDS), ("held out", HELD_OUT_WORDS)):
        if words and (known.issuperset(words) or "".join(words) in known):
            return kind
    return ""
