"""A batch and the outputs of the model for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from latentlab.learning.fast.distributed import batch_rows

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.distributions import Distribution

    from latentlab.learning.noise import Noise
    from latentlab.models.base import Model


class Batch(NamedTuple):
    """A batch and the outputs of the model for it.

    Shapes: `x` (B, C, H, W) in [0, 1]; `y` (B,) or (B, K) or None; `known`, the observation mask,
    (B, 1, H, W) or None if all pixels are observed; `z` (B, D), a sample of `q`. `model` and
    `noise` are for terms that decode more points or draw more samples, `network` is that of the
    extra term, and `images` the number of training images, 0 if unknown.
    """

    x: Tensor
    y: Tensor | None
    known: Tensor | None
    z: Tensor
    q: Distribution
    p: Distribution
    prior: Distribution
    model: Model
    noise: Noise
    network: nn.Module | None = None
    images: int = 0

    def rows(self, values: Tensor) -> Tensor:
        """Return the values (B, ...) of all processes' images, of which `own` are these."""
        return batch_rows(values, self.noise.first, self.noise.whole)

    @property
    def own(self) -> slice:
        """Rows of these images among those of all processes."""
        return slice(self.noise.first, self.noise.first + len(self.x))


def reconstruction(batch: Batch) -> Tensor:
    """Return -log p(x|z) over the observed pixels, nats per image, with shape (B,)."""
    if batch.known is None:
        return -batch.p.log_prob(batch.x)
    pixels = getattr(batch.p, "base_dist", batch.p)
    return -(pixels.log_prob(batch.x) * batch.known).flatten(1).sum(1)
