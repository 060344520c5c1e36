"""Roles of the arrays of a NumPy file (images, labels, class names, attributes), by name.

Knows the names of this program and those of Keras, MedMNIST, dSprites and Kuzushiji-MNIST.
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
"""Columns of the two arrays."""
SHAPES = ("square", "ellipse", "heart")


@dataclass(frozen=True, slots=True)
class Part:
    """Names of the arrays of one part of a data set; `labels` may be empty."""

    images: str
    labels: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Roles of the arrays of a data set.

    Parameters
    ----------
    train : Part
        Training images, or all images if the file has no parts.
    held_out : tuple of Part
        Parts of the file for validation and, if there are two, for the test.
    class_names : str
        Name of the array of class names; may be empty.
    extra : tuple of str
        Names of the arrays of attributes.
    """

    train: Part
    held_out: tuple[Part, ...] = ()
    class_names: str = ""
    extra: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[str, ...]:
        """Names of all image arrays."""
        return (self.train.images, *(part.images for part in self.held_out))

    def note(self, file: NumpyFile) -> str:
        """Return a note on the roles of arrays with non-default names and on unused arrays."""
        notes = []
        if self.held_out:
            held_out, *test = (part.images for part in self.held_out)
            tested = f", {test[0]} is for the test" if test else ""
            notes.append(f"{self.train.images} is learned from, {held_out} held out{tested}.")
        elif self.train.images not in ("", "images"):
            notes.append(f"The images are {self.train.images}.")
        if self.train.labels not in ("", "labels"):
            notes.append(f"The labels are {self.train.labels}.")
        used = {*self.images, *self._labels, self.class_names, *self.extra}
        if unused := [name for name in (*file.arrays, *file.others) if name not in used]:
            notes.append(f"Not used: {', '.join(name[:24] for name in unused[:5])}.")
        return " ".join(notes)

    @property
    def _labels(self) -> tuple[str, ...]:
        return (self.train.labels, *(part.labels for part in self.held_out))


def find_layout(file: NumpyFile) -> Layout:
    """Return the roles of the arrays of a file.

    Raises
    ------
    DataError
        If no array can be identified as the images; lists the arrays of the file.
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
    """Return the name of the label array in a file that holds only labels.

    Raises
    ------
    DataError
        If there are several arrays and none has a known name.
    """
    found = _first(file, LABELS) or (next(iter(file.arrays)) if len(file.arrays) == 1 else None)
    if found is None:
        raise DataError(
            f"data.labels: {file.path} has no array called labels; it holds {file.listing()}.",
            "Save the labels alone with numpy.save.",
        )
    return found


def _by_part(file: NumpyFile) -> dict[str, Part]:
    """Return the arrays of train, val and test by names such as x_train or test_images."""
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
    """Return the first of `names` that an array has, ignoring case; empty if none."""
    known = {name.lower(): name for name, head in file.arrays.items() if head.dtype.kind in kinds}
    return next((known[name] for name in names if name in known), "")


def _only_images(file: NumpyFile) -> str:
    """Return the name of the only array of a file; empty if there are several."""
    return next(iter(file.arrays)) if len(file.arrays) == 1 else ""


def _extra(file: NumpyFile, images: str, used: set[str]) -> tuple[str, ...]:
    """Return the unused arrays with one row per image."""
    shape = file.arrays[images].shape
    found = []
    for name, head in file.arrays.items():
        columns = 1 if len(head.shape) == 1 else head.shape[1] if len(head.shape) == 2 else 0
        most = 1 if head.dtype.kind in "SU" else MAX_ATTRIBUTES
        if name not in used and shape and head.shape[:1] == shape[:1] and 0 < columns <= most:
            found.append(name)
    return tuple(found)


def _unknown(file: NumpyFile) -> DataError:
    """Return an error that lists the arrays, with Python code that renames likely ones."""
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
