"""User images in NumPy files, which may be larger than memory."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, override

import numpy as np
from pydantic import Field, field_validator

from latentlab.data.arrays.advice import Rewriting
from latentlab.data.arrays.labels import (
    MAX_CLASSES,
    Labels,
    column_names,
    read_attributes,
    read_labels,
    words_of,
)
from latentlab.data.arrays.layouts import (
    DSPRITES_CLASSES,
    DSPRITES_VALUES,
    FACTORS,
    SHAPES,
    Layout,
    find_layout,
    only_labels,
)
from latentlab.data.arrays.pixels import Scale, check_numbers, to_pixels
from latentlab.data.arrays.shapes import channels_first
from latentlab.data.attributes import classes_from
from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.data.holdout import divide, image_keys
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.data.parts import Outline, Splits
from latentlab.data.split import Split, divide_images
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

__all__ = ["MAX_CLASSES", "SEED", "ArraysConfig"]
MAX_ATTRIBUTES = 5
FACTOR_ARRAYS = (DSPRITES_VALUES, DSPRITES_CLASSES)
SEED = 0


@DATA.register
class ArraysConfig(DataConfig, title="NumPy file"):
    """Your own images in a NumPy file: NPZ, or NPY, which may be larger than memory."""

    kind: Literal["arrays"] = "arrays"
    images: Path = Field(
        title="Image file",
        description="NPY file with shape N×H×W, N×H×W×C or N×C×H×W and 1 to 16 channels, or NPZ "
        "file with images and optional labels, class_names and attributes. Files of Keras, "
        "MedMNIST, dSprites, QuickDraw and Kuzushiji-MNIST are read unchanged.",
        json_schema_extra={"file": True},
    )
    labels: Path | None = Field(
        None,
        title="Label file",
        description="NPY file with a whole number or a word for each image. Empty: the labels in "
        "the NPZ file, if there are any.",
        json_schema_extra={"file": True},
    )
    value_range: str = Field(
        "",
        max_length=60,
        title="Black and white",
        description="Values of black and white, such as -1000 3000 for a computed tomography. "
        "Empty: detected, for bytes, fractions and integers of 10 to 16 bits.",
    )
    classes_from: tuple[str, ...] = Field(
        (),
        max_length=MAX_ATTRIBUTES,
        title="Classes from",
        description="Arrays of the file whose combinations become the classes instead of the "
        "labels. age: 18 65 cuts age at 18 and at 65. At most five.",
    )
    split: Split = Field(
        Split(),
        title="Split",
        description="Which images are for training, for validation and for the test.",
    )

    @field_validator("value_range")
    @classmethod
    def _check_range(cls, text: str) -> str:
        _scale_of(text)
        return text

    def _scale(self) -> Scale | None:
        return _scale_of(self.value_range)

    @classmethod
    @override
    def from_path(cls, path: Path, spec: ImageSpec) -> Self | None:
        return cls(images=path) if path.suffix.lower() in (".npy", ".npz") else None

    @override
    def available(self) -> bool:
        return self.images.is_file()

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; memory-mapped images are not copied."""
        yield Progress(f"Opening {self.images.name}", 0.0)
        file = NumpyFile(self.images, "data.images")
        layout = find_layout(file)
        parts, notes = _read_images(file, layout, self._scale())
        yield Progress("Reading the labels", 0.5)
        labels = self._read_labels(file, layout, [len(part) for part in parts])
        whole = _image_sets(parts, labels, _extra_attributes(file, layout))
        if self.classes_from:
            whole = _with_classes(whole, self.classes_from)
        note = " ".join(filter(None, [layout.note(file), *notes, labels.note]))
        if layout.held_out:
            self._refuse_column_of_parts(layout)
            test = whole[2] if len(whole) > 2 else None
            return Splits(whole[0], whole[1], note, test)
        return self._divided(file, whole[0], note)

    def _refuse_column_of_parts(self, layout: Layout) -> None:
        if self.split.by != "auto":
            raise DataError(
                f"data.split: {self.images} has its own parts: {', '.join(layout.images)}.",
                "Set split by to auto, or save all images in one array.",
            )

    def _divided(self, file: NumpyFile, whole: ImageSet, note: str) -> Splits:
        keys = image_keys(whole, self.split.seed)
        words = self._split_words(file, len(whole))
        division = divide_images(self.split, keys, whole.labels, None, words)
        note = " ".join(filter(None, [note, division.note]))
        keyed = replace(whole, keys=division.keys)
        in_memory = not isinstance(whole.images, np.memmap)
        return divide(keyed, division.parts, note, grouped=division.grouped, in_place=in_memory)

    def _split_words(self, file: NumpyFile, count: int) -> list[str] | None:
        """Return the values of the split column as text."""
        if self.split.by not in ("column", "group"):
            return None
        name = self.split.column
        if name not in file or file.arrays[name].shape not in ((count,), (count, 1)):
            raise DataError(
                f"data.split.column: {self.images} has no array {name!r} with one value for each "
                f"of the {count:,} images; it holds {file.listing()}.",
                "Save it with numpy.savez(path, images=..., labels=..., subject=...).",
            )
        return words_of(file.read(name).reshape(-1), f"data.split.column: {name}")

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        if not self.available():
            return None
        file = NumpyFile(self.images, "data.images")
        layout = find_layout(file)
        counts = [file.arrays[name].shape[0] for name in layout.images]
        yield Progress(f"Opening {self.images.name}", 0.0)
        spec, extra = _outlined_spec(file, layout), _attribute_names(file, layout)
        if len(counts) > 1:
            return replace(Outline(spec, *counts), attributes=extra)
        rows = np.arange(counts[0], dtype=np.uint64)
        words = self._split_words(file, counts[0])
        # The choice differs from that of `load`, which needs the pixels; the counts do not.
        parts = divide_images(self.split, rows, None, None, words).parts
        return replace(Outline.of_parts(spec, parts), attributes=extra)

    def _read_labels(self, file: NumpyFile, layout: Layout, counts: list[int]) -> Labels:
        """Return the labels of all parts, concatenated."""
        names = file.read(layout.class_names) if layout.class_names else None
        where = f"data.labels: {self.labels or self.images}"
        if self.labels is not None:
            own = NumpyFile(self.labels, "data.labels")
            values = own.read(only_labels(own))
        elif DSPRITES_CLASSES in layout.extra and _are_factors(file, [DSPRITES_CLASSES]):
            values = file.read(DSPRITES_CLASSES)[:, FACTORS.index("shape")]
            names = np.array(SHAPES)
        else:
            given = [part.labels for part in (layout.train, *layout.held_out)]
            if not all(given):
                some = "Only some parts have labels, and so none are used." if any(given) else ""
                return Labels(None, (), {}, some)
            values = _concatenate([file.read(name) for name in given], counts, where)
        return read_labels(values, names, sum(counts), where)


def _scale_of(text: str) -> Scale | None:
    """Return the scale of two numbers as text; None for an empty text."""
    words = text.replace(",", " ").replace(";", " ").split()
    if not words:
        return None
    try:
        black, white = map(float, words)
    except ValueError:
        raise ValueError("must be two numbers, such as -1000 3000") from None
    if not (math.isfinite(black) and math.isfinite(white) and black != white):
        raise ValueError("must be two different numbers")
    return Scale(black, white, f"{black:g} is black, {white:g} is white.")


def _read_images(
    file: NumpyFile, layout: Layout, scale: Scale | None
) -> tuple[list[NDArray[Any]], list[str]]:
    """Return the images of each part as pixels with shape (N, C, H, W), and notes."""
    rewriting = Rewriting(file, layout.images)
    arrays = [file.read(name) for name in layout.images]
    check_numbers(arrays, rewriting)
    shaped = [channels_first(array, rewriting) for array in arrays]
    images, scale_note = to_pixels([array for array, _ in shaped], rewriting, scale)
    if len({array.shape[1:] for array in images}) > 1:
        shapes = " and ".join(str(array.shape) for array in images)
        raise rewriting.refused(f"has parts of different shapes: {shapes}")
    return images, [shaped[0][1], scale_note]


def _outlined_spec(file: NumpyFile, layout: Layout) -> ImageSpec:
    """Return the image format by the header of the first array."""
    head = file.arrays[layout.train.images]
    # Broadcasting one value takes no memory.
    images = np.broadcast_to(np.zeros((), np.uint8), head.shape)
    shaped, _ = channels_first(images, Rewriting(file, layout.images))
    return ImageSpec(shaped.shape[1:])


def _attribute_names(file: NumpyFile, layout: Layout) -> tuple[str, ...]:
    """Return the names of `_extra_attributes` by the headers of the arrays."""
    names = _extra_arrays(layout)
    if _are_factors(file, names):
        return FACTORS
    widths = {name: int(np.prod(file.arrays[name].shape[1:])) for name in names}
    return tuple(head for name, width in widths.items() for head in column_names(name, width))


def _extra_attributes(file: NumpyFile, layout: Layout) -> Attributes | None:
    """Return the attributes from the extra arrays of a file, such as its ground-truth factors."""
    names = _extra_arrays(layout)
    found = read_attributes({name: file.read(name) for name in names})
    return replace(found, names=FACTORS) if found and _are_factors(file, names) else found


def _extra_arrays(layout: Layout) -> list[str]:
    """Return the arrays of attributes; of both arrays of factors of dSprites, the values."""
    both = {*FACTOR_ARRAYS} <= {*layout.extra}
    return [name for name in layout.extra if not (both and name == DSPRITES_CLASSES)]


def _are_factors(file: NumpyFile, names: Sequence[str]) -> bool:
    """Return whether the only array of attributes is one of the factors of dSprites."""
    if len(names) != 1 or names[0] not in FACTOR_ARRAYS:
        return False
    return file.arrays[names[0]].shape[1:] == (len(FACTORS),)


def _concatenate(arrays: list[NDArray], counts: list[int], where: str) -> NDArray:
    """Concatenate the labels of all parts; raise an error if they do not match."""
    if len(arrays) == 1:
        return arrays[0]
    fit = all(array.shape[:1] == (count,) for array, count in zip(arrays, counts, strict=True))
    if not fit or len({(array.shape[1:], array.dtype.kind) for array in arrays}) > 1:
        shapes = " and ".join(f"{array.dtype} {array.shape}" for array in arrays)
        wanted = " and ".join(f"{count:,}" for count in counts)
        raise DataError(
            f"{where}: labels of shape {shapes} for {wanted} images.",
            "There must be one label per image, of the same type in all parts.",
        )
    return np.concatenate(arrays)


def _image_sets(
    parts: list[NDArray[np.uint8]], labels: Labels, extra: Attributes | None
) -> list[ImageSet]:
    """Return the image set of each part, with its labels and attributes."""
    attributes = extra
    if labels.attributes:
        own = read_attributes(labels.attributes)
        attributes = own if extra is None or own is None else _merged(own, extra)
    spec = ImageSpec(parts[0].shape[1:], labels.names)
    found, start = [], 0
    for images in parts:
        rows = slice(start, start + len(images))
        known = None if labels.rows is None else labels.rows[rows]
        found.append(ImageSet(images, known, spec, attributes[rows] if attributes else None))
        start += len(images)
    return found


def _with_classes(parts: list[ImageSet], chosen: tuple[str, ...]) -> list[ImageSet]:
    """Return the parts with classes made of attributes; the same classes in all parts."""
    known = [part.attributes for part in parts if part.attributes]
    every = None
    if len(known) == len(parts):
        every = replace(known[0], values=np.concatenate([each.values for each in known]))
    labels, names = classes_from(every, chosen)
    stops = np.cumsum([len(part) for part in parts])[:-1]
    return [
        replace(part, labels=own, spec=ImageSpec(part.spec.shape, names))
        for part, own in zip(parts, np.split(labels, stops), strict=True)
    ]


def _merged(first: Attributes, second: Attributes) -> Attributes:
    values = np.concatenate([first.values, second.values], 1)
    return Attributes((*first.names, *second.names), values, {**first.levels, **second.levels})
