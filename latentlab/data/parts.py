"""Parts of a data set: training, validation and test images, and their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from latentlab.data.concatenated import ConcatenatedArray
from latentlab.errors import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

from latentlab.data.image_set import ImageSet, ImageSpec

TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")
"""Names of the parts of a data set; their positions are used as codes."""


@dataclass(frozen=True, slots=True)
class Splits:
    """Training, validation and test images of a data set.

    Parameters
    ----------
    train, validation : ImageSet
        Images to learn from, and images to compare epochs by.
    note : str
        Note for the user, such as the number of unreadable files; `notes` adds the classes without
        images in a part.
    test : ImageSet or None
        Images that are scored once, when training ends; None without a test part.
    grouped : bool
        Whether no group of images is in two parts; the first 32 bits of a key are its group's.
    left_out : tuple of str
        Classes that are left out of the training; see `latentlab.data.leave_out`.
    """

    train: ImageSet
    validation: ImageSet
    note: str = ""
    test: ImageSet | None = None
    grouped: bool = False
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, whole: ImageSet, share: float, note: str = "") -> Splits:
        """Hold out the last images, a fraction `share`; each part gets at least one image."""
        held_out = min(max(1, round(share * len(whole))), len(whole) - 1)
        return cls(whole[:-held_out], whole[-held_out:], note)

    @property
    def notes(self) -> str:
        """The note and the classes without images in a part, as text for the user."""
        notes = [self.note]
        if self.left_out:
            notes.append(f"Left out of the training, and held out: {listed(self.left_out)}.")
        if classes := self._empty_classes(self.train, self.left_out):
            notes.append(f"No training image is of {classes}: this cannot be learned.")
        if classes := self._empty_classes(self.validation):
            notes.append(f"No held-out image is of {classes}.")
        if self.test and (classes := self._empty_classes(self.test)):
            notes.append(f"No test image is of {classes}.")
        return " ".join(filter(None, notes))

    def _empty_classes(self, part: ImageSet, except_for: Sequence[str] = ()) -> str:
        """Return the classes without images in a part, as text; empty if there are none."""
        if part.labels is None:
            return ""
        counts = np.bincount(part.labels, minlength=self.spec.classes)
        names = [
            name
            for name, count in zip(self.spec.class_names, counts, strict=False)
            if not count and name not in except_for
        ]
        return f"class{'es' if len(names) > 1 else ''} {listed(names)}" if names else ""

    @property
    def spec(self) -> ImageSpec:
        """Shape and classes, the same in both parts."""
        return self.train.spec

    @property
    def counts(self) -> str:
        """Number of images of each part, as text for the user."""
        return describe_counts(len(self.train), len(self.validation), len(self.test or ()))

    @property
    def sizes(self) -> dict[str, int]:
        """Number of images of each part, by its name."""
        parts = self._parts
        return {name: len(parts[name]) for name in PARTS if name in parts}

    def __len__(self) -> int:
        return sum(self.sizes.values())

    @property
    def _parts(self) -> dict[str, ImageSet]:
        """The parts in the order of `whole`."""
        test = {TEST: self.test} if self.test is not None else {}
        return {VALIDATION: self.validation, **test, TRAIN: self.train}

    def to_explore(self, limit: int | None = None) -> ImageSet:
        """Return at most `limit` images for the map, held-out images first."""
        return self.whole().to_explore(limit)

    def whole(self) -> ImageSet:
        """Return all images without copying pixels: validation, test, training."""
        sets = [*self._parts.values()]
        attributes = None
        if all(each.attributes for each in sets):
            values = [each.attributes.values for each in sets if each.attributes]
            first = sets[0].attributes
            attributes = first and replace(first, values=np.concatenate(values))
        parts = np.array([*self._parts], object).repeat([len(each) for each in sets])
        # Callers only index the first axis, which ConcatenatedArray supports.
        pixels = ConcatenatedArray(*(each.images for each in sets))
        images = cast("NDArray[np.uint8]", pixels)
        labels = _joined([each.labels for each in sets])
        files = _joined([each.files for each in sets])
        keys = _joined([each.keys for each in sets])
        conditions = _joined([each.conditions for each in sets])
        return ImageSet(images, labels, self.spec, attributes, files, parts, keys, conditions)


def _joined[A: np.generic](arrays: Sequence[NDArray[A] | None]) -> NDArray[A] | None:
    present = [array for array in arrays if array is not None]
    return np.concatenate(present) if len(present) == len(arrays) else None


def describe_counts(train: int, validation: int, test: int = 0) -> str:
    """Return the number of images of each part, as text for the user."""
    images = f"{train:,} training image{'' if train == 1 else 's'}, {validation:,} held out"
    return f"{images}, {test:,} for the test" if test else images


@dataclass(frozen=True, slots=True)
class Outline:
    """Shape and number of the images of a data set.

    Parameters
    ----------
    spec : ImageSpec
        Shape and classes of the images.
    train, validation, test : int
        Number of images in each part.
    attributes : tuple of str
        Names of the attributes that are known without reading the images.
    """

    spec: ImageSpec
    train: int
    validation: int
    test: int = 0
    attributes: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def counts(self) -> str:
        """Number of images of each part, as text for the user."""
        return describe_counts(self.train, self.validation, self.test)

    @classmethod
    def of_parts(cls, spec: ImageSpec, parts: NDArray[np.int8]) -> Outline:
        """Return the outline of images with the given positions in `PARTS`, shape (N,)."""
        return cls(spec, *np.bincount(parts, minlength=len(PARTS)).tolist())

    @classmethod
    def of(cls, spec: ImageSpec, count: int, share: float) -> Outline:
        """Return the outline of `count` images, of which a fraction `share` is held out."""
        held_out = max(1, round(share * count))
        return cls(spec, count - held_out, held_out)
