"""Convolutional encoder and decoder of `conv-vae` and `conv-cvae`, for images of any size."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, override

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from latentlab.config import FIRST, Choice, Options
from latentlab.models.base import ModelConfig
from latentlab.models.label import label_embedding
from latentlab.models.latents import ContinuousConfig
from latentlab.models.layers import Dropout
from latentlab.models.likelihoods import LIKELIHOODS, LearnedGaussianLikelihood, Likelihood

if TYPE_CHECKING:
    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec

MAX_LAST_SIDE = 6
"""Halving ends when no side is longer: 64 pixels become 4, 28 become 4, 50×70 become 4×5."""
MAX_WIDTH_FACTOR = 8
"""Channels double with each halving, up to this multiple of the first."""

type Size = tuple[int, int]


class ConvLayersConfig(ModelConfig):
    """Settings of the layers of all convolutional models."""

    architecture: Annotated[
        Literal["residual", "reference"],
        Options({"residual": "Residual blocks", "reference": "Plain convolutions"}),
    ] = Field(
        "residual",
        description="Residual blocks have shortcuts, and the decoder upsamples before it "
        "convolves, which avoids checkerboard patterns. Plain convolutions are 4×4 with stride 2, "
        "and their transposes.",
    )
    width: int = Field(
        16,
        ge=1,
        le=1024,
        title="Channels",
        description="Channels of the first layer. They double whenever the size halves, up to "
        "eight times as many. Twice the channels take about three times as long.",
    )
    likelihood: Annotated[Likelihood, Choice(LIKELIHOODS)] = Field(
        LearnedGaussianLikelihood(),
        description="Distribution of a pixel given z. It defines the reconstruction loss.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of values between convolutions that are set to 0 at each step. Use it "
        "if the validation loss is much higher than the training loss.",
    )


class ConvConfig(ContinuousConfig, ConvLayersConfig):
    """Settings of the convolutional models with one vector of continuous codes."""

    latent_dim: int = Field(
        64,
        ge=1,
        le=4096,
        title="Latent dimensions",
        description="Size of the code z. More dimensions keep more detail of each image; with "
        "fewer, each one means more.",
        json_schema_extra=FIRST,
    )


def feature_sizes(size: Size) -> list[Size]:
    """Return the sizes (H, W) from the image to the smallest map, each half of the previous one.

    Halves are rounded up, so that no pixel is left out.
    """
    count = 1
    while max(halved(size, count)[-1]) > MAX_LAST_SIDE:
        count += 1
    return halved(size, count)


def halved(size: Size, count: int) -> list[Size]:
    """Return `count` + 1 sizes, each half of the previous one, rounded up."""
    height, width = size
    return [(-(-height // 2**i), -(-width // 2**i)) for i in range(count + 1)]


def channels(width: int, count: int) -> list[int]:
    """Return the channels after each of `count` halvings, largest map first."""
    return [width * min(2**i, MAX_WIDTH_FACTOR) for i in range(count)]


class ConvFeatures(nn.Module):
    """The convolutions of an encoder, which halve the size of the image several times.

    Parameters
    ----------
    config : ConvLayersConfig
        Architecture, width and dropout.
    spec : ImageSpec
        Shape of the images.
    halvings : int
        How often the size is halved, at least once.
    conditional : bool
        Whether it also gets the label.

    Attributes
    ----------
    shape : tuple of int
        Channels, height and width of the last maps.
    """

    def __init__(
        self,
        config: ConvLayersConfig,
        spec: ImageSpec,
        halvings: int,
        *,
        conditional: bool = False,
    ) -> None:
        super().__init__()
        wide = channels(config.width, halvings)
        self.shape = (wide[-1], *halved(spec.shape[1:], halvings)[-1])
        residual = config.architecture == "residual"
        self.stem = Downsample(spec.shape[0], wide[0])
        self.label = label_embedding(spec, wide[0]) if conditional else None
        stage = ResidualDown if residual else ReferenceDown
        self.stages = nn.Sequential(*(stage(a, b, config.dropout) for a, b in pairwise(wide)))
        self.last = nn.SiLU() if residual else nn.ReLU()

    @property
    def features(self) -> int:
        """Number of values of the last maps."""
        return math.prod(self.shape)

    def maps(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the last maps for pixels in [0, 1], (B, C, H, W), and labels."""
        # Convolutions on the CPU prefer channels last.
        h = self.stem((2 * x - 1).contiguous(memory_format=torch.channels_last))
        if self.label is not None:
            h = h + self.label(y)[:, :, None, None]
        maps: Tensor = self.last(self.stages(h))
        return maps


class ConvEncoder(ConvFeatures):
    """Convolutional encoder, from images to the posterior.

    Parameters
    ----------
    config : ConvConfig
        Architecture, width, latent dimensions and posterior.
    spec : ImageSpec
        Shape of the images.
    conditional : bool
        Whether it also gets the label.
    """

    def __init__(self, config: ConvConfig, spec: ImageSpec, *, conditional: bool = False) -> None:
        halvings = len(feature_sizes(spec.shape[1:])) - 1
        super().__init__(config, spec, halvings, conditional=conditional)
        self.heads = nn.Linear(self.features, config.posterior.outputs * config.latent_dim)
        self.posterior = config.posterior.build(config.latent_dim)

    @override
    def forward(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        """Return q(z|x) for pixels in [0, 1], with shape (B, C, H, W), and labels."""
        return self.posterior(self.heads(self.maps(x, y).flatten(1)).float())


class ConvDecoder(nn.Module):
    """Convolutional decoder, from latent points to p(x|z).

    Parameters
    ----------
    latent_dim : int
        Latent dimensions.
    config : ConvLayersConfig
        Architecture, width and likelihood.
    spec : ImageSpec
        Shape of the images.
    conditional : bool
        Whether it also gets the label.
    """

    def __init__(
        self,
        latent_dim: int,
        config: ConvLayersConfig,
        spec: ImageSpec,
        *,
        conditional: bool = False,
    ) -> None:
        super().__init__()
        sizes = feature_sizes(spec.shape[1:])
        wide = channels(config.width, len(sizes) - 1)
        self.smallest = (wide[-1], *sizes[-1])
        self.first = nn.Linear(latent_dim, math.prod(self.smallest))
        self.label = label_embedding(spec, self.first.out_features) if conditional else None
        self.stages, self.last = upsampling(config, spec, sizes)
        self.likelihood = config.likelihood.build()

    @override
    def forward(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        """Return p(x|z) for points of shape (B, D) and labels."""
        h = self.first(z)
        if self.label is not None:
            h = h + self.label(y)
        h = h.unflatten(-1, self.smallest).contiguous(memory_format=torch.channels_last)
        h = self.last(self.stages(h))
        # Likelihoods compare it with images, whose memory layout is channels first.
        return self.likelihood(h.to(torch.float32, memory_format=torch.contiguous_format))


def upsampling(
    config: ConvLayersConfig, spec: ImageSpec, sizes: list[Size]
) -> tuple[nn.Sequential, nn.Module]:
    """Return the stages of a decoder, from the last to the first of `sizes`, and its last layer."""
    wide = channels(config.width, len(sizes) - 1)
    residual = config.architecture == "residual"
    stage = ResidualUp if residual else ReferenceUp
    pairs = zip(pairwise(wide[::-1]), sizes[-2:0:-1], strict=True)
    stages = nn.Sequential(*(stage(a, b, size, config.dropout) for (a, b), size in pairs))
    last = ResidualOutput if residual else ReferenceOutput
    return stages, last(wide[0], config.likelihood.outputs * spec.shape[0], sizes[0])


class Downsample(nn.Conv2d):
    """A 4×4 convolution of stride 2; half of an odd size is rounded up."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 4, stride=2, padding=1)

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return (B, after, ⌈H/2⌉, ⌈W/2⌉) for (B, before, H, W)."""
        height, width = x.shape[2:]
        odd = (0, width % 2, 0, height % 2)
        return super().forward(F.pad(x, odd) if any(odd) else x)


class ReferenceDown(nn.Sequential):
    """Encoder stage of the architecture `reference`: ReLU, dropout and `Downsample`."""

    def __init__(self, before: int, after: int, dropout: float) -> None:
        super().__init__(nn.ReLU(), *optional_dropout(dropout), Downsample(before, after))


class ReferenceUp(nn.Sequential):
    """Decoder stage of the architecture `reference`: `Upsample` and ReLU."""

    def __init__(self, before: int, after: int, size: Size, dropout: float) -> None:
        super().__init__(Upsample(before, after, size), nn.ReLU(), *optional_dropout(dropout))


class Upsample(nn.ConvTranspose2d):
    """A 4×4 transposed convolution of stride 2, cropped to `size`."""

    def __init__(self, before: int, after: int, size: Size) -> None:
        super().__init__(before, after, 4, stride=2, padding=1)
        self.size = size

    @override
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """Return (B, after, H, W) for (B, before, ⌈H/2⌉, ⌈W/2⌉)."""
        return crop(super().forward(x), self.size)


class ReferenceOutput(Upsample):
    """Last decoder stage of the architecture `reference`, equal to a tanh scaled to [0, 1]."""

    @override
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """Return logits 2h, because sigmoid(2h) = (tanh h + 1) / 2."""
        return 2 * super().forward(x)


class Residual(nn.Module):
    """Residual block: two 3×3 convolutions with a shortcut, and one group norm before them.

    References
    ----------
    Identity Mappings in Deep Residual Networks, He, Zhang, Ren & Sun, 2016, figure 1(b); with
    Group Normalization, Wu & He, 2018, and SiLU, Elfwing, Uchibe & Doya, 2018.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.change = nn.Sequential(
            group_norm(width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.SiLU(),
            *optional_dropout(dropout),
            nn.Conv2d(width, width, 3, padding=1),
        )

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor with the shape of `x`, (B, C, H, W)."""
        return x + self.change(x)


class ResidualDown(nn.Sequential):
    """Encoder stage: SiLU, `Downsample` and a residual block."""

    def __init__(self, before: int, after: int, dropout: float) -> None:
        super().__init__(nn.SiLU(), Downsample(before, after), Residual(after, dropout))


class ResidualUp(nn.Sequential):
    """Decoder stage: a residual block, nearest-neighbour upsampling and a 3×3 convolution.

    References
    ----------
    Deconvolution and Checkerboard Artifacts, Odena, Dumoulin & Olah, 2016.
    """

    def __init__(self, before: int, after: int, size: Size, dropout: float) -> None:
        super().__init__(
            Residual(before, dropout), UpsampleNearest(size), nn.Conv2d(before, after, 3, padding=1)
        )


class ResidualOutput(nn.Sequential):
    """Last decoder stage: SiLU, upsampling and a 3×3 convolution to the pixels."""

    def __init__(self, before: int, after: int, size: Size) -> None:
        super().__init__(nn.SiLU(), UpsampleNearest(size), nn.Conv2d(before, after, 3, padding=1))


class UpsampleNearest(nn.Module):
    """Nearest-neighbour upsampling by 2, cropped to `size`."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, H, W) for (B, C, ⌈H/2⌉, ⌈W/2⌉)."""
        return crop(F.interpolate(x, scale_factor=2, mode="nearest"), self.size)


def crop(x: Tensor, size: Size) -> Tensor:
    """Crop (..., H, W) to the first rows and columns."""
    return x if x.shape[2:] == size else x[..., : size[0], : size[1]]


def group_norm(width: int) -> nn.GroupNorm:
    """Return a group norm with about eight channels per group, such that groups are equal."""
    return nn.GroupNorm(math.gcd(width, max(1, width // 8)), width)


def optional_dropout(dropout: float) -> list[nn.Module]:
    """Return a dropout layer, or nothing if the rate is 0."""
    return [Dropout(dropout)] if dropout else []
