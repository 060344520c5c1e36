"""Base classes of models, and the standard normal prior."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, override

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal, register_kl

from latentlab.config import Config, Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.data.image_set import ImageSpec
    from latentlab.models.priors.prior import PriorNetwork


class Auxiliary(NamedTuple):
    """What a model adds to the losses of a batch, each with shape (B,), by the name of its curve.

    `terms`, in nats per image, are added to the loss; `figures` only get a curve.
    """

    terms: Mapping[str, Tensor] = MappingProxyType({})
    figures: Mapping[str, Tensor] = MappingProxyType({})


class Model(nn.Module, ABC):
    """An encoder, a decoder and a prior, each of which returns a distribution.

    Shapes: B images, C channels, H×W pixels, D latent dimensions. A conditional model takes
    labels `y`; the others ignore them. Labels are classes of shape (B,), or, for images with
    several conditions, their values of shape (B, K).

    Attributes
    ----------
    conditional : bool
        Whether it needs labels.
    latent_dim : int
        D.
    latent_shape : tuple of int, or None
        Channels, height and width of z, if it is a flattened array of these.
    has_encoder, has_gradient, has_posterior : bool
        Whether it can encode, whether gradients flow through its decoder, and whether its
        posteriors have standard deviations. A model of another program may lack one of them.
    has_gaussian_posterior : bool
        Whether its posteriors are Gaussians with independent dimensions.
    has_prior_density : bool
        Whether `log_prob` of its prior is a density of z, not the mass of discrete codes.
    has_prior_given_label : bool
        Whether its prior is p(z|y), another distribution for each label.
    prior_network : PriorNetwork or None
        The learned prior; None for the standard normal, and if `prior` is overridden.
    """

    conditional: ClassVar[bool] = False
    latent_shape: tuple[int, int, int] | None = None
    has_encoder: bool = True
    has_gradient: bool = True
    has_posterior: bool = True
    has_gaussian_posterior: bool = True
    has_prior_density: bool = True
    has_prior_given_label: bool = False
    prior_network: PriorNetwork | None
    latent_dim: int
    files: ClassVar[tuple[str, ...]] = ()
    """Names of further files of its run folder, which `attach` takes."""
    attached: Mapping[str, bytes] = MappingProxyType({})
    """Content of these files, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.register_module("prior_network", None)

    layers: Mapping[str, slice] = MappingProxyType({})
    """Dimensions of z of each stochastic layer, by its name; empty for models with one layer."""

    def attach(self, files: Mapping[str, bytes]) -> None:
        """Take the content of those `files` of the run folder that exist.

        Raises
        ------
        RunError
            If a file is missing, damaged or does not fit the config.
        """

    @abstractmethod
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        """Return the posterior q(z|x), with event shape (D,).

        Parameters
        ----------
        x : Tensor
            Pixels in [0, 1], with shape (B, C, H, W).
        y : Tensor, optional
            Labels, with shape (B,) or (B, K).
        """

    @abstractmethod
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        """Return the likelihood p(x|z), with event shape (C, H, W).

        Parameters
        ----------
        z : Tensor
            Latent points, with shape (B, D).
        y : Tensor, optional
            Labels, with shape (B,) or (B, K).
        """

    def prior(self, y: Tensor | None = None) -> Distribution:
        """Return the prior, with event shape (D,): the standard normal, or a learned one.

        Parameters
        ----------
        y : Tensor, optional
            Labels, with shape (B,) or (B, K). A prior that depends on them has batch shape (B,),
            and without them is p(z) over all labels; other priors ignore them.
        """
        if self.prior_network is not None:
            return self.prior_network(self, y)
        return StandardNormal(next(self.parameters()).new_zeros(self.latent_dim))

    def draw_prior(self, count: int, y: Tensor | None) -> Tensor:
        """Draw points from the prior, with shape (count, D).

        Parameters
        ----------
        count : int
            Number of points.
        y : Tensor or None
            The label that each will be decoded with, `count` in all. None draws from p(z) over
            all labels, whose points are not those of any one label.
        """
        prior = self.prior(y)
        return prior.sample(torch.Size() if prior.batch_shape else torch.Size((count,)))

    def codebook_points(self) -> tuple[Tensor, Tensor] | None:
        """Return the codes of a quantized model, those in most use first; else None.

        Returns
        -------
        z : Tensor
            For each code, a point that is this code at all positions, with shape (K, D).
        shares : Tensor
            Share of the encoder's outputs that each code stands for, with shape (K,).
        """
        return None

    def auxiliary(self, q: Distribution, z: Tensor) -> Auxiliary:
        """Return the model's own terms of the loss, and figures to plot, for a batch.

        It is called once per step, for training and for validation; while the model is in
        training mode, it may update buffers.

        Parameters
        ----------
        q : Distribution
            The posterior, with batch shape (B,).
        z : Tensor
            The sample of `q` that was decoded, with shape (B, D).
        """
        return Auxiliary()

    @property
    def has_standard_prior(self) -> bool:
        """Whether the prior is N(0, I), which some views and measures assume."""
        return self.prior_network is None and isinstance(self.prior(), StandardNormal)

    def pseudo_inputs(self) -> tuple[Tensor, Tensor | None] | None:
        """Return the images (K, C, H, W) in [0, 1], and labels, of a VampPrior; else None."""
        return None if self.prior_network is None else self.prior_network.pseudo_inputs(self)


class StandardNormal(Independent):
    """N(0, I), the prior of a plain VAE; the type selects the fast `StandardNormalKL`.

    Parameters
    ----------
    zeros : Tensor
        With shape (D,), and the device and dtype of the prior.
    """

    def __init__(self, zeros: Tensor) -> None:
        each = Normal(zeros, torch.ones_like(zeros), validate_args=False)
        super().__init__(each, 1, validate_args=False)


class StandardNormalKL(torch.autograd.Function):
    """KL(N(mu, sigma²) || N(0, I)) in nats, summed over the last dimension."""

    @staticmethod
    @override
    def forward(ctx: Any, mu: Tensor, sigma: Tensor) -> Tensor:
        """Return ½ Σ (mu² + sigma² - 1 - log sigma²)."""
        ctx.save_for_backward(mu, sigma)
        variance = sigma * sigma
        return (mu * mu + variance - 1 - variance.log()).sum(-1).mul_(0.5)

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients, mu and sigma - 1/sigma, times `grad`."""
        mu, sigma = ctx.saved_tensors
        grad = grad[..., None]
        return grad * mu, grad * (sigma - 1 / sigma)


@register_kl(Independent, StandardNormal)  # type: ignore[untyped-decorator]
def _kl_to_standard_normal(q: Independent, p: StandardNormal) -> Tensor:
    """Return KL(q || p) per image in nats, with shape (B,).

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 10.
    """
    if not isinstance(q.base_dist, Normal) or q.reinterpreted_batch_ndims != 1:
        raise NotImplementedError
    return StandardNormalKL.apply(q.base_dist.loc, q.base_dist.scale)


class ModelConfig(Config, ABC):
    """Base class of the settings of a network."""

    kind: str

    @abstractmethod
    def build(self, spec: ImageSpec) -> Model:
        """Build the network, with new random weights, for images of `spec`.

        Raises
        ------
        RecipeError
            If the model does not support such images.
        """


MODELS = Registry[ModelConfig](
    "model", default="vae", package="latentlab.models", plugins="latentlab.models"
)
