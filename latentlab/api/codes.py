"""Codes of images as a table: posteriors, and what is known of each image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.api.images import attributes_of
from latentlab.directories import expanded
from latentlab.session.files.tables import write_table
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes


@dataclass(frozen=True, slots=True)
class CodeTable:
    """Posteriors q(z|x) of N images.

    Parameters
    ----------
    mu, sigma : ndarray of float32, shape (N, D)
        Mean and standard deviation; sigma is NaN where a file has none.
    labels : ndarray of int64, shape (N,), or None
        Class of each image, an index into `class_names`.
    class_names : tuple of str
        Names of the classes.
    files, parts : ndarray of object, shape (N,), or None
        File of each image; ``"train"``, ``"validation"`` or ``"test"``.
    attributes : mapping of str to ndarray, shape (N,)
        Further attributes: numbers, with NaN where unknown, or words.
    images : ndarray of uint8, shape (N, C, H, W), or None
        Images of a file, or those that it names.
    note : str
        How the images were understood, and what was left out.
    """

    mu: NDArray[np.float32]
    sigma: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    files: NDArray[np.object_] | None
    parts: NDArray[np.object_] | None
    attributes: Mapping[str, NDArray[Any]]
    note: str = ""
    images: NDArray[np.uint8] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, codes: Codes, class_names: tuple[str, ...], note: str) -> CodeTable:
        """Return the table of codes."""
        return cls(
            codes.mu,
            codes.sigma,
            codes.labels,
            class_names,
            codes.files,
            codes.parts,
            attributes_of(codes.attributes),
            note,
        )

    def __len__(self) -> int:
        return len(self.mu)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return one array of shape (N,) per column: row, file, part, label, z, sigma, attributes.

        ``z1`` to ``zD`` are the posterior means, ``sigma1`` to ``sigmaD`` the deviations. What is
        not known has no column.
        """
        columns: dict[str, NDArray[Any]] = {"row": np.arange(len(self))}
        if self.files is not None:
            columns["file"] = self.files
        if self.parts is not None:
            columns["part"] = self.parts
        if self.labels is not None:
            columns["label"] = np.array(self.class_names, object)[self.labels]
        columns |= {f"z{d + 1}": column for d, column in enumerate(self.mu.T)}
        if not np.isnan(self.sigma).all():
            columns |= {f"sigma{d + 1}": column for d, column in enumerate(self.sigma.T)}
        for name, values in self.attributes.items():
            columns[name if name not in columns else f"{name} (attribute)"] = values
        return columns

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the columns as a table; the ending sets the format.

        Raises
        ------
        RunError
            If the file cannot be written, or its ending is not one of a table.
        """
        file, columns = expanded(Path(path)), self.columns()
        write_table(file, list(columns), _rows(columns))
        return file


def read_codes(path: str | PathLike[str], *, obsm: str = "") -> CodeTable:
    """Read codes that another program has written, as File > Open codes does.

    Parameters
    ----------
    path : path
        NPY, NPZ, CSV, Parquet, or AnnData (.h5ad).
    obsm : str
        Embedding of an AnnData file that holds several; by default the one that a model has most
        likely learned. The note names it and the others.

    Raises
    ------
    DataError
        If the file holds no codes; says why.
    """
    from latentlab.explorer.codes.code_files import read_code_set

    found = finish(read_code_set(expanded(Path(path)), obsm))
    images = None if found.images is None else np.asarray(found.images.images[:])
    table = CodeTable.of(found.codes, found.spec.class_names, " ".join(found.notes))
    return replace(table, images=images)


def _rows(columns: Mapping[str, NDArray[Any]]) -> Iterator[list[object]]:
    lists = [_plain(column) for column in columns.values()]
    return (list(row) for row in zip(*lists, strict=True))


def _plain(column: NDArray[Any]) -> list[object]:
    if column.dtype.kind != "f":
        return list(column.tolist())
    return ["" if value != value else float(f"{value:.7g}") for value in column.tolist()]
