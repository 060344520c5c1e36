"""Further terms of the loss, beside reconstruction and KL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal, override

import torch
from pydantic import Field
from torch import Tensor

from latentlab.config import Config, Registry
from latentlab.directories import resources
from latentlab.errors import RunError, TrainingError
from latentlab.learning.tensors import read_weights
from latentlab.models.perceptual_net import Features

if TYPE_CHECKING:
    from latentlab.learning.objectives import Batch


class Term(Config, ABC):
    """One more thing to make small; called by its kind in curves."""

    kind: str
    weight: float = Field(
        1.0, ge=0, le=10_000, description="How much it counts beside reconstruction and KL."
    )

    @property
    def name(self) -> str:
        """What its curve is called."""
        return self.kind

    @abstractmethod
    def value(self, batch: Batch) -> Tensor | None:
        """Return the term in nats per image, unweighted, with shape (B,); None where it is none."""


TERMS = Registry[Term]("term", default="none")


@TERMS.register
class NoTerm(Term):
    """Nothing more."""

    kind: Literal["none"] = "none"
    weight: ClassVar[float] = 0.0  # type: ignore[misc]  # nothing to choose

    @override
    def value(self, batch: Batch) -> None:
        """See `Term.value`."""


@TERMS.register
class Perceptual(Term):
    """Images must also look alike to a small network that knows shapes: against blur.

    References
    ----------
    Perceptual Losses for Real-Time Style Transfer, Johnson et al., 2016, eq. 2, and Deep
    Feature Consistent VAE, Hou et al., 2017, eq. 3 and 4; here summed over the features as
    reconstruction is over pixels.
    """

    kind: Literal["perceptual"] = "perceptual"
    weight: float = Field(
        0.1,
        ge=0,
        le=10_000,
        description="How much likeness to the network counts beside likeness of pixels.",
    )

    @override
    def value(self, batch: Batch) -> Tensor:
        """See `Term.value`; half the squared distance of the features of x and of p's mean.

        That is, up to a constant, how many nats features of deviation 1 cost. Where a pixel is
        not known, x is taken to be what the model says.
        """
        made = batch.p.mean
        x = batch.x if batch.known is None else torch.where(batch.known, batch.x, made.detach())
        network = feature_network(made.device)
        with torch.no_grad():
            wanted = network(x)
        distance = made.new_zeros(len(made))
        for seen, want in zip(network(made), wanted, strict=True):
            distance = distance + (seen.float() - want.float()).square().flatten(1).sum(1)
        return 0.5 * distance


@cache
def feature_network(device: torch.device) -> Features:
    """Return the network that ships, frozen; one per device and process.

    Raises
    ------
    TrainingError
        Where its file is missing or damaged.
    """
    path = resources() / "features" / "perceptual.safetensors"
    with torch.device("meta"):  # so that no random numbers are drawn for first weights
        network = Features()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    try:
        weights = read_weights(path, shapes)
    except RunError as error:
        raise TrainingError(
            f"The network of the perceptual term is missing or damaged: {path}.",
            "Install latentlab again.",
        ) from error
    network.load_state_dict(
        {name: torch.from_numpy(value) for name, value in weights.items()}, assign=True
    )
    # Channels last: on a CPU these convolutions are then three times as fast.
    network = network.to(device).to(memory_format=torch.channels_last)
    return network.eval().requires_grad_(False)
