"""Auxiliary loss terms, in addition to reconstruction and KL."""

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
    """Base class of auxiliary loss terms; the kind is the name of the curve."""

    kind: str
    weight: float = Field(
        1.0,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the term in the loss.",
    )

    @property
    def name(self) -> str:
        """Name of the curve."""
        return self.kind

    @abstractmethod
    def value(self, batch: Batch) -> Tensor | None:
        """Return the unweighted term in nats per image, with shape (B,), or None without a term."""


TERMS = Registry[Term]("term", default="none")


@TERMS.register
class NoTerm(Term, title="None"):
    """No further term."""

    kind: Literal["none"] = "none"
    weight: ClassVar[float] = 0.0  # type: ignore[misc]  # nothing to choose

    @override
    def value(self, batch: Batch) -> None:
        """Return None."""


@TERMS.register
class Perceptual(Term, title="Perceptual loss"):
    """Distance between the features that a small network sees in both images: against blur.

    References
    ----------
    Perceptual Losses for Real-Time Style Transfer, Johnson et al., 2016, eq. 2, and Deep
    Feature Consistent VAE, Hou et al., 2017, eq. 3 and 4; here summed over the features, as
    reconstruction is summed over pixels.
    """

    kind: Literal["perceptual"] = "perceptual"
    weight: float = Field(
        0.1,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the distance between features in the loss.",
    )

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return half the squared distance between the features of x and of the mean of p.

        Up to a constant, this is the negative log-likelihood in nats of features with standard
        deviation 1. Hidden pixels of x are replaced by the mean of p, without gradient.
        """
        mean = batch.p.mean
        x = batch.x if batch.known is None else torch.where(batch.known, batch.x, mean.detach())
        network = feature_network(mean.device)
        with torch.no_grad():
            targets = network(x)
        distance = mean.new_zeros(len(mean))
        for features, target in zip(network(mean), targets, strict=True):
            distance = distance + (features.float() - target.float()).square().flatten(1).sum(1)
        return 0.5 * distance


@cache
def feature_network(device: torch.device) -> Features:
    """Return the frozen feature network that ships with latentlab, cached per device.

    Raises
    ------
    TrainingError
        If its file is missing or damaged.
    """
    path = resources() / "features" / "perceptual.safetensors"
    with torch.device("meta"):  # draws no random initial weights
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
    # On a CPU these convolutions are three times as fast with channels last.
    network = network.to(device).to(memory_format=torch.channels_last)
    return network.eval().requires_grad_(False)
