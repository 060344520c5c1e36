"""A code without a distribution, as that of a plain autoencoder."""

from __future__ import annotations

from typing import ClassVar, Literal, override

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints

from latentlab.models.posteriors.posterior import POSTERIORS, Posterior, Reader


@POSTERIORS.register
class DeterministicPosterior(Posterior, title="Deterministic"):
    """One code per image, without a standard deviation or KL, as in a plain autoencoder.

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 3.
    """

    kind: Literal["deterministic"] = "deterministic"
    outputs: ClassVar[int] = 1
    has_sigma: ClassVar[bool] = False

    @override
    def build(self, latent_dim: int) -> Reader:
        return Delta


class Delta(Distribution):
    """All mass at one point, of which no density exists.

    Parameters
    ----------
    code : Tensor
        With shape (B, D).
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, code: Tensor) -> None:
        self.code = code
        super().__init__(code.shape[:-1], code.shape[-1:], validate_args=False)

    @property
    @override
    def mean(self) -> Tensor:
        return self.code

    @property
    @override
    def variance(self) -> Tensor:
        return torch.zeros_like(self.code)

    @override
    def rsample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return the code, with shape (*sample_shape, B, D)."""
        return self.code.expand(*sample_shape, *self.code.shape)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Raise an error: a point has no density."""
        raise NotImplementedError("a deterministic code has no density")
