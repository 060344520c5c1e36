"""All that a run needs to go on exactly as if it had never stopped, in one file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from latentlab.errors import RunError
from latentlab.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.learning.trainer import Trainer

FILE = "resume.safetensors"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands.

    Parameters
    ----------
    step, epoch, position : int
        Steps made, whole epochs made, steps made of the epoch under way.
    best_loss : float or None
        Lowest validation loss so far, nats per image.
    best_epoch : int
        When it was.
    judged_by : str
        The objective that the best loss was measured with.
    seconds : float
        How long the epoch under way has taken.
    meters : dict
        Names and number of images of the sums that are among `arrays`.
    arrays : dict of str to ndarray
        Weights, their average, the optimizer's state, and that of each random generator.
    """

    step: int
    epoch: int
    position: int
    best_loss: float | None
    best_epoch: int
    judged_by: str
    seconds: float
    meters: Mapping[str, Any]
    arrays: Mapping[str, NDArray] = field(repr=False)


def take_position(
    trainer: Trainer, best_loss: float | None, best_epoch: int, judged_by: str, seconds: float
) -> Position:
    """Copy where a training stands."""
    arrays = {
        **_named("model", trainer.model.state_dict()),
        **(_named("average", trainer.average.state_dict()) if trainer.average else {}),
        **{
            f"optimizer.{i}.{name}": _array(value)
            for i, state in trainer.optimizer.state_dict()["state"].items()
            for name, value in state.items()
        },
        "order": trainer.order_before.numpy().copy()
        if trainer.position
        else trainer.order.get_state().numpy(),
        "noise": trainer.noise.generator.get_state().cpu().numpy(),
        "chance": trainer.chance.get_state().cpu().numpy(),
    }
    meters = {}
    for name, meter in (("meter", trainer.meter), ("whole", trainer.whole)):
        if meter.sums is not None and meter.images:
            arrays[name] = _array(meter.sums)
            meters[name] = {"names": meter.names, "images": meter.images}
    return Position(
        trainer.step_count,
        trainer.epoch,
        trainer.position,
        best_loss,
        best_epoch,
        judged_by,
        seconds,
        meters,
        arrays,
    )


def restore(trainer: Trainer, position: Position) -> None:
    """Put a training where another stood.

    Raises
    ------
    RunError
        Where it is one of another model or optimizer.
    """
    try:
        _fill(trainer, position.arrays)
    except (KeyError, RuntimeError, ValueError) as error:
        raise RunError(
            f"The run cannot go on from where it stood: {str(error)[:200]}.",
            "Was its recipe.toml edited? Train it anew.",
        ) from error
    trainer.step_count, trainer.epoch = position.step, position.epoch
    trainer.position = position.position
    for name, meter in (("meter", trainer.meter), ("whole", trainer.whole)):
        if about := position.meters.get(name):
            meter.names, meter.images = tuple(about["names"]), about["images"]
            meter.sums = torch.from_numpy(position.arrays[name].copy()).to(trainer.device)
            if not trainer.team.leads:
                # The processes' sums are added up: this one's part is counted already.
                meter.images = 0
                meter.sums.zero_()


def _fill(trainer: Trainer, arrays: Mapping[str, NDArray]) -> None:
    trainer.model.load_state_dict(_part(arrays, "model"))
    if trainer.average:
        trainer.average.load_state_dict(_part(arrays, "average"))
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in _part(arrays, "optimizer").items():
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = value
    trainer.optimizer.load_state_dict({**trainer.optimizer.state_dict(), "state": state})
    trainer.order.set_state(torch.from_numpy(arrays["order"].copy()))
    trainer.order_before = trainer.order.get_state()
    if trainer.noise.generator.get_state().shape == arrays["noise"].shape:
        trainer.noise.generator.set_state(torch.from_numpy(arrays["noise"].copy()))
        # Each process draws its own; only the one that saves can go on with what it drew.
        if trainer.team.leads:
            trainer.chance.set_state(torch.from_numpy(arrays["chance"].copy()))


def write_position(folder: Path, position: Position) -> None:
    """Write it into a run folder, whole or not at all.

    Raises
    ------
    RunError
        Where the folder cannot be written.
    """
    about = {name: getattr(position, name) for name in Position.__slots__ if name != "arrays"}
    content = save(dict(position.arrays), {"position": json.dumps(about)})
    write_atomically(folder / FILE, content)


def read_position(folder: Path) -> Position:
    """Read where the run of a folder stands.

    Raises
    ------
    RunError
        Where it has not been kept, or is damaged.
    """
    file = folder / FILE
    if not file.exists():
        raise RunError(
            f"{folder} cannot be resumed: it has no {FILE}.",
            "Open it to explore, or train its recipe anew.",
        )
    try:
        with safe_open(file, "numpy") as content:
            arrays = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
            about = json.loads(content.metadata()["position"])
        return Position(**about, arrays=arrays)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{file} is damaged: {error}.", "Open the run to explore, or train it anew."
        ) from error


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
    # Not ascontiguousarray, which makes a scalar, such as a count of steps, a vector.
    return np.array(value.detach().cpu().numpy(), order="C")
