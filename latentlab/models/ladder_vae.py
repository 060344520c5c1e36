"""Hierarchical VAE with two stochastic layers, fully connected and convolutional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final, override

from latentlab.models.base import MODELS
from latentlab.models.conv import ConvDecoder, ConvFeatures, ConvLayersConfig, feature_sizes
from latentlab.models.ladder import LadderConfig, LadderModel
from latentlab.models.mlp import MLPDecoder, MLPLayersConfig, hidden_layers

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec


@MODELS.register
class LadderVAEConfig(MLPLayersConfig, LadderConfig, title="Ladder VAE"):
    """Fully connected, with two layers of codes: the upper one predicts the lower one."""

    kind: Literal["ladder-vae"] = "ladder-vae"

    @override
    def build(self, spec: ImageSpec) -> LadderVAE:
        return LadderVAE(self, spec)


@final
class LadderVAE(LadderModel):
    """Fully connected VAE with two stochastic layers, whose decoder gets both.

    Parameters
    ----------
    config : LadderVAEConfig
        Sizes and likelihood.
    spec : ImageSpec
        Shape of the images.

    References
    ----------
    Ladder Variational Autoencoders, Sønderby et al., 2016; there the decoder gets z1 alone, and
    would not change with z2.
    """

    def __init__(self, config: LadderVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        sizes = (spec.pixels, *config.hidden)
        self.trunk = hidden_layers(sizes, config.activation, config.norm, config.dropout)
        self.equip(sizes[-1], config)
        self.decoder = MLPDecoder(config.latent_dim, config, spec)

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        return self.ladder(self.trunk(x.flatten(1)))

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        return self.decoder(z)


@MODELS.register
class ConvLadderVAEConfig(ConvLayersConfig, LadderConfig, title="Convolutional ladder VAE"):
    """Convolutions with two layers of codes: for colour and for larger images."""

    kind: Literal["conv-ladder-vae"] = "conv-ladder-vae"

    @override
    def build(self, spec: ImageSpec) -> ConvLadderVAE:
        return ConvLadderVAE(self, spec)


@final
class ConvLadderVAE(LadderModel):
    """Convolutional VAE with two stochastic layers, whose decoder gets both.

    Parameters
    ----------
    config : ConvLadderVAEConfig
        Layers, sizes and likelihood.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: ConvLadderVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        halvings = len(feature_sizes(spec.shape[1:])) - 1
        self.encoder = ConvFeatures(config, spec, halvings)
        self.equip(self.encoder.features, config)
        self.decoder = ConvDecoder(config.latent_dim, config, spec)

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        return self.ladder(self.encoder.maps(x).flatten(1))

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        return self.decoder(z)
