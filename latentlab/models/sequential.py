"""VAE of listed layers, which also holds the models of other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, final, override

from pydantic import AfterValidator, Field, StringConstraints
from torch.distributions import Distribution, Independent, Normal
from torch.nn import functional as F

from latentlab.config import FIRST, Choice, Options
from latentlab.errors import RecipeError
from latentlab.models.base import MODELS, Model, ModelConfig
from latentlab.models.label import refuse_conditions
from latentlab.models.likelihoods import LIKELIHOODS, BernoulliLikelihood, Likelihood
from latentlab.models.sequential_layers import (
    MAX_PARAMETERS,
    Context,
    Stack,
    check_line,
    plan_layers,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from latentlab.data.image_set import ImageSpec
    from latentlab.models.sequential_layers import Plan, Shape

MAX_LAYERS = 512
MIN_SIGMA = 1e-6
"""Smallest standard deviation of a posterior: a variance of 0 has no density."""
LayerText = Annotated[str, StringConstraints(max_length=120), AfterValidator(check_line)]
Spread = Literal["log-variance", "log-sigma", "sigma", "variance", "softplus"]
SPREADS = {
    "log-variance": "Log variance",
    "log-sigma": "Log sigma",
    "sigma": "Sigma",
    "variance": "Variance",
    "softplus": "Sigma by softplus",
}


@MODELS.register
class SequentialConfig(ModelConfig, title="Listed layers"):
    """Layers that you list: for models of other programs, and for architectures of your own."""

    kind: Literal["sequential"] = "sequential"
    latent_dim: int = Field(
        2,
        ge=1,
        le=4096,
        title="Latent dimensions",
        description="Size of the code z.",
        json_schema_extra=FIRST,
    )
    encoder: tuple[LayerText, ...] = Field(
        ("linear 256", "relu"),
        max_length=MAX_LAYERS,
        description="Layers from the image to the heads, such as conv 32 kernel=4 stride=2 "
        "padding=1, relu, linear 256, relu. The layer label adds the class.",
    )
    mean_head: tuple[LayerText, ...] = Field(
        (),
        max_length=MAX_LAYERS,
        description="Layers before the last linear layer of the mean.",
    )
    variance_head: tuple[LayerText, ...] = Field(
        (),
        max_length=MAX_LAYERS,
        description="Layers before the last linear layer of the variance.",
    )
    spread: Annotated[Spread, Options(SPREADS)] = Field(
        "log-variance",
        title="Variance head gives",
        description="Meaning of the second output of the encoder.",
    )
    decoder: tuple[LayerText, ...] = Field(
        ("linear 256", "relu", "linear pixels"),
        max_length=MAX_LAYERS,
        description="Layers from z to the image. The last one has pixels features, or channels "
        "channels; the likelihood applies a sigmoid to it.",
    )
    likelihood: Annotated[Likelihood, Choice(LIKELIHOODS)] = Field(
        BernoulliLikelihood(),
        description="Distribution of a pixel given z. It defines the reconstruction loss.",
    )

    @property
    def conditional(self) -> bool:
        """Whether a layer takes the label."""
        return "label" in (*self.encoder, *self.mean_head, *self.variance_head, *self.decoder)

    @override
    def build(self, spec: ImageSpec) -> Sequential:
        """Build the network; raise a `RecipeError` if layers do not fit each other or `spec`."""
        if self.conditional:
            refuse_conditions(spec, conditional=True)
        return Sequential(self, spec)


@final
class Sequential(Model):
    """VAE of listed layers with a standard normal prior.

    Parameters
    ----------
    config : SequentialConfig
        Layers and likelihood.
    spec : ImageSpec
        Shape and classes of the images.
    """

    def __init__(self, config: SequentialConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.conditional = config.conditional  # type: ignore[misc]
        self.latent_dim = config.latent_dim
        self.spread = config.spread
        plans = plan_model(config, spec)
        self.encoder = Stack(plans["encoder"])
        self.mean_head = Stack(plans["mean_head"])
        self.variance_head = Stack(plans["variance_head"])
        self.decoder = Stack(plans["decoder"])
        self.likelihood = config.likelihood.build()
        self.shape = _output(config, spec)

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        h = self.encoder(x, y)
        # Layers may run in bf16; distributions and losses are in fp32.
        mu, raw = self.mean_head(h, y).float(), self.variance_head(h, y).float()
        sigma = sigma_of(raw, self.spread)
        return Independent(Normal(mu, sigma, validate_args=False), 1, validate_args=False)

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        h = self.decoder(z, y).float()
        return self.likelihood(h.reshape(-1, *self.shape))


def sigma_of(raw: Tensor, spread: Spread) -> Tensor:
    """Return the standard deviation from the output of the variance head."""
    match spread:
        case "log-variance":
            sigma = (0.5 * raw).exp()
        case "log-sigma":
            sigma = raw.exp()
        case "sigma":
            sigma = raw.abs()  # noise is symmetric, so the sign does not matter
        case "variance":
            sigma = raw.abs().clamp_min(MIN_SIGMA**2).sqrt()
        case "softplus":
            sigma = F.softplus(raw)
    return sigma.clamp_min(MIN_SIGMA)


def plan_model(config: SequentialConfig, spec: ImageSpec) -> dict[str, list[Plan]]:
    """Plan the layers of all parts, without memory for their weights.

    Raises
    ------
    RecipeError
        If layers do not fit each other or the images, or are too large.
    """
    context = Context(_output(config, spec), spec.classes)
    last = f"linear {config.latent_dim}"
    plans: dict[str, list[Plan]] = {}

    def add(name: str, lines: Sequence[str], shape: Shape) -> Shape:
        try:
            plans[name] = plan_layers(lines, shape, context)
        except ValueError as error:
            raise RecipeError({f"model.{name}": str(error)}) from None
        return plans[name][-1].shape if plans[name] else shape

    trunk = add("encoder", config.encoder, spec.shape)
    add("mean_head", (*config.mean_head, last), trunk)
    add("variance_head", (*config.variance_head, last), trunk)
    found = add("decoder", config.decoder, (config.latent_dim,))
    if found not in (context.output, (_size(context.output),)):
        wanted = "×".join(map(str, context.output))
        raise RecipeError(
            {"model.decoder": f"it makes {'×'.join(map(str, found))} values, not {wanted}"}
        )
    if sum(plan.weights for each in plans.values() for plan in each) > MAX_PARAMETERS:
        raise RecipeError({"model.encoder": f"more than {MAX_PARAMETERS:,} weights in all"})
    return plans


def _output(config: SequentialConfig, spec: ImageSpec) -> tuple[int, int, int]:
    channels, height, width = spec.shape
    return config.likelihood.outputs * channels, height, width


def _size(shape: tuple[int, int, int]) -> int:
    return shape[0] * shape[1] * shape[2]
