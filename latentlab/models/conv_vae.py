"""The convolutional variational autoencoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

from latentlab.models.base import MODELS, Model
from latentlab.models.conv import ConvConfig, ConvDecoder, ConvEncoder

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributions import Distribution

    from latentlab.data.base import ImageSpec


@MODELS.register
class ConvVAEConfig(ConvConfig):
    """A variational autoencoder of convolutions, for colour and for larger images."""

    kind: Literal["conv-vae"] = "conv-vae"

    def build(self, spec: ImageSpec) -> ConvVAE:
        """See `ModelConfig.build`."""
        return ConvVAE(self, spec)


@final
class ConvVAE(Model):
    """Convolutional VAE with a standard normal prior.

    Parameters
    ----------
    config : ConvVAEConfig
        Layers, sizes and likelihood.
    spec : ImageSpec
        The images it is for.
    """

    def __init__(self, config: ConvVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.encoder = ConvEncoder(config, spec)
        self.decoder = ConvDecoder(config, spec)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        """See `Model.encode`."""
        return self.encoder(x)

    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        """See `Model.decode`."""
        return self.decoder(z)
