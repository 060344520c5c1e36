"""A complete training step captured as one CUDA graph, and replayed for every batch."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

WARM_UP_STEPS = 3
"""Eager steps before the capture, in which all lazy allocations happen."""
log = logging.getLogger(__name__)


class CudaGraphStep:
    """Runs a step on CUDA as one graph, without Python between its kernels.

    Parameters
    ----------
    step : callable
        Takes the rows of a batch; must do the same each time, and read and write at the same
        addresses.
    generators : tuple of torch.Generator
        Generators that the step draws from.
    """

    def __init__(
        self, step: Callable[[Tensor], None], generators: tuple[torch.Generator, ...]
    ) -> None:
        self._step = step
        self._generators = generators
        self._rows: Tensor | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._made = 0
        self._is_eager = False

    def __call__(self, rows: Tensor) -> None:
        """Make one step; a batch of another size than the first runs eagerly."""
        if self._rows is None:
            self._rows = rows.clone()
        if self._is_eager or rows.shape != self._rows.shape:
            self._step(rows)
        elif self._graph:
            self._rows.copy_(rows)
            self._graph.replay()
        elif self._made < WARM_UP_STEPS:
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
            # The lane may use torch meanwhile, so the limits of graphs apply to this thread only.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._step(self._rows)
        except RuntimeError as error:
            # A user's model may contain operations that cannot be captured.
            log.warning("The training step cannot be captured as a CUDA graph: %s", error)
            self._is_eager = True
            self._step(rows)
            return
        self._graph = graph
        graph.replay()
