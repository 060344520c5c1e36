"""Noise of the latent samples, from the generator of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.distributions import Distribution, Normal

from latentlab.models.posteriors.posterior import FromNoise

if TYPE_CHECKING:
    from torch import Tensor


class Noise:
    """Standard normal noise from the generator of a run.

    ``rsample`` of torch draws from the global generator, which the explorer of the window also
    uses, so a run would not be reproducible.

    Parameters
    ----------
    generator : torch.Generator
        Random generator of the run.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self.whole = 0
        self.first = 0

    def share(self, first: int, whole: int) -> None:
        """Return only rows from `first` on of `whole`: each process draws for the full batch."""
        self.first, self.whole = first, whole

    def like(self, tensor: Tensor) -> Tensor:
        """Return noise with the shape of `tensor`."""
        if not self.whole:
            return torch.empty_like(tensor).normal_(generator=self.generator)
        noise = tensor.new_empty(self.whole, *tensor.shape[1:]).normal_(generator=self.generator)
        return noise[self.first : self.first + len(tensor)]


def draw(q: Distribution, noise: Noise) -> Tensor:
    """Return a reparameterised sample of `q`, with shape (B, D)."""
    base = getattr(q, "base_dist", q)
    if isinstance(base, Normal):
        return torch.addcmul(base.loc, base.scale, noise.like(base.loc))
    return q.from_noise(noise.like(q.template)) if isinstance(q, FromNoise) else q.rsample()


def draw_more(q: Distribution, noise: Noise, count: int) -> Tensor:
    """Return reparameterised samples of a `q` that is made from noise, with shape (count, B, D)."""
    base = getattr(q, "base_dist", q)
    assert isinstance(base, Normal | FromNoise)
    template = base.loc if isinstance(base, Normal) else base.template
    # The images come first, because the processes of a distributed run share the rows.
    each = noise.like(template.repeat(1, count)).unflatten(1, (count, -1)).transpose(0, 1)
    if isinstance(base, Normal):
        return torch.addcmul(base.loc, base.scale, each)
    return base.from_noise(each)
