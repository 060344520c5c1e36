"""Checkpoint of a trained model: safetensors weights and a JSON description. Never pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from pydantic import AllowInfNan, FailFast, Field, JsonValue, TypeAdapter
from safetensors import safe_open
from safetensors.numpy import save

from latentlab import __version__
from latentlab.atomic_write import is_missing, write_atomically
from latentlab.data.condition import Condition
from latentlab.data.data_set import MAX_CONDITIONS
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError, RunError, reading, shown
from latentlab.json_files import Count, Record, parse_json, read_json
from latentlab.learning.recipe import Recipe, make_recipe
from latentlab.learning.tensors import NOT_SAFETENSORS, check_shapes, read_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.models.base import Model

LAST_STEM, BEST_STEM = "checkpoint", "best"
"""File stems of the last weights, and of the weights with the lowest validation loss."""
WEIGHTS_FILE, DESCRIPTION_FILE = f"{LAST_STEM}.safetensors", f"{LAST_STEM}.json"
DESCRIPTION = "latentlab"
"""Key of the description in the metadata of the weights: the only one, because safetensors writes
several in random order. Earlier versions wrote their number there."""
FORMAT = 1
MAX_HASHES = 64
MAX_ATTACHED_BYTES = 1 << 30
"""Maximum size of a further file of a model."""
Side = Annotated[int, Field(ge=1, le=8192)]
"""Pixels along one side of an image."""


@dataclass(frozen=True)
class Checkpoint:
    """Description of a trained model, without its weights.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the run.
    spec : ImageSpec
        Shape and classes of the images.
    step, epoch : int
        Steps and complete epochs of training.
    metrics : dict
        Losses of the last complete epoch by split, nats per image.
    version : str
        latentlab version that wrote the checkpoint.
    """

    recipe: Recipe
    spec: ImageSpec
    step: int = 0
    epoch: int = 0
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    version: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        images: dict[str, Any] = {
            "shape": self.spec.shape,
            "class_names": self.spec.class_names,
        }
        if self.spec.conditions:
            # Only if there are any, so that older versions read all other checkpoints.
            images["conditions"] = [asdict(each) for each in self.spec.conditions]
        return {
            "format": FORMAT,
            "latentlab": self.version,
            "images": images,
            "step": self.step,
            "epoch": self.epoch,
            "metrics": self.metrics,
            "recipe": self.recipe.to_dict(),
        }


def save_checkpoint(
    folder: Path,
    checkpoint: Checkpoint,
    weights: Mapping[str, NDArray],
    *,
    half: bool = False,
    stem: str = LAST_STEM,
) -> None:
    """Write weights and description as two files with the stem `stem`, each atomically.

    The weights hold the description too, because the process may be killed between the two.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    kind = np.float16 if half else np.float32
    arrays = {name: np.ascontiguousarray(value, kind) for name, value in weights.items()}
    text = json.dumps(checkpoint.to_dict(), indent=2)
    write_atomically(folder / f"{stem}.safetensors", save(arrays, {DESCRIPTION: text}))
    write_atomically(folder / f"{stem}.json", f"{text}\n".encode())


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the description of the run folder or checkpoint file at `path`.

    Raises
    ------
    RunError
        If it is missing, damaged, or written by a newer latentlab.
    """
    file = run_folder(path) / f"{_stem(path)}.json"
    if path.suffix == ".safetensors" and path.stem not in (LAST_STEM, BEST_STEM):
        # Do not read the checkpoint in the same folder instead.
        raise _no_checkpoint(path, f"{path.stem}.json")
    if is_missing(file):
        raise _no_checkpoint(path, file.name)
    head = read_json(file, _HEAD)
    if head.format > FORMAT:
        raise RunError(
            f"{file} was written by latentlab {shown(head.latentlab, 40)}, newer than this one "
            f"({__version__}).",
            "Update latentlab.",
        )
    return _checkpoint(read_json(file, _DESCRIPTION), file)


def _no_checkpoint(path: Path, missing: str) -> RunError:
    """Return the error for a path without a checkpoint."""
    if path.is_dir():
        return RunError(
            f"{path} is not a run: it has no {missing}.",
            "Open a folder that latentlab train has written.",
        )
    if not path.exists():
        why = "it does not exist"
    elif path.suffix in (".safetensors", ".json"):
        why = f"there is no {missing} beside it"
    else:
        why = "it is another kind of file"
    if not path.suffix:
        return RunError(
            f"{path} is not a run: {why}.", "Check the path, or open a model of the library."
        )
    return RunError(
        f"{path} is not a checkpoint of latentlab: {why}.",
        f"Open a run folder that latentlab has written, or the {WEIGHTS_FILE} in it.",
    )


class _Head(Record):
    """Fields that decide whether the description can be read."""

    format: int
    latentlab: str = "?"


class _Condition(Record):
    name: str
    classes: Annotated[tuple[str, ...], FailFast()] = ()
    limits: Annotated[tuple[float, ...], FailFast()] = ()
    low: float = 0.0
    high: float = 1.0
    mean: float = 0.0
    scale: Annotated[float, Field(gt=0)] = 1.0


class _Images(Record):
    shape: tuple[Annotated[int, Field(ge=1, le=16)], Side, Side]
    class_names: Annotated[tuple[str, ...], FailFast()]
    conditions: Annotated[tuple[_Condition, ...], Field(max_length=MAX_CONDITIONS)] = ()


class _Description(Record):
    """Content of a checkpoint's JSON file."""

    latentlab: str
    images: _Images
    step: Count
    epoch: Count
    metrics: dict[str, dict[str, Annotated[float, AllowInfNan()]]]
    recipe: dict[str, JsonValue]


_HEAD, _DESCRIPTION = TypeAdapter(_Head), TypeAdapter(_Description)


def _checkpoint(stored: _Description, file: Path) -> Checkpoint:
    try:
        recipe = make_recipe(stored.recipe)
    except RecipeError as error:
        raise RunError(
            f"{file} has a recipe that cannot be used: {error}.",
            "Was it made by a plug-in that is not installed here?",
        ) from error
    conditions = tuple(Condition.of(dict(each)) for each in stored.images.conditions)
    return Checkpoint(
        recipe,
        ImageSpec(stored.images.shape, stored.images.class_names, conditions),
        stored.step,
        stored.epoch,
        stored.metrics,
        stored.latentlab,
    )


def load_model(
    path: Path, inspect: Callable[[Mapping[str, bytes]], object] | None = None
) -> tuple[Model, Checkpoint]:
    """Build the model of a run folder or checkpoint file, with its weights, on the CPU.

    Parameters
    ----------
    path : Path
        Run folder or checkpoint file.
    inspect : callable, optional
        Called with the further files of the model, if it has any, before it runs them; raises if
        they must not be run. `latentlab.runs.onnx_probe.load_probed` gives one.

    Raises
    ------
    RunError
        If a file is missing, damaged or foreign, or if shapes do not match.
    """
    checkpoint = read_checkpoint(path)
    folder, stem = run_folder(path), _stem(path)
    fault = "describes a model that cannot be made"
    with reading(folder / f"{stem}.json", fault=fault):
        model = meta_model(checkpoint.recipe, checkpoint.spec)
    file = folder / f"{stem}.safetensors"
    # Shapes are checked before memory is allocated.
    weights = read_weights(file, _shapes(model))
    load_weights(_allocate(model), weights, str(file))
    if model.files:
        files = _attached(folder, model.files)
        if inspect:
            inspect(files)
        model.attach(files)
    return model, _described(file, checkpoint)


def _described(weights: Path, beside: Checkpoint) -> Checkpoint:
    """Return the description of weights: the one inside if that beside them is of another step."""
    with reading(weights, fault=NOT_SAFETENSORS):
        with safe_open(weights, "np") as content:
            text = (content.metadata() or {}).get(DESCRIPTION, "")
        if not text.startswith("{"):
            return beside
        inside = _checkpoint(parse_json(text, _DESCRIPTION), weights)
    return inside if inside.step != beside.step else beside


def _attached(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return the content of those files of a run folder that exist."""
    files = {name: folder / name for name in names if not is_missing(folder / name)}
    contents = {}
    for name, file in files.items():
        with reading(file):
            if file.stat().st_size > MAX_ATTACHED_BYTES:
                raise RunError(f"{file} is larger than {MAX_ATTACHED_BYTES >> 30} GB.")
            contents[name] = file.read_bytes()
    return contents


def hash_of_weights(path: Path) -> str:
    """Return a hash of the weights file of a run folder or checkpoint, as 16 hexadecimal digits.

    Raises
    ------
    RunError
        If the file cannot be read.
    """
    file = run_folder(path) / f"{_stem(path)}.safetensors"
    with reading(file):
        state = file.stat()
        return _hash(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=MAX_HASHES)
def _hash(file: Path, modified: int, size: int) -> str:
    """Return the hash of a file, which is read again only after a change."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:16]


def empty_model(recipe: Recipe, spec: ImageSpec) -> Model:
    """Build a model with uninitialised weights, which `fill` then sets."""
    return _allocate(meta_model(recipe, spec))


def meta_model(recipe: Recipe, spec: ImageSpec) -> Model:
    """Build a model on the meta device, without memory for its weights."""
    with torch.device("meta"):
        return recipe.model.build(spec)


def _allocate(model: Model) -> Model:
    """Give a model memory; constants that are no weights, and so not in any file, are kept."""
    constants = {name: buffer for name, buffer in model.named_buffers() if not buffer.is_meta}
    model.to_empty(device="cpu").eval().requires_grad_(False)
    for name, buffer in model.named_buffers():
        if name in constants:
            buffer.copy_(constants[name])
    return model


def _shapes(model: Model) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def load_weights(model: Model, weights: Mapping[str, NDArray], source: str) -> None:
    """Copy weights into a model.

    Raises
    ------
    RunError
        If a tensor is missing, unknown or has another shape; names the first one.
    """
    check_shapes(_shapes(model), {name: value.shape for name, value in weights.items()}, source)
    for name, tensor in model.state_dict().items():
        tensor.copy_(torch.from_numpy(np.array(weights[name], np.float32)))


def run_folder(path: Path) -> Path:
    """Return the run folder of a path to the folder or to a file in it."""
    return path if path.is_dir() or not path.suffix else path.parent


def _stem(path: Path) -> str:
    """Return the file stem, `LAST` or `BEST`, of a checkpoint file or run folder."""
    named = path.suffix in (".safetensors", ".json") and path.stem == BEST_STEM
    return BEST_STEM if named else LAST_STEM
