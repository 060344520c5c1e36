"""The shortest way in pictures: a geodesic of the metric that the decoder pulls back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.latent.optimizing import load_optimizers
from latentlab.work import Progress, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from numpy.typing import ArrayLike, NDArray

    from latentlab.models.base import Model

CORNERS = 25
MESSAGE = "Looking for the shortest pictures"
ITERATIONS = 150
ENOUGH = 1e-5
"""Share of the energy that a step must save for the next one to be worth while."""
CALM = 3
"""So many steps in a row that save too little are the end."""


def generator_of(
    model: Model, labels: NDArray[np.int64] | None
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
    """Bend a curve until its pictures change as little as they can, in equal steps.

    The discrete energy ½ (m-1) Σ |g(z_{i+1}) - g(z_i)|² is minimised over the inner corners. At
    its least the curve is as short as it can be in pixels, and goes at an even pace.

    Parameters
    ----------
    generate : callable
        g, from z of shape (m, D) to pixels of shape (m, P). Its weights are not touched.
    a, b : array_like, shape (D,)
        The ends, which stay.
    starts : tuple of ndarray of float32, shape (m, D)
        Curves to begin with: the one of least energy is bent.
    iterations : int
        At most so many steps.

    Yields
    ------
    Loading
        After each step.

    Returns
    -------
    ndarray of float32, shape (m, D)
        Corners whose pictures are equally far from one another.

    References
    ----------
    The Riemannian Geometry of Deep Generative Models, Shao, Kumar & Fletcher, 2018, eq. 3 and
    algorithm 1; Latent Space Oddity, Arvanitidis, Hansen & Hauberg, 2018.
    """
    ends = torch.tensor(np.stack([np.asarray(a), np.asarray(b)]), dtype=torch.float32)
    begun = [torch.from_numpy(np.array(line[1:-1], np.float32)) for line in starts]
    energies = [_energy(generate, ends, inner) for inner in begun]
    yield Progress(MESSAGE, 0.0)
    for _ in in_thread(load_optimizers):
        yield Progress(MESSAGE, 0.0)
    lowest = min(range(len(begun)), key=lambda i: energies[i])
    best, kept, calm = energies[lowest], begun[lowest], 0
    for step, inner in enumerate(_bent(generate, ends, kept, iterations), 1):
        now = _energy(generate, ends, inner)
        calm = 0 if now < best * (1 - ENOUGH) else calm + 1
        if now < best:
            best, kept = now, inner.clone()
        yield Progress(MESSAGE, step / iterations)
        if calm >= CALM or not np.isfinite(now):
            break
    return torch.cat([ends[:1], kept, ends[1:]]).numpy()


def _bent(
    generate: Callable[[torch.Tensor], torch.Tensor],
    ends: torch.Tensor,
    begun: torch.Tensor,
    iterations: int,
) -> Iterator[torch.Tensor]:
    """Yield the inner corners after each step, all in the same memory."""
    inner = begun.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        [inner], lr=1.0, max_iter=1, max_eval=6, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        # Gradients of the curve alone: those of the weights are neither made nor kept.
        with torch.enable_grad():
            energy = _terms(generate, ends, inner).sum()
            (grad,) = torch.autograd.grad(energy, [inner])
            inner.grad = grad.contiguous()
        return energy.detach()

    for _ in range(iterations):
        with torch.inference_mode(False):
            optimizer.step(closure)
        yield inner.detach()


def _terms(
    generate: Callable[[torch.Tensor], torch.Tensor], ends: torch.Tensor, inner: torch.Tensor
) -> torch.Tensor:
    """Return the energy of each segment, with shape (m-1,)."""
    pixels = generate(torch.cat([ends[:1], inner, ends[1:]]))
    return 0.5 * (len(inner) + 1) * pixels.diff(dim=0).square().sum(1)


def _energy(
    generate: Callable[[torch.Tensor], torch.Tensor], ends: torch.Tensor, inner: torch.Tensor
) -> float:
    with torch.no_grad():
        return float(_terms(generate, ends, inner).sum())
