"""Training state, from which a run continues exactly, in one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import torch
from pydantic import Field, TypeAdapter
from safetensors import safe_open
from safetensors.numpy import save

from latentlab.atomic_write import is_missing, write_atomically
from latentlab.errors import RunError, reading
from latentlab.json_files import Count, Record, parse_json
from latentlab.learning.events import Precision
from latentlab.learning.tensors import check_header

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.learning.trainer import Trainer

RESUME_FILE = "resume.safetensors"


class LossSumsRecord(Record):
    """Metadata of the sums of a meter: names of the losses and number of images."""

    names: tuple[str, ...]
    images: Annotated[int, Field(ge=1)]


class _Metadata(Record):
    """Metadata of the file; see `TrainingState`."""

    step: Count
    epoch: Count
    position: Count
    best_loss: float | None
    best_epoch: Count
    judged_by: str
    seconds: Annotated[float, Field(ge=0, le=1e9)]
    precision: Precision | None = None
    meters: dict[Literal["meter", "whole"], LossSumsRecord]


_METADATA = TypeAdapter(_Metadata)


@dataclass(frozen=True, slots=True)
class TrainingState:
    """Training state of a run.

    Parameters
    ----------
    step, epoch, position : int
        Steps made, complete epochs, steps of the current epoch.
    best_loss : float or None
        Lowest validation loss so far, nats per image.
    best_epoch : int
        Epoch of the lowest validation loss.
    judged_by : str
        Objective, with its scheduled values, of the lowest validation loss.
    seconds : float
        Duration of the current epoch so far.
    precision : str or None
        Number format of the products in layers; None in files of earlier versions.
    meters : dict
        Names and number of images of the sums in `arrays`.
    arrays : dict of str to ndarray
        Weights of the model and of the network of a term, the model's EMA, the states of the
        optimizer and of each random generator, and sums.
    """

    step: int
    epoch: int
    position: int
    best_loss: float | None
    best_epoch: int
    judged_by: str
    seconds: float
    precision: Precision | None
    meters: Mapping[str, LossSumsRecord]
    arrays: Mapping[str, NDArray] = field(repr=False)


def take_training_state(
    trainer: Trainer, best_loss: float | None, best_epoch: int, judged_by: str, seconds: float
) -> TrainingState:
    """Return a copy of the training state."""
    arrays = {
        **_weights(trainer),
        **{
            f"optimizer.{i}.{name}": _array(value)
            for i, state in trainer.optimizer.state_dict()["state"].items()
            for name, value in state.items()
        },
        "order": trainer.order_before.numpy().copy()
        if trainer.position
        else trainer.order.get_state().numpy(),
        "noise": trainer.noise.generator.get_state().cpu().numpy(),
        "chance": trainer.rng.get_state().cpu().numpy(),
    }
    meters = {}
    for name, meter in (("meter", trainer.meter), ("whole", trainer.whole)):
        if meter.sums is not None and meter.images:
            arrays[name] = _array(meter.sums)
            meters[name] = LossSumsRecord(names=meter.names, images=meter.images)
    return TrainingState(
        trainer.step_count,
        trainer.epoch,
        trainer.position,
        best_loss,
        best_epoch,
        judged_by,
        seconds,
        trainer.precision,
        meters,
        arrays,
    )


def restore(trainer: Trainer, position: TrainingState) -> None:
    """Load a training state into a trainer.

    Raises
    ------
    RunError
        If the state belongs to another model or optimizer.
    """
    fault = "cannot go on from where it stood"
    with reading("The run", advice="Was its recipe.toml edited? Train it again.", fault=fault):
        _check(trainer, position)
        _fill(trainer, position.arrays)
    trainer.step_count, trainer.epoch = position.step, position.epoch
    # The data set may have become smaller.
    trainer.position = min(position.position, trainer.steps_per_epoch)
    for name, meter in (("meter", trainer.meter), ("whole", trainer.whole)):
        if about := position.meters.get(name):
            meter.names, meter.images = about.names, about.images
            meter.sums = torch.from_numpy(position.arrays[name].copy()).to(trainer.device)
            if not trainer.team.leads:
                # Sums are added up over the processes; rank 0 restores all of them.
                meter.images = 0
                meter.sums.zero_()


def _check(trainer: Trainer, position: TrainingState) -> None:
    """Raise an error if the state does not match the trainer.

    torch would accept some mismatches, and compute wrong results.
    """
    arrays = position.arrays
    wanted = _weights(trainer) | {"order": trainer.order_before.numpy()}
    for name, own in wanted.items():
        if _shape_and_dtype(arrays[name]) != _shape_and_dtype(own):
            raise ValueError(f"{name} is {_describe(arrays[name])}, not {_describe(own)}")
    for name in ("noise", "chance"):
        if arrays[name].dtype != np.uint8 or arrays[name].ndim != 1:
            raise ValueError(f"{name} is {_describe(arrays[name])}")
    for name, meter in position.meters.items():
        if _shape_and_dtype(arrays[name]) != ((len(meter.names),), np.dtype(np.float64)):
            raise ValueError(f"{name} is {_describe(arrays[name])}")
    _check_optimizer(trainer, arrays)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite")
    if position.step < max(position.epoch, position.position):
        raise ValueError(f"it says step {position.step} of epoch {position.epoch}")


def _check_optimizer(trainer: Trainer, arrays: Mapping[str, NDArray]) -> None:
    found = {name: array for name, array in arrays.items() if name.startswith("optimizer.")}
    # A weight without a gradient so far has no optimizer state.
    learned = {name.split(".")[1] for name in found}
    shapes = {
        f"optimizer.{i}.{key}": () if key == "step" else tuple(weight.shape)
        for i, weight in enumerate(trainer.weights)
        for key in trainer.recipe.training.optimizer.keeps
        if str(i) in learned
    }
    if shapes.keys() != found.keys():
        raise ValueError("it is from another optimizer")
    for name, array in found.items():
        if _shape_and_dtype(array) != (shapes[name], np.dtype(np.float32)):
            raise ValueError(f"{name} is {_describe(array)}")


def _shape_and_dtype(array: NDArray) -> tuple[tuple[int, ...], np.dtype]:
    return array.shape, array.dtype


def _describe(array: NDArray) -> str:
    return f"{array.dtype} of shape {array.shape}"


def _fill(trainer: Trainer, arrays: Mapping[str, NDArray]) -> None:
    trainer.model.load_state_dict(_part(arrays, "model"))
    if trainer.network:
        trainer.network.load_state_dict(_part(arrays, "network"))
    if trainer.ema:
        trainer.ema.load_state_dict(_part(arrays, "average"))
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in _part(arrays, "optimizer").items():
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = value
    trainer.optimizer.load_state_dict({**trainer.optimizer.state_dict(), "state": state})
    trainer.order.set_state(torch.from_numpy(arrays["order"].copy()))
    trainer.order_before = trainer.order.get_state()
    if trainer.noise.generator.get_state().shape == arrays["noise"].shape:
        trainer.noise.generator.set_state(torch.from_numpy(arrays["noise"].copy()))
        # The dropout generator differs per process; only that of rank 0 is saved.
        if trainer.team.leads:
            trainer.rng.set_state(torch.from_numpy(arrays["chance"].copy()))


def write_training_state(folder: Path, position: TrainingState) -> None:
    """Write the training state into a run folder, atomically.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    about = _Metadata.model_validate(position, from_attributes=True)
    content = save(dict(position.arrays), {"position": about.model_dump_json()})
    write_atomically(folder / RESUME_FILE, content)


def read_training_state(folder: Path) -> TrainingState:
    """Read the training state of a run folder.

    Raises
    ------
    RunError
        If it is missing or damaged.
    """
    file = folder / RESUME_FILE
    if is_missing(file):
        raise RunError(
            f"{folder} cannot be resumed: it has no {RESUME_FILE}.",
            "Open it to explore, or train its recipe again.",
        )
    check_header(file)
    with (
        reading(file, advice="Open the run to explore, or train it again."),
        safe_open(file, "numpy") as content,
    ):
        about = parse_json(content.metadata()["position"], _METADATA)
        arrays = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        values = {name: getattr(about, name) for name in _Metadata.model_fields}
        return TrainingState(**values, arrays=arrays)


def _weights(trainer: Trainer) -> dict[str, NDArray]:
    parts = {"model": trainer.model, "network": trainer.network, "average": trainer.ema}
    return {
        name: value
        for prefix, part in parts.items()
        if part
        for name, value in _named(prefix, part.state_dict()).items()
    }


def _named(prefix: str, values: Mapping[str, torch.Tensor]) -> dict[str, NDArray]:
    return {f"{prefix}.{name}": _array(value) for name, value in values.items()}


def _part(arrays: Mapping[str, NDArray], prefix: str) -> dict[str, torch.Tensor]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): torch.from_numpy(value.copy())
        for name, value in arrays.items()
        if name.startswith(start)
    }


def _array(value: torch.Tensor) -> NDArray:
    # ascontiguousarray would make a scalar, such as a step count, a vector.
    return np.array(value.detach().cpu().numpy(), order="C")
