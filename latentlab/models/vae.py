"""The variational autoencoder (Auto-Encoding Variational Bayes, Kingma & Welling, 2013)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

from latentlab.models.base import MODELS, Model
from latentlab.models.mlp import MLPConfig, MLPDecoder, MLPEncoder

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributions import Distribution

    from latentlab.data.base import ImageSpec


@MODELS.register
class VAEConfig(MLPConfig):
    """A variational autoencoder of fully connected layers."""

    kind: Literal["vae"] = "vae"

    def build(self, spec: ImageSpec) -> VAE:
        """See `ModelConfig.build`."""
        return VAE(self, spec)


@final
class VAE(Model):
    """Fully connected VAE with a standard normal prior.

    Parameters
    ----------
    config : VAEConfig
        Sizes and likelihood.
    spec : ImageSpec
        The images it is for.
    """

    def __init__(self, config: VAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.encoder = MLPEncoder(spec.pixels, config)
        self.decoder = MLPDecoder(config.latent_dim, config, spec)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        """See `Model.encode`."""
        return self.encoder(x.flatten(1))

    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        """See `Model.decode`."""
        return self.decoder(z)
