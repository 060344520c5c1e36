"""Run folders made of models of other programs."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, TypeAdapter

from latentlab import __version__
from latentlab.atomic_write import complete_folder, not_written, write_atomically
from latentlab.directories import IMPORT_FILE, is_imported, runs
from latentlab.errors import shown
from latentlab.json_files import Record, read_json
from latentlab.learning.checkpoint import DESCRIPTION_FILE, Checkpoint, save_checkpoint
from latentlab.runs.library import RECIPE, rename, write_preview
from latentlab.runs.notes import write_notes
from latentlab.runs.run_data import write_run_data
from latentlab.session.library.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSpec
    from latentlab.data.parts import Splits
    from latentlab.learning.recipe import Recipe

TAG = "imported"
MAX_STEM = 40


class ImportRecord(Record):
    """Content of ``import.json``: where a model came from, and how it was understood.

    Parameters
    ----------
    source : str
        Absolute path of the file or folder.
    program : str
        Name of its format.
    choices : dict of str to str
        Chosen value by key.
    remarks : tuple of str
        How it was understood, in sentences.
    """

    format: Literal[1] = 1
    source: str
    program: str
    choices: dict[str, str] = Field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    latentlab: str = __version__


_IMPORT_RECORD = TypeAdapter(ImportRecord)


def read_import_record(folder: Path) -> ImportRecord | None:
    """Return where the model of a run folder came from; None if latentlab trained it.

    Raises
    ------
    RunError
        If the file is damaged.
    """
    return read_json(folder / IMPORT_FILE, _IMPORT_RECORD) if is_imported(folder) else None


def write_imported(
    recipe: Recipe,
    spec: ImageSpec,
    weights: Mapping[str, NDArray],
    record: ImportRecord,
    splits: Splits | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a run folder into the user's runs, and return it.

    Its name has a hash of model and weights: the same model is written once.

    Parameters
    ----------
    recipe : Recipe
        Model, and the data set of its map.
    spec : ImageSpec
        Shape and classes of its images.
    weights : mapping of str to ndarray
        Tensors of the model.
    record : ImportRecord
        Where it came from.
    splits : Splits or None
        Images of `recipe.data`, if they fit the model.
    files : mapping of str to bytes, optional
        Further files of the folder, by name.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    name = _name_of(Path(record.source))
    folder = runs() / f"{_stem(name)}-{_hash(recipe, spec, weights, files or {})}"
    if (folder / DESCRIPTION_FILE).exists():
        return folder
    try:
        with complete_folder(folder) as draft:
            for file, content in (files or {}).items():
                write_atomically(draft / file, content)
            _fill(draft, recipe, spec, weights, record)
            rename(draft, name)
            if splits is not None:
                write_run_data(draft, recipe.data, splits)
            write_preview(draft)
            # It holds no checkpoint, so that it is no run.
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise not_written(folder, error) from error
    return folder


def _fill(
    folder: Path,
    recipe: Recipe,
    spec: ImageSpec,
    weights: Mapping[str, NDArray],
    record: ImportRecord,
) -> None:
    write_atomically(folder / RECIPE, recipe.to_toml().encode())
    write_atomically(folder / IMPORT_FILE, f"{record.model_dump_json(indent=1)}\n".encode())
    text = f"From {shown(record.source)} ({record.program}).\n"
    write_notes(folder, Notes(text + _listed(record.remarks), (TAG,)))
    save_checkpoint(folder, Checkpoint(recipe, spec), weights)


def _listed(remarks: Sequence[str]) -> str:
    return "\n".join(f"- {remark}" for remark in remarks)


def _name_of(source: Path) -> str:
    """Return the name of a model: of its folder if the file has a name that many have."""
    plain = source.stem.lower() in {"model", "pytorch_model", "checkpoint", "weights", "state_dict"}
    return source.parent.name if plain and source.parent.name else source.stem


def _stem(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:MAX_STEM] or "model"


def _hash(
    recipe: Recipe,
    spec: ImageSpec,
    weights: Mapping[str, NDArray],
    files: Mapping[str, bytes],
) -> str:
    about = json.dumps([recipe.to_dict(), spec.shape, spec.class_names], sort_keys=True)
    found = hashlib.sha256(about.encode())
    for name in sorted(weights):
        found.update(name.encode())
        found.update(np.ascontiguousarray(weights[name], np.float32))
    for name in sorted(files):
        found.update(name.encode())
        found.update(files[name])
    return found.hexdigest()[:8]
