"""Another data set, shown with the open model: a new batch, or images that it was not made for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from latentlab.config import parse
from latentlab.data.binarize import binarize_like
from latentlab.data.concatenated import ConcatenatedArray
from latentlab.data.conditions import with_values
from latentlab.data.data_set import DATA
from latentlab.data.image_set import TO_EXPLORE, Attributes, ImageSet, ImageSpec
from latentlab.data.own_image.crop import Preprocessing, SourceImage
from latentlab.data.own_image.preprocess import fit_picture
from latentlab.data.pixels import as_bytes, as_unit
from latentlab.errors import DataError, RunError, listed
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.session.model import SET_ATTRIBUTE, Adopted, ShowData
from latentlab.work import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.data_set import DataConfig
    from latentlab.session.points import ModelCard

ENCODE_S = 0.3
"""Time limit in seconds for encoding before the images are shown; others are encoded later."""
KEPT_OF_RUN = TO_EXPLORE // 2
"""Maximum number of images of the run that stay on the map beside others."""
FITTED_PER_STEP = 50
UNLABELLED = "unlabelled"
"""Class of images without a class beside images with classes."""


@answer.register
def _(request: ShowData, explorer: Explorer) -> Generator[Progress, None, Adopted]:
    if request.values is None:
        yield Progress("Encoding images", 1.0)
        card = explorer.show_run_images(ENCODE_S)
    else:
        kind = str(request.values.get("kind", ""))
        if kind not in DATA.kinds():
            raise DataError(f"There is no data set {kind!r}.")
        config = parse(DATA.kinds()[kind], request.values)
        card = yield from show_data(explorer, config, together=request.together, within=ENCODE_S)
    return Adopted(card, explorer.codes, *explorer.start())


def show_data(
    explorer: Explorer, config: DataConfig, *, together: bool = False, within: float = np.inf
) -> Generator[Progress, None, ModelCard]:
    """Show the images of a data set with the open model, in place of those of its run.

    Images of another size are cropped and scaled as a user's own image. The explorer treats them
    like those of the run: neighbours, scores, groups and directions are of these images.

    Parameters
    ----------
    explorer : Explorer
        The explorer, with an open model.
    config : DataConfig
        Data set to show.
    together : bool
        Whether the images of the run stay on the map; the attribute `SET_ATTRIBUTE` then tells
        which images are of which set.
    within : float
        See `Explorer.open`.

    Yields
    ------
    Progress
        Progress of reading the images.

    Raises
    ------
    DataError
        If the images cannot be read, or have no class that a conditional model needs.
    RunError
        If no model is open, or another one was opened meanwhile.
    """
    card = explorer.card
    if card is None:
        raise RunError("No model is open yet.", "Open one from the library.")
    splits = yield from fit_config(config, card.spec).load()
    images, name = replace(splits.whole(), parts=None), name_of(config)
    notes = [splits.notes]
    if images.spec.shape != card.spec.shape:
        notes.append(f"Images of {images.spec} are scaled to {card.spec}.")
        if len(images) > TO_EXPLORE:
            notes.append(f"Only the first {TO_EXPLORE:,} of {len(images):,} are shown.")
        images = yield from _fitted(images[:TO_EXPLORE], card.spec)
    yield Progress("Encoding images", 1.0)
    if explorer.card is None or explorer.card.number != card.number:
        # They were made for the model before, which may have another size and other classes.
        raise RunError(f"Another model was opened before {name} was read.", "Choose it again.")
    images = binarize_like(images, card.recipe)
    if explorer.model.conditional:
        conditions = card.spec.conditions
        images = with_values(images, conditions) if conditions else _with_classes(images, card.spec)
    if together:
        images, note = _beside_run(explorer.run_images, images, name)
        notes.append(note)
        name = f"run and {name}"
    notes.insert(0, f"Shown: {name}.")
    return explorer.show_images(images, name, " ".join(filter(None, notes)), within)


def _beside_run(own: ImageSet | None, images: ImageSet, name: str) -> tuple[ImageSet, str]:
    """Return the images of a run and others, and a note for the user."""
    if own is None or not len(own):
        raise DataError("The run has no images to compare with.", "Show the others alone.")
    kept = f"The first {KEPT_OF_RUN:,} of {len(own):,} images of the run are kept."
    joined = join_sets(own[:KEPT_OF_RUN], images, ("run", name))
    return joined, kept if len(own) > KEPT_OF_RUN else ""


def fit_config(config: DataConfig, spec: ImageSpec) -> DataConfig:
    """Return a data config that reads image files in the format of a model."""
    channels, height, width = spec.shape
    values = {"width": width, "height": height, "colour": channels == 3}
    if height == width:
        values["size"] = width
    fields = type(config).model_fields
    return config.model_copy(update={name: values[name] for name in values if name in fields})


def name_of(config: DataConfig) -> str:
    """Return the name of a data set: its kind, and the name of its file or folder."""
    paths = [getattr(config, name) for name in type(config).model_fields]
    names = [path.name for path in paths if isinstance(path, Path)]
    return " ".join([config.kind, *names[:1]])


def _fitted(images: ImageSet, spec: ImageSpec) -> Generator[Progress, None, ImageSet]:
    """Crop and scale images to the shape of `spec`, as a user's own image."""
    if images.spec.shape[0] not in (1, 3) or spec.shape[0] not in (1, 3):
        raise DataError(f"Images of {images.spec} cannot be converted to {spec}.")
    found = np.empty((len(images), *spec.shape), np.uint8)
    for row in range(len(images)):
        pixels = images.images[row]
        pixels = as_bytes(pixels)
        source = pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1)
        picture = SourceImage("", np.ascontiguousarray(source))
        found[row] = fit_picture(picture, Preprocessing(), spec)
        if row % FITTED_PER_STEP == 0:
            yield Progress("Scaling images", row / len(images))
    spec = replace(images.spec, shape=spec.shape)
    return replace(images, images=found, spec=spec)


def _with_classes(images: ImageSet, spec: ImageSpec) -> ImageSet:
    """Return images with the class indices of a conditional model.

    Raises
    ------
    DataError
        If they have no classes, or others.
    """
    names = images.spec.class_names
    if images.labels is None or not {*names} <= {*spec.class_names}:
        others = listed([name for name in names if name not in spec.class_names]) or "none"
        raise DataError(
            f"The model needs the class of each image: {listed(spec.class_names)}. "
            f"The images have {'others: ' if names else ''}{others}.",
            "Name the folders or labels as the classes of the model.",
        )
    rows = np.array([spec.class_names.index(name) for name in names], np.int64)
    return replace(images, labels=rows[images.labels], spec=spec)


def join_sets(first: ImageSet, second: ImageSet, names: tuple[str, str]) -> ImageSet:
    """Return both sets as one, without copying pixels.

    Classes and categories of the same name are the same. The attribute `SET_ATTRIBUTE` tells from
    which set an image is.

    Parameters
    ----------
    first, second : ImageSet
        Sets of images of the same shape.
    names : tuple of str
        Names of both sets.
    """
    sets = (first, second)
    labels, classes = _joined_labels(sets)
    files = [
        np.array([f"{name} {row}" for row in range(len(each))], object)
        if each.files is None
        else each.files
        for each, name in zip(sets, names, strict=True)
    ]
    parts = [
        np.full(len(each), name, object) if each.parts is None else each.parts
        for each, name in zip(sets, names, strict=True)
    ]
    pixels: list[NDArray[Any]] = [each.images for each in sets]
    if first.images.dtype != second.images.dtype:
        convert = as_bytes if first.images.dtype == np.uint8 else as_unit
        pixels[1] = convert(second.images[:])
    images = cast("NDArray[np.uint8]", ConcatenatedArray(*pixels))
    conditions = [each.conditions for each in sets if each.conditions is not None]
    return ImageSet(
        images,
        labels,
        replace(first.spec, class_names=classes),
        _joined_attributes(sets, names),
        np.concatenate(files),
        np.concatenate(parts),
        conditions=None if len(conditions) < len(sets) else np.concatenate(conditions),
    )


def _joined_labels(sets: tuple[ImageSet, ...]) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Return the labels of all sets and their class names; images without a label get a class."""
    if all(each.labels is None for each in sets):
        return None, ()
    named = [each.spec.class_names if each.labels is not None else (UNLABELLED,) for each in sets]
    classes = tuple(dict.fromkeys(name for names in named for name in names))
    found = []
    for each, names in zip(sets, named, strict=True):
        rows = np.array([classes.index(name) for name in names], np.int64)
        labels = np.zeros(len(each), np.int64) if each.labels is None else each.labels
        found.append(rows[labels])
    return np.concatenate(found), classes


def _joined_attributes(sets: tuple[ImageSet, ...], names: tuple[str, str]) -> Attributes:
    """Return the attributes of all sets, NaN where unknown, and `SET_ATTRIBUTE` first."""
    known = [each.attributes for each in sets]
    columns = dict.fromkeys(name for each in known if each for name in each.names)
    columns.pop(SET_ATTRIBUTE, None)
    levels: dict[str, tuple[str, ...]] = {SET_ATTRIBUTE: names}
    for name in columns:
        words = [word for each in known if each for word in each.levels.get(name, ())]
        if words:
            levels[name] = tuple(dict.fromkeys(words))
    total = sum(map(len, sets))
    values = np.full((total, 1 + len(columns)), np.nan, np.float32)
    start = 0
    for i, (each, attributes) in enumerate(zip(sets, known, strict=True)):
        rows = slice(start, start + len(each))
        values[rows, 0] = i
        for column, name in enumerate(columns, 1):
            if attributes and name in attributes.names:
                values[rows, column] = _with_levels(attributes, name, levels.get(name, ()))
        start += len(each)
    return Attributes((SET_ATTRIBUTE, *columns), values, levels)


def _with_levels(attributes: Attributes, name: str, levels: tuple[str, ...]) -> NDArray[np.float32]:
    """Return an attribute whose categories are numbered as in `levels`."""
    values = attributes.column(name)
    if not levels:
        return values
    own = attributes.levels.get(name, ())
    if not own:  # numbers here, words in the other set
        return np.full(len(values), np.nan, np.float32)
    numbers = np.array([levels.index(word) for word in own], np.float32)
    known = ~np.isnan(values)
    found = np.full(len(values), np.nan, np.float32)
    found[known] = numbers[values[known].astype(np.int64)]
    return found
