"""Which arrays of a NumPy file are images, and which are what is known of them.

Read are our own names, and those of Keras, MedMNIST, dSprites, Kuzushiji-MNIST and the like.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.data.arrays.labels import MAX_ATTRIBUTES
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.data.files.numpy_file import NumpyFile

IMAGES = ("images", "imgs", "image", "img", "x", "pixels", "data")
LABELS = ("labels", "label", "y", "targets", "target", "subject")
CLASS_NAMES = ("class_names", "label_names", "target_names", "classes", "names")
TRAIN_WORDS = ("train", "training")
HELD_OUT_WORDS = (("val", "valid", "validation", "dev"), ("test", "testing"))
DSPRITES_CLASSES, DSPRITES_VALUES = "latents_classes", "latents_values"
FACTORS = ("color", "shape", "scale", "orientation", "posX", "posY")
"""What the columns of the two are."""
SHAPES = ("square", "ellipse", "heart")


@dataclass(frozen=True, slots=True)
class Part:
    """The arrays of one part of a data set, by name; `labels` may be empty."""

    images: str
    labels: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The arrays of a data set.

    Parameters
    ----------
    train : Part
        What to learn from, or all of it where nothing is held out.
    held_out : tuple of Part
        What the set itself holds out.
    class_names : str
        The array of these, by name; may be empty.
    extra : tuple of str
        Arrays that tell more of each image.
    """

    train: Part
    held_out: tuple[Part, ...] = ()
    class_names: str = ""
    extra: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[str, ...]:
        """The names of all arrays of images."""
        return (self.train.images, *(part.images for part in self.held_out))

    def note(self, file: NumpyFile) -> str:
        """Say which arrays are what, where the names are not our own."""
        told = []
        if self.held_out:
            parts = " and ".join(part.images for part in self.held_out)
            told.append(f"{self.train.images} is learned from, {parts} held out.")
        elif self.train.images not in ("", "images"):
            told.append(f"The images are {self.train.images}.")
        if self.train.labels not in ("", "labels"):
            told.append(f"The labels are {self.train.labels}.")
        used = {*self.images, *self._labels, self.class_names, *self.extra}
        if unused := [name for name in (*file.arrays, *file.others) if name not in used]:
            told.append(f"Not used: {', '.join(name[:24] for name in unused[:5])}.")
        return " ".join(told)

    @property
    def _labels(self) -> tuple[str, ...]:
        return (self.train.labels, *(part.labels for part in self.held_out))


def find_layout(file: NumpyFile) -> Layout:
    """Return which arrays of a file are what.

    Raises
    ------
    DataError
        Where none can be told to be the images; lists what the file holds.
    """
    if file.single:
        return Layout(Part(""))
    by_part = _by_part(file)
    train = by_part.get("train")
    held_out = [by_part[words[0]] for words in HELD_OUT_WORDS if words[0] in by_part]
    class_names = _first(file, CLASS_NAMES, kinds="SU")
    if train and held_out:
        return Layout(train, tuple(held_out), class_names)
    images = _first(file, IMAGES) or (train.images if train else "") or _only_images(file)
    if not images:
        raise _unknown(file)
    labels = _first(file, LABELS) or (train.labels if train else "")
    extra = _extra(file, images, {images, labels, class_names})
    return Layout(Part(images, labels), (), class_names, extra)


def only_labels(file: NumpyFile) -> str:
    """Return the name of the labels in a file of their own.

    Raises
    ------
    DataError
        Where there are several arrays, and none is called so.
    """
    found = _first(file, LABELS) or (next(iter(file.arrays)) if len(file.arrays) == 1 else None)
    if found is None:
        raise DataError(
            f"data.labels: {file.path} has no array called labels; it holds {file.listing()}.",
            "Save the labels alone with numpy.save.",
        )
    return found


def _by_part(file: NumpyFile) -> dict[str, Part]:
    """Return the images and labels of train, val and test, as in x_train or test_images."""
    found: dict[str, dict[str, str]] = {}
    words_of = {word: words[0] for words in (TRAIN_WORDS, *HELD_OUT_WORDS) for word in words}
    for name in file.arrays:
        parts = re.split(r"[^a-z0-9]+", name.lower())
        if len(parts) != 2:
            continue
        for word, role in (parts, reversed(parts)):
            if word in words_of and role in (*IMAGES, *LABELS):
                kind = "images" if role in IMAGES else "labels"
                found.setdefault(words_of[word], {})[kind] = name
    return {part: Part(**names) for part, names in found.items() if "images" in names}


def _first(file: NumpyFile, names: Iterable[str], kinds: str = "biufSU") -> str:
    """Return the first array that is called one of some names, in capitals or not."""
    known = {name.lower(): name for name, head in file.arrays.items() if head.dtype.kind in kinds}
    return next((known[name] for name in names if name in known), "")


def _only_images(file: NumpyFile) -> str:
    """Return the only array of a file, whatever it is called."""
    return next(iter(file.arrays)) if len(file.arrays) == 1 else ""


def _extra(file: NumpyFile, images: str, used: set[str]) -> tuple[str, ...]:
    """Return the arrays that have a row for each image."""
    shape = file.arrays[images].shape
    found = []
    for name, head in file.arrays.items():
        columns = 1 if len(head.shape) == 1 else head.shape[1] if len(head.shape) == 2 else 0
        most = 1 if head.dtype.kind in "SU" else MAX_ATTRIBUTES
        if name not in used and shape and head.shape[:1] == shape[:1] and 0 < columns <= most:
            found.append(name)
    return tuple(found)


def _unknown(file: NumpyFile) -> DataError:
    """Return the error that says what there is, with a line of Python that names what may be."""
    images = max(
        (name for name, head in file.arrays.items() if len(head.shape) > 2),
        key=lambda name: file.arrays[name].nbytes,
        default=None,
    )
    message = f"data.images: {file.path} has no array called images; it holds {file.listing()}."
    if images is None:
        return DataError(message, "Save it with numpy.savez(path, images=..., labels=...).")
    count = file.arrays[images].shape[:1]
    labels = [name for name, head in file.arrays.items() if head.shape in (count, (*count, 1))]
    known = {"images": images} | ({"labels": labels[0]} if len(labels) == 1 else {})
    path = file.path.absolute()
    new = str(path.with_name(f"{path.stem}-named.npz"))
    arrays = ", ".join(f"{word}=a[{name!r}]" for word, name in known.items())
    meant = " and ".join(f"{word} are {name[:24]}" for word, name in known.items())
    return DataError(
        message,
        f"If the {meant}, this line names them; then choose the new file: import numpy as np; "
        f"a = np.load({str(path)!r}); np.savez({new!r}, {arrays})",
    )
