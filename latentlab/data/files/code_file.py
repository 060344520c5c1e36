"""Reader of latent codes in NPY, NPZ, CSV and Parquet files, by latentlab or another program."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.arrays.advice import Rewriting
from latentlab.data.arrays.labels import read_attributes, words_of
from latentlab.data.arrays.pixels import check_numbers, to_pixels
from latentlab.data.arrays.shapes import channels_first
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.data.image_set import Attributes
from latentlab.data.pixels import as_bytes
from latentlab.data.tables.columns import Column, read_column, read_numbers
from latentlab.data.tables.parquet_table import SUFFIX as PARQUET
from latentlab.data.tables.parquet_table import read_parquet
from latentlab.data.tables.table import MAX_BYTES, parse_table
from latentlab.errors import DataError, listed, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.tables.table import Table

CODE_ARRAYS = ("z", "mu", "codes", "latents", "embedding", "embeddings", "features", "X")
"""Names of the array of codes in an NPZ, in order of preference."""
LABEL_NAMES = ("label", "labels", "y", "class", "target", "targets", "digit")
FILE_NAMES = ("file", "filename", "path", "image", "name")
PART_NAMES = ("part", "split", "partition", "set")
NOT_CODES = re.compile(r"(sigma|std|sd|var|logvar|log_var)[ _]?\d+|row|index|id|unnamed.*|", re.I)
"""Names of columns of numbers that are not coordinates."""
NUMBERED = re.compile(r"(.*?)[ _.\[(]?(\d{1,18})[\])]?")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """Codes of N images, and what the file says about them.

    Parameters
    ----------
    z : ndarray of float32, shape (N, D)
        Coordinates, for example posterior means.
    sigma : ndarray of float32, shape (N, D), or None
        Standard deviations of the posteriors.
    labels : tuple of str, length N, or None
        Class of each image.
    files, parts : tuple of str, length N, or None
        File and part of each image.
    images : ndarray of uint8, shape (N, C, H, W), or None
        Images in the same NPZ.
    attributes : Attributes or None
        Other columns, or arrays of one number or word per image.
    notes : tuple of str
        How the file was understood.
    """

    z: NDArray[np.float32] = field(repr=False)
    sigma: NDArray[np.float32] | None = field(repr=False, default=None)
    labels: tuple[str, ...] | None = field(repr=False, default=None)
    files: tuple[str, ...] | None = field(repr=False, default=None)
    parts: tuple[str, ...] | None = field(repr=False, default=None)
    images: NDArray[np.uint8] | None = field(repr=False, default=None)
    attributes: Attributes | None = field(repr=False, default=None)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.z)


def read_code_file(path: Path, latent_dim: int | None = None) -> CodeFile:
    """Read latent codes.

    Parameters
    ----------
    path : Path
        An NPY of shape (N, D); an NPZ with such an array, named as in `CODE_ARRAYS`, and optional
        labels, images and so on; or a CSV or Parquet table with a column per dimension.
    latent_dim : int, optional
        Dimensions that are expected; of several groups of columns, those with as many are taken.

    Raises
    ------
    DataError
        If there is no such file, or it holds no codes of `latent_dim` dimensions.
    """
    if not path.is_file():
        raise DataError(f"There is no file {path}.", "Check the path.")
    suffix = path.suffix.lower()
    if suffix in (".npy", ".npz"):
        found = _from_arrays(NumpyFile(path, "codes"), path)
    else:
        found = _from_table(path, latent_dim)
    if latent_dim is not None and found.z.shape[1] != latent_dim:
        raise DataError(
            f"{path.name} holds codes of {found.z.shape[1]} dimensions; the model has {latent_dim}."
        )
    if not np.isfinite(found.z).all():
        raise DataError(f"{path.name} holds coordinates that are not finite numbers.")
    return found


def _from_arrays(file: NumpyFile, path: Path) -> CodeFile:
    shapes = {name: head.shape for name, head in file.arrays.items()}
    columns = [name for name, shape in shapes.items() if len(shape) == 1]
    if "z1" in columns:
        # As other programs write: one array per column of a table.
        read = {name: words_of(file.read(name), name) for name in columns}
        return _from_columns(read, ",", path, None)
    tables = [name for name, shape in shapes.items() if len(shape) == 2]
    known = [name for name in CODE_ARRAYS if name in tables] or tables
    if file.single and tables:
        known = [""]
    if not known:
        raise DataError(
            f"{path.name} holds no codes: {file.listing()}.",
            "Save an array of shape (N, D) under the name z. To train on images, choose the file "
            "in the training form.",
        )
    name = known[0]
    z = np.asarray(file.read(name), np.float32)
    many = {each: file.read(each) for each in shapes if shapes[each][:1] == (len(z),)}
    sigma = many.get("sigma", many.get("std"))
    notes = [] if file.single else [f"The codes are the array {name}."]
    pictures = next((n for n, a in many.items() if a.ndim in (3, 4) and n != name), None)
    images, note = (None, "") if pictures is None else _pixels(file, pictures, many[pictures])
    named = {*LABEL_NAMES, *FILE_NAMES, *PART_NAMES}
    others = {n: a for n, a in many.items() if a.ndim == 1 and n not in named}
    return CodeFile(
        z,
        sigma.astype(np.float32) if sigma is not None and sigma.shape == z.shape else None,
        _words(many, LABEL_NAMES),
        _words(many, FILE_NAMES),
        _words(many, PART_NAMES),
        images,
        read_attributes(others),
        tuple(filter(None, [*notes, note])),
    )


def _pixels(file: NumpyFile, name: str, array: NDArray[Any]) -> tuple[NDArray[np.uint8], str]:
    """Return images as bytes, and how they were understood."""
    rewriting = Rewriting(file, (name,), key=name)
    check_numbers([array], rewriting)
    shaped, layout = channels_first(array, rewriting)
    (images,), scale = to_pixels([shaped], rewriting)
    return as_bytes(images), " ".join(filter(None, [layout, scale]))


def _words(arrays: Mapping[str, NDArray[Any]], names: Sequence[str]) -> tuple[str, ...] | None:
    known = (name for name in names if name in arrays and arrays[name].ndim == 1)
    name = next(known, None)
    return None if name is None else tuple(words_of(arrays[name], name))


def _from_table(path: Path, latent_dim: int | None) -> CodeFile:
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path.name} is larger than {MAX_BYTES >> 20} MB.", "Save it as NPZ.")
    try:
        is_parquet = path.suffix.lower() == PARQUET
        table = read_parquet(path) if is_parquet else parse_table(path.read_bytes())
    except DataError as error:
        raise DataError(f"{path.name}: {error.message}.", error.advice) from None
    note = ""
    if _lacks_names(table):
        table, note = table.without_names(), "The table has no line of column names."
    columns = dict(zip(table.names, map(list, table.columns), strict=True))
    found = _from_columns(columns, table.separator, path, latent_dim)
    return replace(found, notes=(*filter(None, [note]), *found.notes))


def _lacks_names(table: Table) -> bool:
    """Return whether the first line holds numbers too, other than column numbers."""
    numbers = read_numbers(table.names, table.separator)
    if numbers is None:
        return False
    known = numbers[~np.isnan(numbers)]  # pandas gives its column of row numbers no name
    return bool((np.diff(known) != 1).any())


def _from_columns(
    columns: Mapping[str, Sequence[str]], separator: str, path: Path, latent_dim: int | None
) -> CodeFile:
    numbers: dict[str, NDArray[Any]] = {}
    others: dict[str, Column] = {}
    for name, words in columns.items():
        values = read_numbers(words, separator)
        if values is not None:
            numbers[name] = values
        elif isinstance(column := read_column(words, separator), Column) and column.levels:
            others[name] = column
    special = {*LABEL_NAMES, *FILE_NAMES, *PART_NAMES}
    chosen = _coordinates([n for n in numbers if n.lower() not in special], latent_dim, path)
    sigma = [f"sigma{name[1:]}" for name in chosen]
    used = {*chosen, *sigma}
    return CodeFile(
        _stacked(numbers, chosen),
        _stacked(numbers, sigma) if {*sigma} <= {*numbers} else None,
        _column(columns, LABEL_NAMES),
        _column(columns, FILE_NAMES),
        _column(columns, PART_NAMES),
        attributes=_attributes(numbers, others, used | special),
        notes=(f"The coordinates are the columns {listed(chosen)}.",),
    )


def _stacked(columns: Mapping[str, NDArray[Any]], names: Sequence[str]) -> NDArray[np.float32]:
    return np.column_stack([columns[name] for name in names]).astype(np.float32)


def _column(columns: Mapping[str, Sequence[str]], names: Sequence[str]) -> tuple[str, ...] | None:
    lower = {name.lower(): words for name, words in columns.items()}
    return next((tuple(lower[name]) for name in names if name in lower), None)


def _coordinates(names: Sequence[str], latent_dim: int | None, path: Path) -> list[str]:
    """Return the columns of the coordinates: those of one name by number, else all numbers.

    Raises
    ------
    DataError
        If there are none, or several groups and none is named z.
    """
    numbered: dict[str, dict[str, int]] = {}
    for name in names:
        if not NOT_CODES.fullmatch(name) and (match := NUMBERED.fullmatch(name)):
            numbered.setdefault(match[1].lower(), {})[name] = int(match[2])
    groups = {prefix: sorted(group, key=group.__getitem__) for prefix, group in numbered.items()}
    plain = [name for name in names if not NOT_CODES.fullmatch(name)]
    fitting = [g for g in groups.values() if latent_dim is None or len(g) == latent_dim]
    if "z" in groups and groups["z"] in fitting:
        return groups["z"]
    if len(fitting) == 1 and (len(fitting[0]) > 1 or latent_dim == 1):
        return fitting[0]
    if len(fitting) > 1:
        first = one_of([group[0] for group in fitting])
        raise DataError(
            f"{path.name} has several groups of numbered columns, such as {first}.",
            "Name the columns of the codes z1, z2 and so on.",
        )
    if len(plain) == 1 and latent_dim != 1 and not _names_codes(plain[0]):
        plain = []  # one number about each image, such as the age
    if not plain or (latent_dim is not None and len(plain) != latent_dim):
        columns = f"{len(plain)} columns" if plain else "no columns"
        wanted = f"; the model has {latent_dim} latent dimensions" if latent_dim else ""
        raise DataError(
            f"{path.name} has {columns} of numbers that can be codes{wanted}.",
            "Name the columns of the codes z1, z2 and so on.",
        )
    return plain


def _names_codes(name: str) -> bool:
    return name.lower() in CODE_ARRAYS or NUMBERED.fullmatch(name) is not None


def _attributes(
    numbers: Mapping[str, NDArray[Any]], others: Mapping[str, Column], used: set[str]
) -> Attributes | None:
    kept = {n: v for n, v in numbers.items() if n not in used and not NOT_CODES.fullmatch(n)}
    levels = {n: column.levels for n, column in others.items() if n.lower() not in used}
    columns = {**kept, **{n: others[n].values for n in levels}}
    if not columns:
        return None
    return Attributes(tuple(columns), _stacked(columns, list(columns)), levels)
