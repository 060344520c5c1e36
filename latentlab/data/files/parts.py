"""Folders such as train and test, which are parts of a set and not its classes."""

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
"""Words that may stand beside one that tells a part, as in ``seg_train`` and ``test images``."""
COMPOUND = re.compile(r"(?:^|(?<=_))(train|training|test|testing|val|valid|dev|eval)(?=set|data)")
MAX_DEPTH = 6
SHARED_CLASSES = 0.5
"""Share of the class folders of one part that others have as well."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the folders of pictures say.

    Parameters
    ----------
    names : tuple of str, length N
        The part that each picture is in; empty for none.
    held_out : tuple of bool, length N
        Whether each is in a part to judge by.
    folders : tuple of str, length N
        The class folder of each; empty for none.
    """

    names: tuple[str, ...]
    held_out: tuple[bool, ...]
    folders: tuple[str, ...]

    @property
    def unclassed(self) -> tuple[bool, ...]:
        """Whether each lies in no class folder although others of its set do."""
        if not any(self.names) or len({*self.folders} - {""}) < 2:
            return (False,) * len(self.names)
        return tuple(not folder for folder in self.folders)

    @property
    def note(self) -> str:
        """Say which parts there are, and which of them are held out; empty for none."""
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
    """Tell parts from classes among the folders of pictures.

    A level of folders tells parts where all are called train, test or the like, or where one for
    learning and one for judging hold the same folders. What else stands there has no class.

    Parameters
    ----------
    names : sequence of str, length N
        Paths of the pictures.
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
    """Return the rows of each part that has folders of parts only in it."""
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(part):
        if name and len(paths[i]) > level:
            rows.setdefault(name, []).append(i)
    return [some for some in rows.values() if all(_kind(paths[i][level]) for i in some)]


def _class_folders(paths: list[list[str]]) -> list[str]:
    """Return for each path the uppermost folder that tells it from others; empty at the top."""
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
    """Say whether what is learned from and what is held out have the same folders in them."""
    train, held_out = (
        {folder for name in inside if kinds[name] == kind for folder in inside[name]}
        for kind in ("train", "held out")
    )
    train, held_out = (
        {folder for folder in side if not _kind(folder)} for side in (train, held_out)
    )
    return len(train & held_out) > SHARED_CLASSES * max(len(train), len(held_out))


def _kind(folder: str) -> str:
    """Return ``train``, ``held out``, or nothing for a folder that tells no part."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1_\2", folder)
    spaced = COMPOUND.sub(r"\1_", re.sub(r"[\W\d_]+", "_", spaced).casefold())
    words = [word for word in spaced.split("_") if word and word not in FILLERS]
    for kind, known in (("train", TRAIN_WORDS), ("held out", HELD_OUT_WORDS)):
        if words and (known.issuperset(words) or "".join(words) in known):
            return kind
    return ""
