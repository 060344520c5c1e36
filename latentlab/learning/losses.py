"""The losses of a batch, for training and for validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.learning.batch import Batch
from latentlab.learning.noise import Noise, draw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from latentlab.learning.objectives.objective import Objective
    from latentlab.models.base import Model


def compute_losses(
    model: Model,
    objective: Objective,
    batch: tuple[Tensor, Tensor | None, Tensor | None],
    numbers: Mapping[str, float | Tensor],
    noise: Noise,
    network: nn.Module | None = None,
    images: int = 0,
) -> tuple[dict[str, Tensor], Batch]:
    """Return ``loss`` and each term per image, for training and for validation.

    Parameters
    ----------
    model, objective : Model, Objective
        Model and objective to evaluate.
    batch : tuple
        Pixels in [0, 1], with shape (B, C, H, W); labels, with shape (B,), or None;
        observation mask, with shape (B, 1, H, W), or None if all pixels are observed.
    numbers : dict
        See `Objective.numbers`; tensors if a captured step must see them change.
    noise : Noise
        Noise source of the latent samples.
    network : nn.Module, optional
        Network of the extra term; see `Term.network`.
    images : int
        Number of training images; 0 if unknown.

    Returns
    -------
    dict of str to Tensor
        Nats per image, each with shape (B,), ``loss`` first; the figures of the model, which are
        not part of the loss, last.
    Batch
        The batch and the outputs of the model.
    """
    x, y, known = batch
    # The encoder must not see hidden pixels.
    q = model.encode(x if known is None else x * known, y)
    z = draw(q, noise)
    p, prior = model.decode(z, y), model.prior(y)
    outputs = Batch(x, y, known, z, q, p, prior, model, noise, network, images)
    terms = objective.terms(outputs)
    own = model.auxiliary(q, z)
    loss = sum(own.terms.values(), objective.total(terms, numbers))
    return {"loss": loss, **terms, **own.terms, **own.figures}, outputs
