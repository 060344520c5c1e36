"""One step of learning: forward, backward, update. On CUDA, captured once and replayed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from latentlab.errors import TrainingError
from latentlab.learning.objectives import compute_losses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latentlab.learning.objectives import Noise, Objective
    from latentlab.models.base import Model

    Inputs = tuple[Tensor, Tensor | None, Tensor | None]
    Numbers = Mapping[str, float | Tensor]

WARM_UP = 3
"""Steps made the plain way before one is captured: all that is allocated lazily must be there."""


class Losses(nn.Module):
    """What a batch costs, as a module: the form in which several processes share it.

    Parameters
    ----------
    model : Model
        What is judged.
    noise : Noise
        Where the noise of the latent samples comes from.
    bf16 : bool
        Whether layers multiply in bf16.
    """

    def __init__(self, model: Model, noise: Noise, *, bf16: bool) -> None:
        super().__init__()
        self.model = model
        self._noise = noise
        self._bf16 = bf16

    def forward(self, objective: Objective, inputs: Inputs, numbers: Numbers) -> dict[str, Tensor]:
        """Return ``loss`` and each term per image."""
        with torch.autocast(inputs[0].device.type, torch.bfloat16, enabled=self._bf16):
            return compute_losses(self.model, objective, inputs, numbers, self._noise)[0]


def shared(losses: Losses) -> nn.Module:
    """Return the losses with gradients averaged over all processes."""
    # Normalisation keeps to the statistics of each process's own share.
    together = DistributedDataParallel(losses)
    together.broadcast_buffers = False
    return together


def backward(values: Mapping[str, Tensor], whole: int, size: int = 1) -> None:
    """Make the gradient of the mean loss over a batch of `whole` images.

    Raises
    ------
    TrainingError
        On the CPU, where the loss is no longer a finite number; no weight has changed then.
    """
    check(values)
    # Several processes average their gradients, so each weighs its share's sum by their number.
    (values["loss"].sum() * (size / whole)).backward()


def check(values: Mapping[str, Tensor]) -> None:
    """Raise a `TrainingError` where, on the CPU, the loss is no longer a finite number."""
    loss = values["loss"]
    # On a GPU looking would wait for it; `Monitor` looks when the numbers come over.
    if loss.device.type == "cpu" and not math.isfinite(loss.detach().sum().item()):
        raise not_finite({name: float(value.detach().sum()) for name, value in values.items()})


class NotFiniteError(TrainingError):
    """Losses that are no longer finite numbers; what to do depends on the recipe and the step.

    Parameters
    ----------
    terms : tuple of str
        Which; ``loss`` alone where all its terms are finite.
    """

    def __init__(self, terms: tuple[str, ...]) -> None:
        super().__init__(f"{terms[0]} was no longer a finite number")
        self.terms = terms


def not_finite(values: Mapping[str, float]) -> NotFiniteError:
    """Return the error that names the terms which are no longer finite numbers."""
    bad = tuple(name for name, value in values.items() if not math.isfinite(value))
    return NotFiniteError(tuple(name for name in bad if name != "loss") or bad)


class CudaGraphStep:
    """Runs a step on CUDA as one graph: no Python between its kernels.

    Parameters
    ----------
    step : callable
        Takes the rows of a batch; must do the same each time, with what it reads and writes
        staying where it is in memory.
    generators : tuple of torch.Generator
        Those that the step draws from.
    """

    def __init__(
        self, step: Callable[[Tensor], None], generators: tuple[torch.Generator, ...]
    ) -> None:
        self._step = step
        self._generators = generators
        self._rows: Tensor | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._made = 0
        self._plain = False

    def __call__(self, rows: Tensor) -> None:
        """Make one step; one of another size than the first is made the plain way."""
        if self._rows is None:
            self._rows = rows.clone()
        if self._plain or rows.shape != self._rows.shape:
            self._step(rows)
        elif self._graph:
            self._rows.copy_(rows)
            self._graph.replay()
        elif self._made < WARM_UP:
            self._made += 1
            self._warm_up(rows)
        else:
            self._capture(rows)

    def _warm_up(self, rows: Tensor) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self._step(rows)
        torch.cuda.current_stream().wait_stream(stream)

    def _capture(self, rows: Tensor) -> None:
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        assert self._rows is not None
        self._rows.copy_(rows)
        try:
            # The lane may use torch meanwhile: only this thread must keep to what graphs allow.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._step(self._rows)
        except RuntimeError:
            # A model of somebody's own may do what no graph can hold.
            self._plain = True
            self._step(rows)
            return
        self._graph = graph
        graph.replay()
