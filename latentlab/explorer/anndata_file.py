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
from latentlab.explorer import anndata_child
from latentlab.runs.child_process import run_limited

if TYPE_CHECKING:
    from collections.abc import Generator

SUFFIX = ".h5ad"
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
INSTALL = 'Install it: pip install "latentlab[anndata]".'


def read_anndata(path: Path) -> Generator[None, None, CodeFile]:
    """Read an embedding and the columns of its cells; yields while the process works.

    Raises
    ------
    DataError
        If the file has no embedding, is damaged, or exceeds the limits.
    """
    with reading(path):
        size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise DataError(f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GB.", SAVE_ADVICE)
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        out = Path(folder) / "codes.npz"
        yield from run_limited(anndata_child, str(path), str(out), MEMORY_BYTES, MAX_SECONDS)
        _check(path, out)
        try:
            note = str(NumpyFile(out, "codes").read("note"))
            found = read_code_file(out)
        except DataError as error:
            raise DataError(error.message.replace(out.name, path.name), error.advice) from None
        return replace(found, notes=(shown(note, 200),))


def _check(path: Path, out: Path) -> None:
    """Raise the problem that the process has reported, or that it reported nothing."""
    told = out.with_suffix(".json")
    if told.exists():
        kind = str(json.loads(told.read_text())[0])
        advice = INSTALL if kind == anndata_child.NO_ANNDATA else SAVE_ADVICE
        raise DataError(f"{path.name} {PROBLEMS[kind]}", advice)
    if not out.exists():
        raise DataError(
            f"{path.name} cannot be read within the limits of memory and time.", SAVE_ADVICE
        )
