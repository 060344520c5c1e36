"""Program that converts embeddings of an AnnData file to NPZ; run in a process of its own.

It imports nothing of latentlab. ``anndata_child.py IN OUT MEMORY SECONDS WANTED`` writes OUT, an
NPZ, or a JSON list with a kind of problem and its text beside it. WANTED is the name of an
embedding, empty for the most likely one, or ``/`` to write the names of all as JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

NO_CODES, NO_NAME, DAMAGED = "no codes", "no name", "damaged"
MEMORY, NO_ANNDATA = "memory", "no anndata"
"""Kinds of problems."""
LISTING = "/"
"""Wanted if the names of the embeddings are; no embedding can have this name."""
LEARNED = re.compile(r"vae|vi\b|latent|embed|hidden|codes", re.I)
"""Names of embeddings that a model has learned; they come first."""
PLOTS = re.compile(r"umap|tsne|t-sne|draw_graph|spatial|diffmap", re.I)
"""Names of embeddings for plots; they come last."""
CLASSES = ("cell_type", "celltype", "cell_types", "celltypes", "labels", "label", "class", "y")
"""Names of the column of classes, in order of preference."""
RESERVED = frozenset(
    {
        *("z", "mu", "codes", "latents", "embedding", "embeddings", "features", "X", "z1"),
        *("sigma", "std", "label", "labels", "y", "class", "target", "targets", "digit"),
        *("file", "filename", "path", "image", "name", "part", "split", "partition", "set"),
        *("note", "allow_pickle"),
    }
)
"""Names of arrays that `read_code_file` understands, and of parameters of `numpy.savez`."""
MAX_LEVELS = 100
"""Maximum number of words of a column."""


def main(source: str, out: str, memory: int, seconds: int, wanted: str = "") -> None:
    """Convert a file, or write the problem to `out` with the suffix ``.json``."""
    try:
        import anndata  # noqa: F401  # before the limits: it maps more memory than it uses
    except ImportError:
        found = (NO_ANNDATA, "")
    else:
        _limit(memory, seconds)
        try:
            _write(Path(source), Path(out), wanted)
        except MemoryError:
            found = (MEMORY, "")
        except NoCodesError as error:
            found = (error.kind, str(error))
        except Exception as error:  # any error of a damaged file
            found = (DAMAGED, str(error))
        else:
            return
    Path(out).with_suffix(".json").write_text(json.dumps(found), "utf-8")


class NoCodesError(Exception):
    """The file has no embedding, or none of a name: the kind of problem and its text."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def _write(source: Path, out: Path, wanted: str) -> None:
    import anndata

    data = anndata.read_h5ad(source, backed="r")
    found = embeddings(data)
    if wanted == LISTING:
        out.write_text(json.dumps([(name, z.shape[1]) for name, z in found.items()]), "utf-8")
        return
    arrays: dict[str, Any] = convert(data, found, wanted)
    np.savez(out, **arrays)


def _limit(memory: int, seconds: int) -> None:
    """Limit memory and time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def embeddings(data: Any) -> dict[str, Any]:
    """Return the embeddings of AnnData, the most likely one first.

    Raises
    ------
    NoCodesError
        If there are none.
    """
    shapes: Any = {str(name): value for name, value in data.obsm.items() if np.ndim(value) == 2}
    found = {name: value for name, value in shapes.items() if value.shape[1] >= 1}
    if not found:
        raise NoCodesError(NO_CODES, "")
    return {name: found[name] for name in sorted(found, key=_rank)}


def convert(data: Any, found: dict[str, Any], wanted: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an NPZ: ``z``, ``labels``, ``name``, ``note`` and other columns.

    Raises
    ------
    NoCodesError
        If there is no embedding of the name that is wanted.
    """
    if wanted and wanted not in found:
        raise NoCodesError(NO_NAME, f"It has {', '.join(found)}.")
    name = wanted or next(iter(found))
    z: NDArray[Any] = np.asarray(found.pop(name), np.float32)
    also = f" It also has {', '.join(sorted(found))}." if found else ""
    arrays: dict[str, NDArray[Any]] = {
        "z": z,
        "name": np.array(data.obs_names, str),
        "note": np.array(f"The codes are obsm {name}.{also}"),
    }
    columns = {str(each): _column(data.obs[each]) for each in data.obs.columns}
    words = {each: column for each, column in columns.items() if column.dtype.kind == "U"}
    if classes := _classes(words):
        arrays["labels"] = columns.pop(classes)
    others = {_free(each): column for each, column in columns.items() if column.size}
    return {**others, **arrays}


def _free(name: str) -> str:
    """Return the name of a column, changed if it means something else in an NPZ."""
    return f"obs {name}" if name in RESERVED else name


def _rank(name: str) -> tuple[bool, bool, str]:
    return bool(PLOTS.search(name)), not LEARNED.search(name), name


def _classes(columns: Mapping[str, NDArray[Any]]) -> str:
    """Return the name of the column of classes; empty if there is none."""
    lower = {name.lower(): name for name in columns}
    first = next((lower[name] for name in CLASSES if name in lower), "")
    return first or next(iter(columns), "")


def _column(values: Any) -> NDArray[Any]:
    """Return a column as numbers or words; empty if it is neither, or has too many words."""
    if values.dtype.kind in "biuf":
        return np.asarray(values.to_numpy(np.float32, na_value=np.nan))
    pairs = zip(values.tolist(), values.isna().tolist(), strict=True)
    words = np.array(["" if is_missing else str(word) for word, is_missing in pairs], str)
    return words if 1 < len(np.unique(words)) <= MAX_LEVELS else np.empty(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
