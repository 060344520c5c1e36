"""Embeddings of AnnData files (.h5ad), read by the optional anndata in a process with limits."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from latentlab.data.files.code_file import CodeFile, read_code_file
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.errors import DataError, reading, shown
from latentlab.explorer.codes import anndata_child
from latentlab.extras import how_to_install
from latentlab.runs.child_process import run_limited

if TYPE_CHECKING:
    from collections.abc import Generator

MAX_FILE_BYTES = 64 << 30
MEMORY_BYTES = 8 << 30
MAX_SECONDS = 120
PROBLEMS = {
    anndata_child.NO_CODES: "has no embedding: its obsm is empty.",
    anndata_child.MEMORY: f"needs more than {MEMORY_BYTES >> 30} GB of memory.",
    anndata_child.DAMAGED: "is damaged, or no file of AnnData.",
    anndata_child.NO_ANNDATA: "needs the package anndata.",
}
SAVE_ADVICE = (
    "In Python, write a file that can be opened:\n"
    '    labels = adata.obs["cell_type"].astype(str)\n'
    '    numpy.savez("codes.npz", z=adata.obsm["X_scVI"], labels=labels)'
)


def read_anndata(
    path: Path, latent_dim: int | None = None, obsm: str = ""
) -> Generator[None, None, CodeFile]:
    """Read an embedding and the columns of its cells; yields while the process works.

    Parameters
    ----------
    path : Path
        The file.
    latent_dim : int, optional
        Dimensions that are expected.
    obsm : str
        Name of the embedding; empty for the one that a model has most likely learned, which a
        note then names.

    Raises
    ------
    DataError
        If the file has no such embedding, is damaged, or exceeds the limits.
    """
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        out = Path(folder) / "codes.npz"
        yield from _run(path, out, obsm)
        try:
            note = str(NumpyFile(out, "codes").read("note"))
            found = read_code_file(out, latent_dim)
        except DataError as error:
            raise DataError(error.message.replace(out.name, path.name), error.advice) from None
        return replace(found, notes=(shown(note, 200),))


def list_embeddings(path: Path) -> Generator[None, None, dict[str, int]]:
    """Return the names of the embeddings and their dimensions, the most likely one first.

    Raises
    ------
    DataError
        As `read_anndata`.
    """
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        out = Path(folder) / "names.txt"
        yield from _run(path, out, anndata_child.LISTING)
        return {str(name): int(size) for name, size in json.loads(out.read_text("utf-8"))}


def _run(path: Path, out: Path, wanted: str) -> Generator[None, None, None]:
    """Let the process write `out`."""
    with reading(path):
        size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise DataError(f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GB.", SAVE_ADVICE)
    limits = (MEMORY_BYTES, MAX_SECONDS)
    yield from run_limited(anndata_child, str(path), str(out), *limits, wanted)
    _check(path, out)


def _check(path: Path, out: Path) -> None:
    """Raise the problem that the process has reported, or that it reported nothing."""
    told = out.with_suffix(".json")
    if told.exists():
        kind, text = map(str, json.loads(told.read_text("utf-8")))
        if kind == anndata_child.NO_NAME:
            raise DataError(f"{path.name} has no obsm of this name.", shown(text, 300))
        advice = how_to_install("anndata") if kind == anndata_child.NO_ANNDATA else SAVE_ADVICE
        raise DataError(f"{path.name} {PROBLEMS[kind]}", advice)
    if not out.exists():
        raise DataError(
            f"{path.name} cannot be read within the limits of memory and time.", SAVE_ADVICE
        )
