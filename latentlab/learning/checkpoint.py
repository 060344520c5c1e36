"""A trained model on disk: safetensors, and readable JSON beside it. Never pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import torch
from pydantic import AllowInfNan, FailFast, Field, JsonValue, TypeAdapter
from safetensors.numpy import save

from latentlab import __version__
from latentlab.atomic_write import is_missing, write_atomically
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError, RunError, reading, shown
from latentlab.json_files import Count, Record, read_json
from latentlab.learning.recipe import Recipe, make_recipe
from latentlab.learning.tensors import check_shapes, read_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.models.base import Model

LAST, BEST = "checkpoint", "best"
"""Stems of the files that hold the last weights, and those of the lowest validation loss."""
WEIGHTS, DESCRIPTION = f"{LAST}.safetensors", f"{LAST}.json"
FORMAT = 1
Side = Annotated[int, Field(ge=1, le=8192)]
"""Pixels along one side of an image."""


@dataclass(frozen=True)
class Checkpoint:
    """What is known of a trained model besides its weights.

    Parameters
    ----------
    recipe : Recipe
        How it was made.
    spec : ImageSpec
        The images it is for.
    step, epoch : int
        How far training had come.
    metrics : dict
        Losses of the last whole epoch by split, nats per image.
    version : str
        The latentlab that wrote it.
    """

    recipe: Recipe
    spec: ImageSpec
    step: int = 0
    epoch: int = 0
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    version: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "format": FORMAT,
            "latentlab": self.version,
            "images": {"shape": self.spec.shape, "class_names": self.spec.class_names},
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
    stem: str = LAST,
) -> None:
    """Write weights and description as two files called `stem`, each whole or not at all.

    Raises
    ------
    RunError
        Where the folder cannot be written.
    """
    kind = np.float16 if half else np.float32
    arrays = {name: np.ascontiguousarray(value, kind) for name, value in weights.items()}
    write_atomically(
        folder / f"{stem}.safetensors", save(arrays, {"latentlab": checkpoint.version})
    )
    text = json.dumps(checkpoint.to_dict(), indent=2)
    write_atomically(folder / f"{stem}.json", f"{text}\n".encode())


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the description of the run folder or checkpoint file at `path`.

    Raises
    ------
    RunError
        Where it is missing, damaged, or written by a newer latentlab.
    """
    file = folder_of(path) / f"{_stem(path)}.json"
    if path.suffix == ".safetensors" and path.stem not in (LAST, BEST):
        # Not the checkpoint beside it in its stead.
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
    """Return what to tell of a path that a checkpoint was looked for at."""
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
        f"Open a run folder that latentlab has written, or the {WEIGHTS} in it.",
    )


class _Head(Record):
    """What tells whether the rest can be understood."""

    format: int
    latentlab: str = "?"


class _Images(Record):
    shape: tuple[Literal[1, 3], Side, Side]
    class_names: Annotated[tuple[str, ...], FailFast()]


class _Description(Record):
    """A checkpoint's description as it stands in its file."""

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
    return Checkpoint(
        recipe,
        ImageSpec(stored.images.shape, stored.images.class_names),
        stored.step,
        stored.epoch,
        stored.metrics,
        stored.latentlab,
    )


def load_model(path: Path) -> tuple[Model, Checkpoint]:
    """Make the model of a run folder or checkpoint file, with its weights, for the CPU.

    Raises
    ------
    RunError
        Where a file is missing, damaged or foreign, or its shapes do not fit.
    """
    checkpoint = read_checkpoint(path)
    folder, stem = folder_of(path), _stem(path)
    fault = "describes a model that cannot be made"
    with reading(folder / f"{stem}.json", fault=fault):
        model = _outline(checkpoint.recipe, checkpoint.spec)
    file = folder / f"{stem}.safetensors"
    # What does not fit the file is refused before it takes memory.
    weights = read_weights(file, _shapes(model))
    fill(_allocated(model), weights, str(file))
    return model, checkpoint


def blank_model(recipe: Recipe, spec: ImageSpec) -> Model:
    """Make a model without drawing its random first weights, which `fill` replaces anyway."""
    return _allocated(_outline(recipe, spec))


def _outline(recipe: Recipe, spec: ImageSpec) -> Model:
    """Make a model of shapes alone, without memory for its weights."""
    with torch.device("meta"):
        return recipe.model.build(spec)


def _allocated(model: Model) -> Model:
    return model.to_empty(device="cpu").eval().requires_grad_(False)


def _shapes(model: Model) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def fill(model: Model, weights: Mapping[str, NDArray], source: str) -> None:
    """Copy weights into a model.

    Raises
    ------
    RunError
        Names the first tensor that is missing, unknown or of another shape.
    """
    check_shapes(_shapes(model), {name: value.shape for name, value in weights.items()}, source)
    for name, tensor in model.state_dict().items():
        tensor.copy_(torch.from_numpy(np.array(weights[name], np.float32)))


def folder_of(path: Path) -> Path:
    """Return the run folder of a path that may name a file in it."""
    return path if path.is_dir() or not path.suffix else path.parent


def _stem(path: Path) -> str:
    """Return what the two files of a checkpoint are called, given one of them or their folder."""
    named = path.suffix in (".safetensors", ".json") and path.stem == BEST
    return BEST if named else LAST
