"""Classes and attributes from the label arrays of NumPy files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.image_set import Attributes
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAX_CLASSES = 1000
MAX_ATTRIBUTES = 64
"""Maximum number of columns of an array of attributes."""
MAX_LEVELS = 100
"""Maximum number of distinct words of a categorical attribute."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Classes or attributes of each image.

    Parameters
    ----------
    rows : ndarray of int64, shape (N,), or None
        Class of each image, as an index into `names`.
    names : tuple of str
        Names of the classes.
    attributes : dict of str to ndarray of float32, shape (N,)
        Attributes, if images have several labels.
    note : str
        How ambiguous labels were interpreted.
    """

    rows: NDArray[np.int64] | None
    names: tuple[str, ...]
    attributes: Mapping[str, NDArray[np.float32]]
    note: str = ""


def read_labels(values: NDArray, names: NDArray | None, images: int, where: str) -> Labels:
    """Return classes, or attributes if images have several labels.

    Parameters
    ----------
    values : ndarray, shape (N,), (N, 1) or (N, K)
        Whole numbers or words; with K columns, 0 and 1 for each label.
    names : ndarray of str, shape (K,), or None
        Names of the classes 0 to K - 1.
    images : int
        Number of images N.
    where : str
        Recipe key and file, for messages.

    Raises
    ------
    DataError
        If the array does not hold labels of N images.
    """
    shape = values.shape
    if values.ndim == 2 and 1 in shape:
        values = values.reshape(-1)
    if values.ndim not in (1, 2) or len(values) != images:
        raise DataError(
            f"{where}: labels of shape {shape} for {images:,} images.",
            "There must be one label per image.",
        )
    if values.ndim == 1 and _is_continuous(values):
        note = "Labels are numbers with decimals: these are an attribute."
        return Labels(None, (), {"label": values.astype(np.float32)}, note)
    values = _plain(values, where)
    if values.ndim == 1:
        return _classes(values, names, where, "")
    if values.dtype.kind not in "iub" or not np.isin(values, (0, 1)).all() or not values.any():
        raise DataError(
            f"{where}: labels of shape {shape} for {images:,} images.",
            "There must be one label per image, or a column of 0 and 1 for each class.",
        )
    if (values.sum(1) == 1).all():
        note = f"Labels of {shape[1]:,} columns are taken as one class each."
        known = np.arange(shape[1]).astype(str) if names is None else names
        return _classes(values.argmax(1), known, where, note)
    if shape[1] > MAX_ATTRIBUTES:
        raise DataError(
            f"{where}: images have several of {shape[1]:,} labels; the limit is {MAX_ATTRIBUTES}.",
            "Remove some of the columns.",
        )
    words = _words(names, where) if names is not None else []
    heads = words if len(words) == shape[1] else [f"label {i}" for i in range(shape[1])]
    columns = {
        head: column.astype(np.float32) for head, column in zip(heads, values.T, strict=True)
    }
    return Labels(None, (), columns, "Images have several labels: these are attributes.")


def read_attributes(arrays: Mapping[str, NDArray]) -> Attributes | None:
    """Return the attributes from arrays of numbers or words; None without arrays.

    An empty word is unknown.

    Parameters
    ----------
    arrays : mapping of str to ndarray, shape (N,) or (N, K)
        Arrays by name; those of words have shape (N,).
    """
    columns: dict[str, NDArray[np.float32]] = {}
    levels: dict[str, tuple[str, ...]] = {}
    for name, values in arrays.items():
        if values.dtype.kind in "SU":
            words = _words(values, name)
            found = sorted({*words} - {""})
            numbers = dict(zip(found, range(len(found)), strict=True))
            columns[name] = np.array([numbers.get(word, np.nan) for word in words], np.float32)
            levels[name] = tuple(found)
            continue
        table = values.reshape(len(values), -1)
        heads = column_names(name, table.shape[1])
        with np.errstate(all="ignore"):
            columns |= dict(zip(heads, table.T.astype(np.float32), strict=True))
    if not columns:
        return None
    return Attributes(tuple(columns), np.stack([*columns.values()], 1), levels)


def column_names(name: str, columns: int) -> list[str]:
    """Return the names of the attributes that the columns of an array become."""
    return [name] if columns == 1 else [f"{name} {i}" for i in range(columns)]


def _is_continuous(values: NDArray) -> bool:
    """Return whether labels are numbers with decimals; NaN is unknown."""
    if values.dtype.kind != "f":
        return False
    known = values[np.isfinite(values)]
    return bool((known != np.round(known)).any())


def _plain(values: NDArray, where: str) -> NDArray:
    """Return labels as integers, booleans or words."""
    if values.dtype.kind in "SU":
        return np.array(_words(values, where))
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise DataError(f"{where}: labels hold NaN or infinity.", "Give each image a label.")
        if (values == np.round(values)).all() and np.abs(values).max(initial=0) < 2**53:
            return values.astype(np.int64)
    if values.dtype.kind not in "iub":
        raise DataError(
            f"{where}: labels are {values.dtype}.", "They must be whole numbers or words."
        )
    return values


def words_of(values: NDArray, where: str) -> list[str]:
    """Return values as text: whole numbers without decimals, NaN as an empty word."""
    if values.dtype.kind != "f":
        return _words(values, where)
    return [_number_text(value) for value in values.ravel()]


def _number_text(value: np.floating[Any]) -> str:
    """Return a number with all digits that its type holds, so that two numbers stay two words."""
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)


def _words(values: NDArray, where: str) -> list[str]:
    """Return words as str; bytes are decoded as UTF-8, else Latin-1."""
    try:
        words = values.ravel().tolist()
        return [_text(word) if isinstance(word, bytes) else str(word) for word in words]
    except ValueError as error:
        raise DataError(f"{where}: words are damaged.", "Save the file again.") from error


def _text(word: bytes) -> str:
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word.decode("latin-1")


def _classes(values: NDArray, names: NDArray | None, where: str, note: str) -> Labels:
    if names is None:
        found, rows = np.unique(values, return_inverse=True)
        known = tuple(map(str, found.tolist()))
    else:
        known, rows = tuple(_words(names, where)), values
        invalid = [each for each in np.unique(values).tolist() if each not in range(len(known))]
        if invalid:
            raise DataError(
                f"{where}: the label {str(invalid[0])[:40]!r} is none of {len(known)} class_names.",
                f"With class_names, labels are whole numbers from 0 to {len(known) - 1}.",
            )
    if len(known) > MAX_CLASSES:
        raise DataError(
            f"{where}: {len(known):,} classes are too many; the maximum is {MAX_CLASSES:,}.",
            "Remove the labels, or group them into fewer classes.",
        )
    return Labels(rows.astype(np.int64), known, {}, note)
