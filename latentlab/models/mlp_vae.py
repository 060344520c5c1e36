"""Fully connected VAE (Auto-Encoding Variational Bayes, Kingma & Welling, 2013) and CVAE."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, final, override

import torch
from torch import Tensor

from latentlab.models.base import MODELS, Model
from latentlab.models.label import LabelVector, require_labels
from latentlab.models.mlp import MLPConfig, MLPDecoder, MLPEncoder

if TYPE_CHECKING:
    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec


@MODELS.register
class VAEConfig(MLPConfig, title="VAE"):
    """Fully connected layers: for small grey images, such as digits."""

    kind: Literal["vae"] = "vae"

    @override
    def build(self, spec: ImageSpec) -> VAE:
        return VAE(self, spec)


@final
class VAE(Model):
    """Fully connected VAE whose prior and posterior can be chosen.

    Parameters
    ----------
    config : VAEConfig
        Sizes, likelihood, prior and posterior.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: VAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.encoder = MLPEncoder(spec.pixels, config)
        self.decoder = MLPDecoder(config.latent_dim, config, spec)
        config.equip(self, spec)

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        return self.encoder(x.flatten(1))

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        return self.decoder(z)


@MODELS.register
class CVAEConfig(MLPConfig, title="Conditional VAE"):
    """Encoder and decoder also get the label: generates the class or conditions you choose."""

    kind: Literal["cvae"] = "cvae"

    @override
    def build(self, spec: ImageSpec) -> CVAE:
        """Build the network; raise a `RecipeError` for images without labels."""
        require_labels(spec)
        return CVAE(self, spec)


@final
class CVAE(Model):
    """Fully connected VAE with the label as a vector concatenated to the image and to z.

    Parameters
    ----------
    config : CVAEConfig
        Sizes, likelihood, prior and posterior.
    spec : ImageSpec
        Shape, and classes or conditions, of the images.
    """

    conditional: ClassVar[bool] = True

    def __init__(self, config: CVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.label = LabelVector(spec)
        self.encoder = MLPEncoder(spec.pixels + self.label.width, config)
        self.decoder = MLPDecoder(config.latent_dim + self.label.width, config, spec)
        config.equip(self, spec)

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        return self.encoder(torch.cat([x.flatten(1), self.label(y)], dim=-1))

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        return self.decoder(torch.cat([z, self.label(y)], dim=-1))
