"""Images with their classes, attributes and conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

import numpy as np

from latentlab.data.condition import (
    MAX_COMBINATIONS,
    Condition,
    Label,
    combinations,
    describe_label,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from latentlab.data.condition import LabelArray


AT_ONCE = 1 << 21
"""Maximum number of pixel values per inference batch: a convolution with 32 channels allocates
about 200 MB for them."""


TO_EXPLORE = 10_000
"""Default number of images on the map; encoding them takes a moment."""


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """Shape and classes of the images of a data set or model.

    Parameters
    ----------
    shape : tuple of int
        Channels, height, width in pixels.
    class_names : tuple of str
        One name per label value; empty without labels.
    conditions : tuple of Condition
        What a conditional model is given; empty if that is the class alone.
    """

    shape: tuple[int, int, int]
    class_names: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def pixels(self) -> int:
        """Number of values per image."""
        return int(np.prod(self.shape))

    @property
    def classes(self) -> int:
        """Number of classes; 0 without labels."""
        return len(self.class_names)

    @property
    def default_label(self) -> Label:
        """The first class, or the first class and the mean number of each condition."""
        return tuple(each.default for each in self.conditions) if self.conditions else 0

    def label_array(self, labels: Iterable[Label | None]) -> LabelArray:
        """Return labels as the array that a model takes; None is the default label."""
        given = [self.default_label if each is None else each for each in labels]
        if not self.conditions:
            return np.array(given, np.int64)
        return np.array(given, np.float32).reshape(-1, len(self.conditions))

    def labels_in_turn(self, count: int) -> LabelArray:
        """Return `count` labels: each class, or combination of classes, in turn.

        Of more combinations than `count`, those at equal distances are chosen.
        """
        if not self.conditions:
            return np.arange(count, dtype=np.int64) % max(1, self.classes)
        limit = min(max(1, count), MAX_COMBINATIONS)
        each = np.array(combinations(self.conditions, limit), np.float32)
        return each[np.arange(count) % len(each)]

    def distinct_labels(self) -> LabelArray:
        """Return each class, or combination of classes, once, with each number at its mean.

        Of more than `MAX_COMBINATIONS` combinations, those at equal distances are chosen.
        """
        if not self.conditions:
            return np.arange(self.classes, dtype=np.int64)
        return np.array(combinations(self.conditions), np.float32)

    def label_text(self, label: Label | None) -> str:
        """Return the name of a class, or the conditions as ``sex=female, age=30``; may be empty."""
        if isinstance(label, tuple):
            return describe_label(self.conditions, label)
        return "" if label is None or not self.classes else self.class_names[label]

    def accepts(self, label: Label) -> bool:
        """Return whether a label is valid for a conditional model of such images."""
        if not isinstance(label, tuple):
            return not self.conditions and 0 <= label < max(1, self.classes)
        if len(label) != len(self.conditions):
            return False
        return all(each.accepts(x) for each, x in zip(self.conditions, label, strict=True))

    def at_once(self, limit: int) -> int:
        """Return the inference batch size: at most `limit`, smaller for large images."""
        return max(1, min(limit, AT_ONCE // max(1, self.pixels)))

    @override
    def __str__(self) -> str:
        channels, height, width = self.shape
        names = {1: "grey", 3: "colour"}
        return f"{width}×{height} {names.get(channels, f'{channels}-channel')}"


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes of images besides their class.

    Parameters
    ----------
    names : tuple of str, length A
        Names of the attributes, such as ``smiling``.
    values : ndarray of float32, shape (N, A)
        Numbers, with 1 and 0 for yes and no; NaN for unknown.
    levels : mapping of str to tuple of str
        For each categorical attribute, the names of its values 0, 1, 2, ...
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __getitem__(self, rows: Any) -> Attributes:
        return Attributes(self.names, self.values[rows], self.levels)

    def column(self, name: str) -> NDArray[np.float32]:
        """Return one attribute of every image, with shape (N,)."""
        return self.values[:, self.names.index(name)]

    def values_of(self, row: int) -> list[str | float]:
        """Return the attributes of one image: level names or numbers, empty if unknown."""
        known = zip(self.names, self.values[row].tolist(), strict=True)
        return [
            ""
            if value != value  # NaN
            else self.levels[name][int(value)]
            if name in self.levels
            else value
            for name, value in known
        ]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Images in memory or mapped from disk.

    Parameters
    ----------
    images : ndarray of uint8 or float32, shape (N, C, H, W)
        Pixel values: bytes 0 to 255, or floats in [0, 1] where bytes would lose precision.
    labels : ndarray of int64, shape (N,), or None
        Index into ``spec.class_names``.
    spec : ImageSpec
        Shape and classes of the images.
    attributes : Attributes or None
        Further attributes of the images.
    files : ndarray of object, shape (N,), or None
        Path (str) of each image's file within its folder or archive; for a multi-page file
        followed by ``#`` and the page number, from 1. None if the images are not files.
    parts : ndarray of object, shape (N,), or None
        `TRAIN`, `VALIDATION` or `TEST` for each image; None if all are of one part.
    keys : ndarray of uint64, shape (N,), or None
        Keys by which `latentlab.data.holdout` split the images; None if the data set defines
        its own parts.
    conditions : ndarray of float32, shape (N, K), or None
        Value of each of ``spec.conditions``; None without them.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    spec: ImageSpec
    attributes: Attributes | None = None
    files: NDArray[np.object_] | None = None
    parts: NDArray[np.object_] | None = None
    keys: NDArray[np.uint64] | None = None
    conditions: NDArray[np.float32] | None = None

    @property
    def y(self) -> LabelArray | None:
        """What a conditional model is given: classes, shape (N,), or conditions, shape (N, K)."""
        return self.labels if self.conditions is None else self.conditions

    @classmethod
    def labelled(cls, images: NDArray[np.uint8], y: LabelArray | None, spec: ImageSpec) -> ImageSet:
        """Return images with what a conditional model is given: classes or conditions."""
        if y is None or y.ndim == 1:
            return cls(images, None if y is None else y.astype(np.int64), spec)
        return cls(images, None, spec, conditions=y.astype(np.float32))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> ImageSet:
        return self.with_pixels(self.images[rows], rows)

    def to_explore(self, limit: int | None = None) -> ImageSet:
        """Return the first images, as many as the map shows by default, or at most `limit`."""
        return self[: TO_EXPLORE if limit is None else limit]

    def with_pixels(self, pixels: NDArray[np.uint8], rows: Any) -> ImageSet:
        """Return the given rows of all other fields with `pixels` as the images."""
        return ImageSet(
            pixels,
            None if self.labels is None else self.labels[rows],
            self.spec,
            None if self.attributes is None else self.attributes[rows],
            None if self.files is None else self.files[rows],
            None if self.parts is None else self.parts[rows],
            None if self.keys is None else self.keys[rows],
            None if self.conditions is None else self.conditions[rows],
        )
