"""What every image set offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast, override

import numpy as np

from latentlab.config import Config, Registry
from latentlab.data.concatenated import ConcatenatedArray
from latentlab.errors import listed
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from numpy.typing import NDArray

    from latentlab.work import Progress

AT_ONCE = 1 << 21
"""Pixel values that are computed with at a time where nothing is learned: of them a convolution of
32 channels makes some 200 MB of its own."""


TRAIN, VALIDATION = "train", "validation"
"""What the two parts of a data set are called."""


TO_EXPLORE = 10_000
"""Images on the map at first: as many as are encoded in a moment."""


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What a model must know of the images it is made for.

    Parameters
    ----------
    shape : tuple of int
        Channels, height, width in pixels.
    class_names : tuple of str
        One name per label value; empty where images carry no labels.
    """

    shape: tuple[int, int, int]
    class_names: tuple[str, ...] = ()

    @property
    def pixels(self) -> int:
        """Number of values per image."""
        return int(np.prod(self.shape))

    @property
    def classes(self) -> int:
        """Number of classes; 0 without labels."""
        return len(self.class_names)

    def at_once(self, limit: int) -> int:
        """Return how many images to compute with at a time: at most `limit`, fewer large ones."""
        return max(1, min(limit, AT_ONCE // max(1, self.pixels)))

    @override
    def __str__(self) -> str:
        channels, height, width = self.shape
        return f"{width}×{height} {'grey' if channels == 1 else 'colour'}"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is known of each image besides its class, to colour, filter and steer by.

    Parameters
    ----------
    names : tuple of str, length A
        Such as ``smiling``.
    values : ndarray of float32, shape (N, A)
        1 and 0 for yes and no, else any number; NaN where it is not known.
    levels : mapping of str to tuple of str
        For each attribute that is no quantity, such as a country: the words that its numbers
        0, 1, 2, ... stand for.
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
        """Return what is known of one image, by name: a word, a number, or empty for unknown."""
        known = zip(self.names, self.values[row].tolist(), strict=True)
        return [
            ""
            if value != value  # not a number
            else self.levels[name][int(value)]
            if name in self.levels
            else value
            for name, value in known
        ]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Images in memory or mapped from disk, one byte per value.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
        Pixel values 0 to 255.
    labels : ndarray of int64, shape (N,), or None
        Index into ``spec.class_names``.
    spec : ImageSpec
        Shape and classes of the images.
    attributes : Attributes or None
        What else is known of each.
    files : ndarray of object, shape (N,), or None
        The path of each image's file within its folder or archive, as str; for a file of several
        pictures followed by ``#`` and the picture's number. None where images are no files.
    parts : ndarray of object, shape (N,), or None
        `TRAIN` or `VALIDATION` for each image; None where the images are of one part.
    keys : ndarray of uint64, shape (N,), or None
        What `latentlab.data.holdout` decided by which part each image is of; None where the set
        brings its own parts.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    spec: ImageSpec
    attributes: Attributes | None = None
    files: NDArray[np.object_] | None = None
    parts: NDArray[np.object_] | None = None
    keys: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> ImageSet:
        return self.with_pixels(self.images[rows], rows)

    def with_pixels(self, pixels: NDArray[np.uint8], rows: Any) -> ImageSet:
        """Return what is known of some images with pixels that were taken of these before."""
        return ImageSet(
            pixels,
            None if self.labels is None else self.labels[rows],
            self.spec,
            None if self.attributes is None else self.attributes[rows],
            None if self.files is None else self.files[rows],
            None if self.parts is None else self.parts[rows],
            None if self.keys is None else self.keys[rows],
        )


@dataclass(frozen=True, slots=True)
class Splits:
    """The two parts of a data set: what a model learns from and what it is judged by.

    ``note`` is what a person should know of them, such as that some files could not be read.
    What is shown is ``notes``, which also tells of classes that a part lacks.
    """

    train: ImageSet
    validation: ImageSet
    note: str = ""

    @classmethod
    def of(cls, whole: ImageSet, share: float, note: str = "") -> Splits:
        """Hold out a share of the images, the last ones; both parts have at least one."""
        held_out = min(max(1, round(share * len(whole))), len(whole) - 1)
        return cls(whole[:-held_out], whole[-held_out:], note)

    @property
    def notes(self) -> str:
        """What a person should know: the note, and which classes a part has no image of."""
        told = [self.note]
        if classes := self._classes_lacking(self.train):
            told.append(f"No training image is of {classes}: this cannot be learned.")
        if classes := self._classes_lacking(self.validation):
            told.append(f"No held-out image is of {classes}.")
        return " ".join(filter(None, told))

    def _classes_lacking(self, part: ImageSet) -> str:
        """Return which classes a part has no image of, in words; empty where it has all."""
        if part.labels is None:
            return ""
        counts = np.bincount(part.labels, minlength=self.spec.classes)
        names = [
            name for name, count in zip(self.spec.class_names, counts, strict=False) if not count
        ]
        return f"class{'es' if len(names) > 1 else ''} {listed(names)}" if names else ""

    @property
    def spec(self) -> ImageSpec:
        """Shape and classes, the same in both parts."""
        return self.train.spec

    def __len__(self) -> int:
        return len(self.train) + len(self.validation)

    def to_explore(self, limit: int | None = None) -> ImageSet:
        """Return at most `limit` images to show on a map at first, held-out ones first."""
        return self.whole()[: TO_EXPLORE if limit is None else limit]

    def whole(self) -> ImageSet:
        """Return all images, held-out ones first; of their pixels nothing is copied."""
        first, rest = self.validation, self.train
        attributes = None
        if first.attributes and rest.attributes:
            values = np.concatenate([first.attributes.values, rest.attributes.values])
            attributes = replace(first.attributes, values=values)
        parts = np.array([VALIDATION, TRAIN], object).repeat([len(first), len(rest)])
        # It answers to rows as an array does, which is all that is asked of it.
        images = cast("NDArray[np.uint8]", ConcatenatedArray(first.images, rest.images))
        labels = _both(first.labels, rest.labels)
        files = _both(first.files, rest.files)
        keys = _both(first.keys, rest.keys)
        return ImageSet(images, labels, self.spec, attributes, files, parts, keys)


def _both[A: np.generic](first: NDArray[A] | None, rest: NDArray[A] | None) -> NDArray[A] | None:
    return None if first is None or rest is None else np.concatenate([first, rest])


class DataConfig(Config, ABC):
    """Which images, from where."""

    kind: str

    def available(self) -> bool:
        """Say whether `load` needs no network."""
        return True

    def others(self, count: int) -> DataConfig | None:
        """Return `count` images of the same kind but not these, to show where these may not be.

        None where they would have to be had from somewhere.
        """
        return None

    @abstractmethod
    def load(self) -> Generator[Progress, None, Splits]:
        """Read the images, yielding progress on the way; the splits are the return value.

        Raises
        ------
        DataError
            Where the images cannot be had; says which file was looked for, where, and what
            to do.
        """


DATA = Registry[DataConfig](
    "data set", default="digits", package="latentlab.data.sources", plugins="latentlab.data"
)


def load(config: DataConfig) -> Splits:
    """Read a data set without looking at its progress."""
    return finish(config.load())
