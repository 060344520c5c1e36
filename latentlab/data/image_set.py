"""Image sets, their train and validation splits, and the base class of data configs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, cast, override

import numpy as np
from pydantic import Field, field_validator, model_validator

from latentlab.config import LAST, Config, Options, Registry
from latentlab.data.concatenated import ConcatenatedArray
from latentlab.data.condition import (
    MAX_COMBINATIONS,
    Condition,
    Label,
    combinations,
    describe_label,
)
from latentlab.errors import listed
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.condition import LabelArray
    from latentlab.work import Progress

AT_ONCE = 1 << 21
"""Maximum number of pixel values per inference batch: a convolution with 32 channels allocates
about 200 MB for them."""


MAX_CONDITIONS = 16
"""Maximum number of conditions of a model."""
MAX_LEFT_OUT = 1000
"""Maximum number of classes that are left out."""
TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")
"""Names of the parts of a data set; their positions are used as codes."""


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


BINARIZATIONS = {"none": "None", "static": "Static", "dynamic": "Dynamic"}
LEGACY_SPLIT_KEYS = {"held_out": "validation", "split_seed": "seed"}
"""Keys of the table ``split`` by their former names in data configs."""


class DataConfig(Config, ABC):
    """Base class of the configs of data sources."""

    kind: str
    conditions: tuple[str, ...] = Field(
        (),
        max_length=MAX_CONDITIONS,
        title="Conditions",
        description="Attributes that a conditional model is given instead of the class, such as "
        "age, sex; class is the class. Numbers stay continuous, unless limits follow: age: 20 40 "
        "60 makes four classes.",
        json_schema_extra=LAST,
    )
    leave_out: tuple[str, ...] = Field(
        (),
        max_length=MAX_LEFT_OUT,
        title="Leave out",
        description="Classes that the model is not trained on, such as 1, 7, to test whether it "
        "tells them from the others. Their images are all held out, and the losses do not count "
        "them; Anomalies shows the ROC.",
        json_schema_extra=LAST,
    )
    downloads: ClassVar[bool] = False
    """Whether `load` downloads missing images."""
    binarize: Annotated[Literal["none", "static", "dynamic"], Options(BINARIZATIONS)] = Field(
        "none",
        title="Binarization",
        description="Makes grey images black and white, as papers do for MNIST: each pixel is "
        "white with the probability of its grey value. Static: one draw for each image. Dynamic: "
        "training draws again in each epoch; all other images get the static draw, also your own.",
        json_schema_extra=LAST,
    )
    binarize_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Draw seed",
        description="Start of the random numbers of the static draw.",
        json_schema_extra=LAST,
    )

    @model_validator(mode="before")
    @classmethod
    def _convert_legacy_keys(cls, values: Any) -> Any:
        if "split" not in cls.model_fields or not isinstance(values, dict):
            return values
        moved = {new: values[old] for old, new in LEGACY_SPLIT_KEYS.items() if old in values}
        if not moved:
            return values
        kept = {key: value for key, value in values.items() if key not in LEGACY_SPLIT_KEYS}
        split = kept.get("split", {})
        return {**kept, "split": {**dict(split), **moved}}

    @field_validator("leave_out", mode="before")
    @classmethod
    def _read_names(cls, given: Any) -> Any:
        """Accept one class, or names separated by commas, and numbers as names."""
        if isinstance(given, str):
            given = [word.strip() for word in given.split(",") if word.strip()]
        values = given if isinstance(given, list | tuple) else [given]
        return [str(each) if type(each) is int else each for each in values]

    @classmethod
    @override
    def requirement(cls) -> str:
        if (
            any(field.is_required() for field in cls.model_fields.values())
            or cls.model_validate({}).available()
        ):
            return ""
        return "Will be downloaded." if cls.downloads else "Not found: choose its folder."

    def available(self) -> bool:
        """Return whether `load` can read the images without a download."""
        return True

    @classmethod
    def from_path(cls, path: Path, spec: ImageSpec) -> Self | None:
        """Return the config that reads a file or folder; None if it is of another kind.

        Parameters
        ----------
        path : Path
            An existing file or folder.
        spec : ImageSpec
            Size and channels for image files, which can be scaled to any.
        """
        return None

    def others(self, count: int) -> DataConfig | None:
        """Return the config of `count` other images of the same distribution.

        None if they cannot be generated.
        """
        return None

    def outline(self) -> Generator[Progress, None, Outline | None]:
        """Return shape and number of the images without decoding them; None if unknown."""
        yield from ()
        return None

    @abstractmethod
    def load(self) -> Generator[Progress, None, Splits]:
        """Read the images, yielding progress, and return the splits.

        Raises
        ------
        DataError
            If the images cannot be found or read; names the file and what to do.
        """


DATA = Registry[DataConfig](
    "data set", default="digits", package="latentlab.data.sources", plugins="latentlab.data"
)


def config_for(path: Path, spec: ImageSpec) -> DataConfig | None:
    """Return the config of the data set that a file or folder holds; None if it holds none."""
    found = (kind.from_path(path, spec) for kind in DATA.kinds().values())
    return next((config for config in found if config is not None), None)


def load(config: DataConfig) -> Splits:
    """Read a data set without reporting progress."""
    return finish(config.load())
