"""VQ-VAE: an autoencoder whose codes are a map of indices into a learned codebook."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, final, override

import torch
from pydantic import Field, JsonValue
from torch import Tensor, nn

from latentlab.config import FIRST
from latentlab.errors import RecipeError
from latentlab.models.base import MODELS, Auxiliary, Model
from latentlab.models.code_prior import CodeDistribution, CodePrior
from latentlab.models.codebook import Codebook, perplexity
from latentlab.models.conv import ConvFeatures, ConvLayersConfig, channels, halved, upsampling
from latentlab.models.posteriors.deterministic import Delta
from latentlab.models.spatial import MAX_LATENT_DIM

if TYPE_CHECKING:
    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec

CODEBOOK: dict[str, JsonValue] = {"group": "Codebook"}
PRIOR: dict[str, JsonValue] = {"group": "Prior of the codes"}


@MODELS.register
class VQVAEConfig(ConvLayersConfig, title="VQ-VAE"):
    """A map of codes from a learned codebook: sharp images, and a prior learned over the map."""

    kind: Literal["vq-vae"] = "vq-vae"
    halvings: int = Field(
        2,
        ge=1,
        le=6,
        title="Halvings",
        description="How often the size of the image is halved. Two make one code of 4×4 pixels. "
        "With fewer, reconstructions are sharper, and the prior has more codes to learn.",
        json_schema_extra=FIRST,
    )
    codes: int = Field(
        256,
        ge=2,
        le=8192,
        title="Codes",
        description="Number of vectors in the codebook.",
        json_schema_extra=CODEBOOK | FIRST,
    )
    code_channels: int = Field(
        8,
        ge=1,
        le=256,
        title="Code channels",
        description="Size of each vector in the codebook. Small vectors use more of the codebook.",
        json_schema_extra=CODEBOOK,
    )
    commitment: float = Field(
        0.25,
        ge=0,
        le=100,
        title="Commitment",
        description="Weight of the squared distance between the output of the encoder and its "
        "code. It keeps the outputs near the codes.",
        json_schema_extra=CODEBOOK,
    )
    decay: float = Field(
        0.99,
        ge=0,
        lt=1,
        title="Codebook decay",
        description="Weight of the past in the moving averages that make up the codebook.",
        json_schema_extra=CODEBOOK,
    )
    prior_width: int = Field(
        64,
        ge=1,
        le=1024,
        title="Prior channels",
        description="Channels of the network that predicts each code from those before it. "
        "Samples are drawn from it.",
        json_schema_extra=PRIOR,
    )
    prior_layers: int = Field(
        4,
        ge=0,
        le=32,
        title="Prior layers",
        description="Layers of that network. Each lets a code depend on codes two positions "
        "further away.",
        json_schema_extra=PRIOR,
    )

    def latent_shape(self, spec: ImageSpec) -> tuple[int, int, int]:
        """Return channels, height and width of the map of codes.

        Raises
        ------
        RecipeError
            If z would have too many values.
        """
        shape = (self.code_channels, *halved(spec.shape[1:], self.halvings)[-1])
        if math.prod(shape) > MAX_LATENT_DIM:
            raise RecipeError(
                {
                    "model.halvings": f"codes of {shape[1]}×{shape[2]} positions have more than "
                    f"{MAX_LATENT_DIM:,} values: choose more halvings, or fewer code channels"
                }
            )
        return shape

    @override
    def build(self, spec: ImageSpec) -> VQVAE:
        """Build the network; raise a `RecipeError` if z would have too many values."""
        return VQVAE(self, spec)


@final
class VQVAE(Model):
    """Convolutional autoencoder with a codebook, and an autoregressive prior over its codes.

    z is the output of the encoder before quantization; the decoder replaces each position by the
    nearest code. The posterior of the codes is deterministic, and its KL to the prior is
    -log p(codes), so reconstruction + KL is the negative ELBO of discrete codes.

    Parameters
    ----------
    config : VQVAEConfig
        Layers, sizes, likelihood, codebook and prior.
    spec : ImageSpec
        Shape of the images.

    References
    ----------
    Neural Discrete Representation Learning, van den Oord, Vinyals & Kavukcuoglu, 2017, eq. 1 to
    3; the codebook is learned by moving averages, and the prior with the rest.
    """

    has_posterior: bool = False
    has_gaussian_posterior: bool = False
    has_prior_density: bool = False
    # Quantized images change in steps, so their true gradients are 0.
    has_gradient: bool = False

    def __init__(self, config: VQVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_shape: tuple[int, int, int] = config.latent_shape(spec)
        self.latent_dim = math.prod(self.latent_shape)
        self._commitment = config.commitment
        self.encoder = MapEncoder(config, spec)
        self.codebook = Codebook(config.codes, config.code_channels, config.decay)
        self.decoder = MapDecoder(config, spec)
        self.code_prior = CodePrior(
            config.codes, self.latent_shape[1:], config.prior_width, config.prior_layers
        )

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        return Delta(self.encoder(x))

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        """Return p(x|z) of the nearest codes; gradients of z are those of the codes.

        References
        ----------
        Estimating or Propagating Gradients Through Stochastic Neurons, Bengio et al., 2013,
        section 4 (the straight-through estimator).
        """
        maps = self._maps(z)
        codes = self.codebook(self.codebook.nearest(maps))
        straight_through = maps + (codes - maps).detach()
        return self.decoder(straight_through.permute(0, 3, 1, 2))

    @override
    def prior(self, y: Tensor | None = None) -> Distribution:
        return CodeDistribution(self.code_prior, self.codebook, self.latent_shape)

    @override
    def codebook_points(self) -> tuple[Tensor, Tensor]:
        shares, order = self.codebook.shares.sort(descending=True, stable=True)
        _, height, width = self.latent_shape
        vectors = self.codebook.vectors[order]
        return vectors[:, :, None, None].expand(-1, -1, height, width).flatten(1), shares

    @override
    def auxiliary(self, q: Distribution, z: Tensor) -> Auxiliary:
        """Return the commitment, the KL of the codes, and their perplexity in this batch.

        In training mode, this updates the codebook.
        """
        maps = self._maps(z)
        indices = self.codebook.nearest(maps)
        distance = (maps - self.codebook(indices)).square().flatten(1).sum(1)
        terms = {"kl": -self.code_prior(indices), "commitment": self._commitment * distance}
        used = perplexity(indices.flatten(), len(self.codebook.vectors))
        if self.training:
            self.codebook.learn(maps.detach().flatten(0, 2), indices.flatten())
        return Auxiliary(terms, {"perplexity": used.expand(len(z))})

    def _maps(self, z: Tensor) -> Tensor:
        """Return z as maps with channels last, (B, h, w, C)."""
        return z.reshape(-1, *self.latent_shape).permute(0, 2, 3, 1)


class MapEncoder(ConvFeatures):
    """Convolutional encoder, from images to maps of code vectors.

    Parameters
    ----------
    config : VQVAEConfig
        Layers and sizes.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: VQVAEConfig, spec: ImageSpec) -> None:
        super().__init__(config, spec, config.halvings)
        self.head = nn.Conv2d(self.shape[0], config.code_channels, 1)

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return flattened maps, with shape (B, D), for pixels in [0, 1], (B, C, H, W)."""
        return self.head(self.maps(x)).float().flatten(1)


class MapDecoder(nn.Module):
    """Convolutional decoder, from maps of code vectors to p(x|z).

    Parameters
    ----------
    config : VQVAEConfig
        Layers, sizes and likelihood.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: VQVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        sizes = halved(spec.shape[1:], config.halvings)
        self.stages, self.last = upsampling(config, spec, sizes)
        widest = channels(config.width, config.halvings)[-1]
        self.first = nn.Conv2d(config.code_channels, widest, 3, padding=1)
        self.likelihood = config.likelihood.build()

    @override
    def forward(self, maps: Tensor) -> Distribution:
        """Return p(x|z) for maps of shape (B, C, h, w)."""
        h = self.first(maps.contiguous(memory_format=torch.channels_last))
        h = self.last(self.stages(h))
        # Likelihoods compare it with images, whose memory layout is channels first.
        return self.likelihood(h.to(torch.float32, memory_format=torch.contiguous_format))
