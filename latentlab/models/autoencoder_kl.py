"""AutoencoderKL, the VAE of Stable Diffusion, with the layer names of diffusers.

References
----------
High-Resolution Image Synthesis with Latent Diffusion Models, Rombach et al., 2022.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final, override

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from latentlab.errors import RecipeError
from latentlab.models.base import MODELS
from latentlab.models.spatial import Blocks, SpatialConfig, SpatialModel

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSpec

EPSILON = 1e-6
LOG_VARIANCE = (-30.0, 20.0)
"""Limits of the logarithm of the variance of the posterior."""


@MODELS.register
class AutoencoderKLConfig(SpatialConfig, title="AutoencoderKL"):
    """The VAE of Stable Diffusion and its relatives; it is imported, not trained here."""

    kind: Literal["autoencoder-kl"] = "autoencoder-kl"
    block_out_channels: Blocks = (128, 256, 512, 512)
    layers_per_block: int = Field(2, ge=1, le=8)
    norm_num_groups: int = Field(32, ge=1, le=256)
    use_quant_conv: bool = True
    use_post_quant_conv: bool = True
    mid_block_add_attention: bool = True

    @property
    @override
    def factor(self) -> int:
        return int(2 ** (len(self.block_out_channels) - 1))

    @override
    def build(self, spec: ImageSpec) -> AutoencoderKL:
        """Build the network; raise a `RecipeError` if groups or images do not fit."""
        if any(channels % self.norm_num_groups for channels in self.block_out_channels):
            raise RecipeError(
                {"model.norm_num_groups": "channels must be a multiple of the groups"}
            )
        return AutoencoderKL(self, spec)


@final
class AutoencoderKL(SpatialModel):
    """Convolutional VAE with residual blocks, and attention in the middle.

    Parameters
    ----------
    config : AutoencoderKLConfig
        Sizes.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: AutoencoderKLConfig, spec: ImageSpec) -> None:
        super().__init__(config, spec)
        latents, images = config.latent_channels, spec.shape[0]
        self.encoder, self.decoder = _Encoder(config, images), _Decoder(config, images)
        if config.use_quant_conv:
            self.quant_conv = nn.Conv2d(2 * latents, 2 * latents, 1)
        if config.use_post_quant_conv:
            self.post_quant_conv = nn.Conv2d(latents, latents, 1)
        self.check_size()

    @override
    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.encoder(2 * x - 1)
        if hasattr(self, "quant_conv"):
            h = self.quant_conv(h)
        mu, log_variance = h.chunk(2, dim=1)
        return mu, (0.5 * log_variance.clamp(*LOG_VARIANCE)).exp()

    @override
    def _pixels(self, z: Tensor) -> Tensor:
        h = self.post_quant_conv(z) if hasattr(self, "post_quant_conv") else z
        pixels: Tensor = self.decoder(h)
        return pixels / 2 + 0.5


class _Ends(nn.Module):
    """Convolutions at both ends of encoder and decoder."""

    def __init__(self, inputs: int, first: int, last: int, outputs: int, groups: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(inputs, first, 3, padding=1)
        self.conv_norm_out = nn.GroupNorm(groups, last, EPSILON)
        self.conv_out = nn.Conv2d(last, outputs, 3, padding=1)

    def _out(self, h: Tensor) -> Tensor:
        result: Tensor = self.conv_out(F.silu(self.conv_norm_out(h)))
        return result


class _Encoder(_Ends):
    def __init__(self, config: AutoencoderKLConfig, channels: int) -> None:
        sizes = config.block_out_channels
        groups = config.norm_num_groups
        super().__init__(channels, sizes[0], sizes[-1], 2 * config.latent_channels, groups)
        pairs = zip((sizes[0], *sizes), sizes, strict=False)
        self.down_blocks = nn.ModuleList(
            _Block(before, after, config.layers_per_block, groups, down=i < len(sizes) - 1)
            for i, (before, after) in enumerate(pairs)
        )
        self.mid_block = _Middle(sizes[-1], groups, attention=config.mid_block_add_attention)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_in(x)
        for block in self.down_blocks:
            h = block(h)
        return self._out(self.mid_block(h))


class _Decoder(_Ends):
    def __init__(self, config: AutoencoderKLConfig, channels: int) -> None:
        sizes = config.block_out_channels[::-1]
        groups = config.norm_num_groups
        super().__init__(config.latent_channels, sizes[0], sizes[-1], channels, groups)
        self.mid_block = _Middle(sizes[0], groups, attention=config.mid_block_add_attention)
        pairs = zip((sizes[0], *sizes), sizes, strict=False)
        self.up_blocks = nn.ModuleList(
            _Block(before, after, config.layers_per_block + 1, groups, up=i < len(sizes) - 1)
            for i, (before, after) in enumerate(pairs)
        )

    def forward(self, z: Tensor) -> Tensor:
        h = self.mid_block(self.conv_in(z))
        for block in self.up_blocks:
            h = block(h)
        return self._out(h)


class _Block(nn.Module):
    """Residual layers, and a change of the size at the end."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        layers: int,
        groups: int,
        *,
        down: bool = False,
        up: bool = False,
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            _Residual(outputs if i else inputs, outputs, groups) for i in range(layers)
        )
        if down:
            self.downsamplers = nn.ModuleList([_Resize(outputs, down=True)])
        if up:
            self.upsamplers = nn.ModuleList([_Resize(outputs, down=False)])

    def forward(self, h: Tensor) -> Tensor:
        for layer in self.children():
            assert isinstance(layer, nn.ModuleList)
            for each in layer:
                h = each(h)
        return h


class _Resize(nn.Module):
    def __init__(self, channels: int, *, down: bool) -> None:
        super().__init__()
        self.down = down
        stride, padding = (2, 0) if down else (1, 1)
        self.conv = nn.Conv2d(channels, channels, 3, stride, padding)

    def forward(self, h: Tensor) -> Tensor:
        h = F.pad(h, (0, 1, 0, 1)) if self.down else F.interpolate(h, scale_factor=2.0)
        result: Tensor = self.conv(h)
        return result


class _Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs, EPSILON)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, outputs, EPSILON)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        shortcut: Tensor = self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x
        return shortcut + h


class _Middle(nn.Module):
    def __init__(self, channels: int, groups: int, *, attention: bool) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(_Residual(channels, channels, groups) for _ in range(2))
        if attention:
            self.attentions = nn.ModuleList([_Attention(channels, groups)])

    def forward(self, h: Tensor) -> Tensor:
        h = self.resnets[0](h)
        for attention in getattr(self, "attentions", ()):
            h = attention(h)
        result: Tensor = self.resnets[1](h)
        return result


class _Attention(nn.Module):
    """Self-attention of one head between all positions."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, EPSILON)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        h = self.group_norm(x).flatten(2).transpose(1, 2)
        h = F.scaled_dot_product_attention(self.to_q(h), self.to_k(h), self.to_v(h))
        h = self.to_out[0](h).transpose(1, 2)
        return x + h.reshape(x.shape)
