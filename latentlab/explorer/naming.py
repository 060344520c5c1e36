"""Lookup of classes and images by name, and hints about image backgrounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.condition import Condition, Given, describe_label, read_label
from latentlab.data.conditions import CLASS
from latentlab.data.own_image.preprocess import fit_picture
from latentlab.errors import MOST_NAMES, RunError, listed, shown
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.data.image_set import ImageSet, ImageSpec
    from latentlab.data.own_image.crop import Preprocessing, SourceImage
    from latentlab.explorer.explorer import Explorer
    from latentlab.session.points import ModelCard

type GivenLabel = str | int | Given | None
"""A class by name or number, or several conditions; see `latentlab.data.condition.read_label`."""
BACKGROUND_SAMPLE = 500
"""Number of images by which the background of a data set is judged."""
MAX_DIGITS = 18
"""Maximum number of digits of a number given as text."""
DARK, LIGHT = 85.0, 170.0
"""Pixel values up to which a background is dark, and from which it is light."""


def label_of(card: ModelCard, label: GivenLabel, *, needed: bool = False) -> Label | None:
    """Return the label that a model takes.

    Parameters
    ----------
    card : ModelCard
        The model.
    label : str, int, mapping or sequence of float, or None
        For a model with one class: a number is an index; a text is a name, or else a number. For
        several conditions, see `latentlab.data.condition.read_label`.
    needed : bool
        Whether a conditional model needs one here.

    Returns
    -------
    int, tuple of float, or None
        None without a label: the model is not conditional, or all classes are wanted.

    Raises
    ------
    RunError
        If there is no such class, the model is not conditional, or a required label is missing.
    """
    if not card.conditional:
        if label is not None:
            raise RunError("This model takes no labels.", "Leave them out.")
        return None
    spec = card.spec
    if label is None:
        if needed:
            raise _missing_label(spec)
        return None
    if spec.conditions:
        if isinstance(label, int | float):
            label = (float(label),)
        return read_label(spec.conditions, label)
    if isinstance(label, Mapping):
        return int(read_label((Condition(CLASS, spec.class_names),), label)[0])
    return class_index(spec.class_names, label)


def _missing_label(spec: ImageSpec) -> RunError:
    if spec.conditions:
        example = describe_label(spec.conditions, [each.default for each in spec.conditions])
        return RunError("This model is conditional and needs a label.", f"Such as: {example}.")
    advice = f"Give a label: {describe_labels(spec.class_names)}."
    return RunError("This model is conditional and needs a class label.", advice)


def class_index(names: Sequence[str], label: Any) -> int:
    """Return the index of a class given by name or number: a number is an index.

    Raises
    ------
    RunError
        If there is no such class.
    """
    if not isinstance(label, str):
        if np.ndim(label) == 0 and 0 <= label < len(names) and label == int(label):
            return int(label)
        raise RunError(f"There is no class {label}.", f"Choose {describe_labels(names)}.")
    if label in names:
        return names.index(label)
    alike = [i for i, name in enumerate(names) if name.casefold() == label.casefold()]
    if len(alike) == 1:
        return alike[0]
    if (index := _index(label, len(names))) is not None:
        return index
    raise RunError(f"There is no class {shown(repr(label))}.", f"Choose {describe_labels(names)}.")


def _index(text: str, count: int) -> int | None:
    """Return the number below `count` that a text is, if any; `int` refuses very long texts."""
    digits = text.lstrip("0") or text
    if not digits.isdecimal() or len(digits) > MAX_DIGITS:
        return None
    return int(digits) if int(digits) < count else None


def describe_labels(names: Sequence[str]) -> str:
    """Describe the valid labels."""
    numbers = f"0 to {len(names) - 1}"
    is_numeric = list(names) == [str(i) for i in range(len(names))]
    return numbers if is_numeric else f"{listed(names, MOST_NAMES)}, or a number, {numbers}"


def image_row(explorer: Explorer, name: str) -> int:
    """Return the row of an image given by class, file or row.

    Raises
    ------
    RunError
        If there is no such image.
    """
    card, labels = explorer.card, explorer.codes.labels
    assert card
    names = card.spec.class_names
    if name in names and labels is not None:
        if not (labels == names.index(name)).any():
            raise RunError(f"There is no image of class {name} on the map.")
        return explorer.codes.typical(names.index(name))
    row = _row_of(explorer, name)
    if row is None:
        # The map initially holds only part of the images.
        finish(explorer.show_all())
        row = _row_of(explorer, name)
    if row is None:
        files = " image file or" if explorer.codes.files is not None else ""
        start = f"neither a class ({listed(names, MOST_NAMES)}) nor an" if names else "no"
        last = f"image row below {len(explorer.codes):,}"
        raise RunError(
            f"{shown(repr(name))} is {start}{files} {last}.", _example(explorer.codes.files)
        )
    return row


def _example(files: NDArray[np.object_] | None) -> str:
    if files is None or not len(files):
        return ""
    return f"Give a file by its path within the data set, such as {listed([files[0]])}."


def _row_of(explorer: Explorer, name: str) -> int | None:
    files = explorer.codes.files
    if files is not None and len(found := np.flatnonzero(files == name)):
        return int(found[0])
    return _index(name, len(explorer.codes))


def background_hint(picture: NDArray[np.uint8], images: NDArray[np.uint8], *, invert: bool) -> str:
    """Return a hint if an image has an unusual background; may be empty.

    Parameters
    ----------
    picture, images : ndarray of uint8, shape (N, C, H, W)
        The preprocessed image, and images of the data set.
    invert : bool
        Whether the image was inverted.
    """
    if not is_opposite(picture, images):
        return ""
    is_light = background_level(picture) >= LIGHT
    mine, theirs = ("light", "dark") if is_light else ("dark", "light")
    text = f"The background of this image is {mine}, and that of the data set is {theirs}"
    return f"{text}: try it {'without' if invert else 'with'} --invert."


def is_opposite(picture: NDArray[np.uint8], images: NDArray[np.uint8]) -> bool:
    """Return whether one background is light and the other dark, of images as in a data set."""
    level, data_level = background_level(picture), background_level(images)
    return (level >= LIGHT and data_level <= DARK) or (level <= DARK and data_level >= LIGHT)


def decided(
    fitting: Preprocessing, source: SourceImage, spec: ImageSpec, images: ImageSet | None
) -> Preprocessing:
    """Decide whether to invert an image, if that is automatic; `images` are of the data set."""
    if not fitting.automatic:
        return fitting
    fitting, invert = replace(fitting, automatic=False), False
    if spec.shape[0] == 1 and images is not None and len(images):
        picture = fit_picture(source, fitting, spec)[None]
        invert = is_opposite(picture, images[:BACKGROUND_SAMPLE].images)
    return replace(fitting, invert=invert)


def background_level(images: NDArray[np.uint8]) -> float:
    """Return the median of the border pixels of images of shape (N, C, H, W)."""
    pixels = np.asarray(images)
    edges = (pixels[..., 0, :], pixels[..., -1, :], pixels[..., 0], pixels[..., -1])
    return float(np.median(np.concatenate([edge.ravel() for edge in edges])))
