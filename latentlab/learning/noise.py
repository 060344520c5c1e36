"""Noise of the latent samples, from the generator of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.distributions import Distribution, Normal

from latentlab.models.posteriors.posterior import FromNoise
from latentlab.models.thread_rng import SeededRng

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
        """Return standard normal noise with the shape of `tensor`."""
        return self._own(self._empty(tensor).normal_(generator=self.generator), tensor)

    def uniform(self, tensor: Tensor) -> Tensor:
        """Return numbers in [0, 1) with the shape of `tensor`."""
        return self._own(self._empty(tensor).uniform_(generator=self.generator), tensor)

    def _empty(self, tensor: Tensor) -> Tensor:
        if not self.whole:
            return torch.empty_like(tensor)
        return tensor.new_empty(self.whole, *tensor.shape[1:])

    def _own(self, noise: Tensor, tensor: Tensor) -> Tensor:
        return noise[self.first : self.first + len(tensor)] if self.whole else noise

    def permutations(self, rows: Tensor) -> Tensor:
        """Return a random permutation of the rows for each column, with the shape (M, D) of `rows`.

        Unlike `like`, it is that of the full batch in each process.
        """
        noise = torch.empty_like(rows).uniform_(generator=self.generator)
        return noise.argsort(0)


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


def draw_prior(prior: Distribution, noise: Noise, template: Tensor) -> Tensor:
    """Return samples of a prior, one for each row of `template`, (B, D).

    A learned prior gets no gradient from them, so that only the KL trains it.
    Every process draws for the full batch, and returns its own rows.
    """
    base = getattr(prior, "base_dist", prior)
    if isinstance(base, Normal):
        return torch.addcmul(base.loc.detach(), base.scale.detach(), noise.like(template))
    with SeededRng.of(noise.generator):
        if prior.batch_shape or not noise.whole:
            shape = () if prior.batch_shape else (len(template),)
            return prior.sample(shape)
        return prior.sample((noise.whole,))[noise.first :][: len(template)]
