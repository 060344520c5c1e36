"""AutoencoderTiny, the small autoencoder TAESD, with the layer names of diffusers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, final, override

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from latentlab.errors import RecipeError
from latentlab.models.base import MODELS
from latentlab.models.spatial import Blocks, SpatialConfig, SpatialModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.data.image_set import ImageSpec

CODE_SIGMA = 1e-3
"""Standard deviation of the posterior of an encoder that gives none."""
Counts = Annotated[
    tuple[Annotated[int, Field(ge=0, le=16)], ...], Field(min_length=1, max_length=8)
]
Activation = Literal["relu", "silu", "swish", "gelu", "mish"]
_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "gelu": nn.GELU,
    "mish": nn.Mish,
}


@MODELS.register
class AutoencoderTinyConfig(SpatialConfig, title="AutoencoderTiny"):
    """The small distilled autoencoder TAESD; it is imported, not trained here."""

    kind: Literal["autoencoder-tiny"] = "autoencoder-tiny"
    encoder_block_out_channels: Blocks = (64, 64, 64, 64)
    decoder_block_out_channels: Blocks = (64, 64, 64, 64)
    num_encoder_blocks: Counts = (1, 3, 3, 3)
    num_decoder_blocks: Counts = (3, 3, 3, 1)
    act_fn: Activation = "relu"

    @property
    @override
    def factor(self) -> int:
        return int(2 ** (len(self.num_encoder_blocks) - 1))

    @override
    def build(self, spec: ImageSpec) -> AutoencoderTiny:
        """Build the network; raise a `RecipeError` if sizes do not fit each other or `spec`."""
        parts = (
            (self.encoder_block_out_channels, self.num_encoder_blocks),
            (self.decoder_block_out_channels, self.num_decoder_blocks),
        )
        lengths = {len(each) for part in parts for each in part}
        if len(lengths) > 1 or any(len(set(sizes)) > 1 for sizes, _ in parts):
            raise RecipeError({"model": "all blocks must have as many channels"})
        return AutoencoderTiny(self, spec)


@final
class AutoencoderTiny(SpatialModel):
    """Small autoencoder without a variance: z is a point, not a distribution.

    Parameters
    ----------
    config : AutoencoderTinyConfig
        Sizes.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: AutoencoderTinyConfig, spec: ImageSpec) -> None:
        super().__init__(config, spec)
        self.has_posterior = False
        self.encoder = _TinyEncoder(config, spec.shape[0])
        self.decoder = _TinyDecoder(config, spec.shape[0])
        self.check_size()

    @override
    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu = self.encoder.layers(x)
        return mu, torch.full_like(mu, CODE_SIGMA)

    @override
    def _pixels(self, z: Tensor) -> Tensor:
        pixels: Tensor = self.decoder.layers(3 * torch.tanh(z / 3))
        return pixels


class _TinyEncoder(nn.Module):
    def __init__(self, config: AutoencoderTinyConfig, channels: int) -> None:
        super().__init__()
        width = config.encoder_block_out_channels[0]
        layers: list[nn.Module] = []
        for i, count in enumerate(config.num_encoder_blocks):
            halve = nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False)
            layers.append(halve if i else nn.Conv2d(channels, width, 3, padding=1))
            layers += _tiny_blocks(width, count, config.act_fn)
        layers.append(nn.Conv2d(width, config.latent_channels, 3, padding=1))
        self.layers = nn.Sequential(*layers)


class _TinyDecoder(nn.Module):
    def __init__(self, config: AutoencoderTinyConfig, channels: int) -> None:
        super().__init__()
        width = config.decoder_block_out_channels[0]
        layers: list[nn.Module] = [
            nn.Conv2d(config.latent_channels, width, 3, padding=1),
            _ACTIVATIONS[config.act_fn](),
        ]
        *inner, last = config.num_decoder_blocks
        for count in inner:
            layers += _tiny_blocks(width, count, config.act_fn)
            layers.append(nn.Upsample(scale_factor=2))
            layers.append(nn.Conv2d(width, width, 3, padding=1, bias=False))
        layers += _tiny_blocks(width, last, config.act_fn)
        layers.append(nn.Conv2d(width, channels, 3, padding=1))
        self.layers = nn.Sequential(*layers)


def _tiny_blocks(width: int, count: int, activation: Activation) -> Sequence[nn.Module]:
    return [_TinyBlock(width, activation) for _ in range(count)]


class _TinyBlock(nn.Module):
    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        act = _ACTIVATIONS[activation]()
        convolutions = [nn.Conv2d(width, width, 3, padding=1) for _ in range(3)]
        self.conv = nn.Sequential(convolutions[0], act, convolutions[1], act, convolutions[2])

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x) + x)
