"""Convolutional VAE and conditional VAE."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, final, override

from latentlab.models.base import MODELS, Model
from latentlab.models.conv import ConvConfig, ConvDecoder, ConvEncoder
from latentlab.models.label import require_labels

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec


@MODELS.register
class ConvVAEConfig(ConvConfig, title="Convolutional VAE"):
    """Convolutions: for colour and for larger images, such as faces."""

    kind: Literal["conv-vae"] = "conv-vae"

    @override
    def build(self, spec: ImageSpec) -> ConvVAE:
        return ConvVAE(self, spec)


@final
class ConvVAE(Model):
    """Convolutional VAE whose prior and posterior can be chosen.

    Parameters
    ----------
    config : ConvVAEConfig
        Layers, sizes, likelihood, prior and posterior.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: ConvVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.encoder = ConvEncoder(config, spec)
        self.decoder = ConvDecoder(config.latent_dim, config, spec)
        config.equip(self, spec)

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        return self.encoder(x)

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        return self.decoder(z)


@MODELS.register
class ConvCVAEConfig(ConvConfig, title="Convolutional CVAE"):
    """Convolutions that also get the label: generates the class or conditions you choose."""

    kind: Literal["conv-cvae"] = "conv-cvae"

    @override
    def build(self, spec: ImageSpec) -> ConvCVAE:
        """Build the network; raise a `RecipeError` for images without labels."""
        require_labels(spec)
        return ConvCVAE(self, spec)


@final
class ConvCVAE(Model):
    """Convolutional VAE whose first encoder and decoder layers add an embedding of the label.

    This corresponds to the vector of the label concatenated to z, and as constant image channels.

    Parameters
    ----------
    config : ConvCVAEConfig
        Layers, sizes, likelihood, prior and posterior.
    spec : ImageSpec
        Shape, and classes or conditions, of the images.
    """

    conditional: ClassVar[bool] = True

    def __init__(self, config: ConvCVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.encoder = ConvEncoder(config, spec, conditional=True)
        self.decoder = ConvDecoder(config.latent_dim, config, spec, conditional=True)
        config.equip(self, spec)

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        return self.encoder(x, y)

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        return self.decoder(z, y)
