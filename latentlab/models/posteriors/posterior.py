"""Base class and registry of the posteriors, and samples that are made from noise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, runtime_checkable

from torch import Tensor
from torch.distributions import Distribution

from latentlab.config import Config, Registry

type Reader = Callable[[Tensor], Distribution]
"""Maps the encoder's output, with shape (B, outputs · D), to q(z|x)."""


class Posterior(Config, ABC):
    """Base class of the posteriors that an encoder can return."""

    outputs: ClassVar[int]
    """Outputs of the encoder per latent dimension."""
    has_sigma: ClassVar[bool] = True
    """Whether codes have standard deviations."""
    is_gaussian: ClassVar[bool] = False
    """Whether it is a Gaussian with independent dimensions."""

    kind: str

    @abstractmethod
    def build(self, latent_dim: int) -> Reader:
        """Return the function from the encoder's output, in fp32, to q(z|x).

        Returns
        -------
        Reader
            Returns a distribution with batch shape (B,), event shape (D,), `mean` and `stddev`.
            A posterior with parameters returns a module: the encoder registers it, so the
            parameters belong to the model.
        """


POSTERIORS = Registry[Posterior](
    "posterior", default="gaussian", package="latentlab.models.posteriors"
)


@runtime_checkable
class FromNoise(Protocol):
    """A distribution whose reparameterised samples are a function of standard normal noise."""

    @property
    def template(self) -> Tensor:
        """A tensor with the shape (B, D), device and dtype of one sample per image."""

    def from_noise(self, noise: Tensor) -> Tensor:
        """Return samples for noise, both with shape (..., B, D).

        The next `log_prob` of these very samples costs nothing.
        """


@runtime_checkable
class Layered(Protocol):
    """A posterior of several layers of codes, whose KL is partly known in closed form."""

    def kl_of_layers(self, z: Tensor) -> Mapping[str, Tensor]:
        """Return the KL of each layer to the prior, by name, for samples `z` of (..., B, D).

        Each is in nats per image, with shape (..., B).
        """
