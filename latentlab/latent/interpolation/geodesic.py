"""Geodesics of the metric that the decoder pulls back: shortest paths in image space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.latent.optimizing import load_optimizers
from latentlab.work import Progress, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from numpy.typing import ArrayLike, NDArray

    from latentlab.data.condition import LabelArray
    from latentlab.models.base import Model

PATH_POINTS = 25
MESSAGE = "Searching for the geodesic"
ITERATIONS = 150
ENERGY_TOLERANCE = 1e-5
"""Relative decrease of the energy below which a step makes no progress."""
PATIENCE = 3
"""Consecutive steps without progress after which the optimization ends."""


def image_function(
    model: Model, labels: LabelArray | None
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return z to the mean of p(x|z) as rows of pixels; a conditional model needs labels."""
    y = torch.from_numpy(labels) if model.conditional and labels is not None else None

    def generate(z: torch.Tensor) -> torch.Tensor:
        return model.decode(z, y).mean.flatten(1)

    return generate


def geodesic(
    generate: Callable[[torch.Tensor], torch.Tensor],
    a: ArrayLike,
    b: ArrayLike,
    starts: tuple[NDArray[np.float32], ...],
    iterations: int = ITERATIONS,
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Optimize a curve such that its images change as little as possible, in equal steps.

    The discrete energy ½ (m-1) Σ |g(z_{i+1}) - g(z_i)|² is minimised over the inner points. At
    the minimum the curve is as short as possible in pixels, and has constant speed.

    Parameters
    ----------
    generate : callable
        g, from z of shape (m, D) to pixels of shape (m, P). Its weights do not change.
    a, b : array_like, shape (D,)
        The ends, which are fixed.
    starts : tuple of ndarray of float32, shape (m, D)
        Initial curves: the one with the lowest energy is optimized.
    iterations : int
        Largest number of steps.

    Yields
    ------
    Progress
        After each step.

    Returns
    -------
    ndarray of float32, shape (m, D)
        Points whose images are equally far from each other.

    References
    ----------
    The Riemannian Geometry of Deep Generative Models, Shao, Kumar & Fletcher, 2018, eq. 3 and
    algorithm 1; Latent Space Oddity, Arvanitidis, Hansen & Hauberg, 2018.
    """
    ends = torch.tensor(np.stack([np.asarray(a), np.asarray(b)]), dtype=torch.float32)
    initial = [torch.from_numpy(np.array(line[1:-1], np.float32)) for line in starts]
    energies = [_energy(generate, ends, inner) for inner in initial]
    yield Progress(MESSAGE, 0.0)
    for _ in in_thread(load_optimizers):
        yield Progress(MESSAGE, 0.0)
    lowest = min(range(len(initial)), key=lambda i: energies[i])
    lowest_energy, best_inner, stalled = energies[lowest], initial[lowest], 0
    for step, inner in enumerate(_optimize(generate, ends, best_inner, iterations), 1):
        now = _energy(generate, ends, inner)
        stalled = 0 if now < lowest_energy * (1 - ENERGY_TOLERANCE) else stalled + 1
        if now < lowest_energy:
            lowest_energy, best_inner = now, inner.clone()
        yield Progress(MESSAGE, step / iterations)
        if stalled >= PATIENCE or not np.isfinite(now):
            break
    return torch.cat([ends[:1], best_inner, ends[1:]]).numpy()


def _optimize(
    generate: Callable[[torch.Tensor], torch.Tensor],
    ends: torch.Tensor,
    initial: torch.Tensor,
    iterations: int,
) -> Iterator[torch.Tensor]:
    """Yield the inner points, (m-2, D), after each step, always in the same memory."""
    inner = initial.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        [inner], lr=1.0, max_iter=1, max_eval=6, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        # Gradients with respect to the curve only, not to the weights.
        with torch.enable_grad():
            energy = _segment_energies(generate, ends, inner).sum()
            (grad,) = torch.autograd.grad(energy, [inner])
            inner.grad = grad.contiguous()
        return energy.detach()

    for _ in range(iterations):
        with torch.inference_mode(False):
            optimizer.step(closure)
        yield inner.detach()


def _segment_energies(
    generate: Callable[[torch.Tensor], torch.Tensor], ends: torch.Tensor, inner: torch.Tensor
) -> torch.Tensor:
    """Return the energy of each segment, with shape (m-1,)."""
    pixels = generate(torch.cat([ends[:1], inner, ends[1:]]))
    return 0.5 * (len(inner) + 1) * pixels.diff(dim=0).square().sum(1)


def _energy(
    generate: Callable[[torch.Tensor], torch.Tensor], ends: torch.Tensor, inner: torch.Tensor
) -> float:
    with torch.no_grad():
        return float(_segment_energies(generate, ends, inner).sum())
