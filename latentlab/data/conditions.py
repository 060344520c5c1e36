"""Conditions made of the attributes and classes of images, as a data config names them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.attributes import cut_values, with_limits
from latentlab.data.condition import Condition
from latentlab.data.leave_out import leave_out
from latentlab.data.tables.table import plain
from latentlab.errors import MOST_NAMES, DataError, listed

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
    from latentlab.data.parts import Splits
    from latentlab.work import Progress

CLASS = "class"
"""Name of the condition that is the class of an image."""
CLASSES = "classes"
"""Word instead of limits, that makes a class of each number."""
MAX_CONDITION_CLASSES = 1000
KEY = "data.conditions"


def read_splits(
    config: DataConfig, known: tuple[Condition, ...] = ()
) -> Generator[Progress, None, Splits]:
    """Read the images of a data config, with the classes that it leaves out and its conditions.

    Parameters
    ----------
    config : DataConfig
        The data set.
    known : tuple of Condition
        Conditions of a model, whose classes and standardisation are kept; empty for those of the
        training images.

    Raises
    ------
    DataError
        If the images cannot be read, a class to leave out does not exist, or a condition does not
        exist or is unknown for an image.
    """
    splits = leave_out((yield from config.load()), config)
    if not config.conditions or config.conditions == (CLASS,):
        return splits
    conditions = known or make_conditions(splits, config.conditions)
    return with_conditions(splits, conditions)


def make_conditions(splits: Splits, chosen: Sequence[str]) -> tuple[Condition, ...]:
    """Return the conditions of chosen names, with the statistics of the training images.

    Parameters
    ----------
    splits : Splits
        The images.
    chosen : sequence of str
        Names of attributes, or ``class``. A categorical attribute, or one of yes and no, has
        classes. A number is continuous; limits after its name cut it into classes (``age: 20 40
        60``), and ``digit: classes`` makes a class of each number.

    Raises
    ------
    DataError
        If there is no such attribute, one is chosen twice, or it cannot be cut.
    """
    # All parts, so that a class without a training image has an index too.
    whole = splits.whole()
    names = [*(whole.attributes.names if whole.attributes else ())]
    offered = names + [CLASS] * (whole.labels is not None and CLASS not in names)
    made = tuple(_condition(entry, offered, splits, whole) for entry in chosen)
    twice = [each.name for i, each in enumerate(made) if each.name in [m.name for m in made[:i]]]
    if twice:
        raise DataError(f"{KEY}: {listed(twice)} is chosen twice.", "Remove one of them.")
    return made


def _condition(entry: str, offered: Sequence[str], splits: Splits, whole: ImageSet) -> Condition:
    head, _, tail = entry.rpartition(":")
    each_value = tail.strip() == CLASSES and plain(entry) not in offered
    name, limits = (plain(head), ()) if each_value else with_limits(entry, offered, KEY)
    if name not in offered:
        raise DataError(
            f"{KEY}: there is no attribute {name!r}.",
            f"There are {listed(offered, MOST_NAMES)}."
            if offered
            else "The images have neither attributes nor classes.",
        )
    levels = _levels(name, whole)
    if limits and levels:
        raise DataError(f"{KEY}: {name} has words, which have no limits.", "Remove the limits.")
    if levels:
        return Condition(name, levels)
    values = _known_values(name, whole)
    if limits:
        return Condition(name, tuple(cut_values(name, values, limits)[0]), limits)
    trained = _known_values(name, splits.train)
    _refuse_constant(name, trained)
    distinct = np.unique(values)
    if each_value:
        return _of_each_value(name, distinct)
    if set(distinct.tolist()) <= {0.0, 1.0}:
        return Condition(name, _yes_or_no(name))
    return _continuous(name, trained)


def _refuse_constant(name: str, trained: NDArray[np.float32]) -> None:
    if trained.min() == trained.max():
        raise DataError(
            f"{KEY}: {name} is {trained[0]:g} for all training images.",
            "A model cannot learn from it: leave it out.",
        )


def _yes_or_no(name: str) -> tuple[str, str]:
    """Return the classes of an attribute of zeros and ones."""
    return f"no {name}", name


def _of_each_value(name: str, distinct: NDArray[np.float32]) -> Condition:
    if len(distinct) > MAX_CONDITION_CLASSES:
        raise DataError(
            f"{KEY}: {name} has {len(distinct):,} different numbers; at most "
            f"{MAX_CONDITION_CLASSES:,} can be classes.",
            f"Give limits, such as {name}: {np.median(distinct):g}.",
        )
    words = tuple(f"{value:g}" for value in distinct.tolist())
    if len({*words}) < len(words):
        words = tuple(f"{value:.9g}" for value in distinct.tolist())  # unique in float32
    # Each class begins at its number, and the first one has no lower limit.
    return Condition(name, words, tuple(distinct[1:].tolist()))


def _continuous(name: str, values: NDArray[np.float32]) -> Condition:
    exact = values.astype(np.float64)
    low, high = float(exact.min()), float(exact.max())
    return Condition(name, low=low, high=high, mean=float(exact.mean()), scale=float(exact.std()))


def _levels(name: str, images: ImageSet) -> tuple[str, ...]:
    """Return the names of the classes of a categorical attribute, or of the images."""
    if _is_attribute(name, images.attributes):
        assert images.attributes
        return tuple(images.attributes.levels.get(name, ()))
    return images.spec.class_names


def _is_attribute(name: str, attributes: Attributes | None) -> bool:
    return attributes is not None and name in attributes.names


def with_conditions(splits: Splits, conditions: tuple[Condition, ...]) -> Splits:
    """Return splits whose images have the values of conditions; see `with_values`."""
    train, validation = (with_values(x, conditions) for x in (splits.train, splits.validation))
    test = splits.test and with_values(splits.test, conditions)
    return replace(splits, train=train, validation=validation, test=test)


def with_values(images: ImageSet, conditions: tuple[Condition, ...]) -> ImageSet:
    """Return images with the value of each condition of a model.

    Raises
    ------
    DataError
        If a condition is unknown for an image, or is of a class that the model does not have.
    """
    columns = [_column(condition, images) for condition in conditions]
    spec: ImageSpec = replace(images.spec, conditions=conditions)
    return replace(images, spec=spec, conditions=np.stack(columns, 1).astype(np.float32))


def _column(condition: Condition, images: ImageSet) -> NDArray[np.float32]:
    """Return the value of a condition for each image, with shape (N,)."""
    values = _known_values(condition.name, images)
    levels = _levels(condition.name, images)
    if not levels:
        if condition.limits:
            return cut_values(condition.name, values, condition.limits)[1].astype(np.float32)
        _check_numbers(condition, values)
        return values
    if foreign := [name for name in levels if name not in condition.classes]:
        raise DataError(
            f"{condition.name} is {listed(foreign)} for some images, and the model knows "
            f"{listed(condition.classes) or 'only numbers'}.",
            "Name the values as those of the model.",
        )
    indices = np.array([condition.classes.index(name) for name in levels], np.float32)
    return indices[values.astype(np.int64)]


def _check_numbers(condition: Condition, values: NDArray[np.float32]) -> None:
    """Refuse numbers where the model has classes; only 1 and 0 are classes, those of yes and no."""
    if condition.continuous:
        return
    is_truth = condition.classes == _yes_or_no(condition.name)
    wrong = [x for x in np.unique(values).tolist() if not (is_truth and condition.accepts(x))]
    if wrong:
        raise DataError(
            f"{condition.name} is {listed([f'{x:g}' for x in wrong], MOST_NAMES)} for some images, "
            f"and the model knows {listed(condition.classes, MOST_NAMES)}.",
            f"Write 1 for {condition.name} and 0 for no {condition.name}."
            if is_truth
            else "Write the words of the model instead of numbers.",
        )


def _known_values(name: str, images: ImageSet) -> NDArray[np.float32]:
    """Return an attribute, or the class, of each image.

    Raises
    ------
    DataError
        If it does not exist, or is unknown for an image.
    """
    attributes = images.attributes
    if attributes is not None and name in attributes.names:
        values = attributes.column(name)
    elif name == CLASS and images.labels is not None:
        return images.labels.astype(np.float32)
    else:
        there = listed(attributes.names, MOST_NAMES) if attributes else "none"
        raise DataError(
            f"The model needs {name} for each image, and the images have: {there}.",
            "Add a column or array of that name.",
        )
    unknown = ~np.isfinite(values)
    if unknown.any():
        first = int(np.flatnonzero(unknown)[0])
        which = f"row {first}" if images.files is None else str(images.files[first])
        raise DataError(
            f"{name} is unknown for {int(unknown.sum()):,} of {len(images):,} images, such as "
            f"{which}.",
            "Complete the table, remove these images, or choose another condition.",
        )
    return values
