"""A trained model on disk: safetensors, and readable JSON beside it. Never pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from latentlab import __version__
from latentlab.data.base import ImageSpec
from latentlab.errors import RecipeError, RunError
from latentlab.files import write_atomically
from latentlab.learning.recipe import Recipe, make_recipe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.models.base import Model

LAST, BEST = "checkpoint", "best"
"""Stems of the files that hold the last weights, and those of the lowest validation loss."""
WEIGHTS, DESCRIPTION = f"{LAST}.safetensors", f"{LAST}.json"
FORMAT = 1


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
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values["format"] > FORMAT:
            raise RunError(
                f"{file} was written by latentlab {values['latentlab']}, newer than this one "
                f"({__version__}).",
                "Update latentlab.",
            )
        return _from_dict(values)
    except FileNotFoundError:
        raise _no_checkpoint(path, file.name) from None
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror}.") from error
    except RecipeError as error:
        raise RunError(
            f"{file} has a recipe that cannot be used: {error}.",
            "Was it made by a plug-in that is not installed here?",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{file} is damaged: {error!r}.", "Restore it from a copy.") from error


def _no_checkpoint(path: Path, missing: str) -> RunError:
    """Return what to tell of a path that a checkpoint was looked for at."""
    if path.suffix not in (".safetensors", ".json") or path.is_dir():
        return RunError(
            f"{folder_of(path)} is not a run: it has no {missing}.",
            "Open a folder that latentlab train has written.",
        )
    why = f"there is no {missing} beside it" if path.exists() else "it does not exist"
    return RunError(
        f"{path} is not a checkpoint of latentlab: {why}.",
        f"Open a run folder that latentlab has written, or the {WEIGHTS} in it.",
    )


def _from_dict(values: Mapping[str, Any]) -> Checkpoint:
    channels, height, width = map(int, values["images"]["shape"])
    names = tuple(map(str, values["images"]["class_names"]))
    metrics = {
        split: {name: float(loss) for name, loss in losses.items()}
        for split, losses in values["metrics"].items()
    }
    return Checkpoint(
        make_recipe(values["recipe"]),
        ImageSpec((channels, height, width), names),
        int(values["step"]),
        int(values["epoch"]),
        metrics,
        values["latentlab"],
    )


def load_model(path: Path) -> tuple[Model, Checkpoint]:
    """Make the model of a run folder or checkpoint file, with its weights, for the CPU.

    Raises
    ------
    RunError
        Where a file is missing, damaged or foreign, or its shapes do not fit.
    """
    checkpoint = read_checkpoint(path)
    model = blank_model(checkpoint.recipe, checkpoint.spec)
    file = folder_of(path) / f"{_stem(path)}.safetensors"
    fill(model, _read_weights(file), str(file))
    return model, checkpoint


def blank_model(recipe: Recipe, spec: ImageSpec) -> Model:
    """Make a model without drawing its random first weights, which `fill` replaces anyway."""
    with torch.device("meta"):
        model = recipe.model.build(spec)
    return model.to_empty(device="cpu").eval().requires_grad_(False)


def fill(model: Model, weights: Mapping[str, NDArray], source: str) -> None:
    """Copy weights into a model.

    Raises
    ------
    RunError
        Names the first tensor that is missing, unknown or of another shape.
    """
    own = model.state_dict()
    for name in [*own, *weights]:
        have = tuple(weights[name].shape) if name in weights else "nothing"
        want = tuple(own[name].shape) if name in own else "nothing"
        if have != want:
            raise RunError(
                f"{source} does not fit its model: {name} is {have} where the model has {want}.",
                "Is this checkpoint beside the description of another run?",
            )
    for name, tensor in own.items():
        tensor.copy_(torch.from_numpy(np.array(weights[name], np.float32)))


def _read_weights(file: Path) -> dict[str, NDArray]:
    try:
        return load_file(file)
    except FileNotFoundError:
        raise RunError(
            f"{file.parent} is not a whole run: it has no {file.name}.",
            "Copy the whole folder, or train it anew.",
        ) from None
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        # numpy has no bf16, and says so with a TypeError.
        raise RunError(
            f"{file} is damaged or no safetensors file: {error}.", "Restore it from a copy."
        ) from error


def folder_of(path: Path) -> Path:
    """Return the run folder of a path that may name a file in it."""
    return path if path.is_dir() or not path.suffix else path.parent


def _stem(path: Path) -> str:
    """Return what the two files of a checkpoint are called, given one of them or their folder."""
    named = path.suffix in (".safetensors", ".json") and path.stem == BEST
    return BEST if named else LAST
