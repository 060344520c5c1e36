"""VAE whose encoder and decoder are ONNX files of another program; it cannot be trained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, final, override

import numpy as np
import torch
from pydantic import Field
from torch.distributions import Distribution, Independent, Normal

from latentlab.config import FIRST, Options
from latentlab.errors import RecipeError, RunError, TrainingError
from latentlab.models.base import MODELS, Model, ModelConfig, StandardNormal
from latentlab.models.fast_distributions import GaussianImages
from latentlab.models.label import refuse_conditions
from latentlab.models.onnx_file import DECODER, ENCODER, OnnxFunction, ordered_inputs
from latentlab.models.sequential import MIN_SIGMA, SPREADS, Spread, sigma_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from latentlab.data.image_set import ImageSpec
    from latentlab.models.onnx_file import Port

Layout = Literal["channels-first", "channels-last", "flat", "flat-channels-last"]
LAYOUTS = {
    "channels-first": "Channels × height × width",
    "channels-last": "Height × width × channels",
    "flat": "Flat, channel by channel",
    "flat-channels-last": "Flat, pixel by pixel",
}
Pixels = Literal["0-to-1", "-1-to-1", "0-to-255"]
PIXELS = {"0-to-1": "0 to 1", "-1-to-1": "-1 to 1", "0-to-255": "0 to 255"}
RANGES: Mapping[str, tuple[float, float]] = {
    "0-to-1": (0.0, 1.0),
    "-1-to-1": (-1.0, 1.0),
    "0-to-255": (0.0, 255.0),
}
"""Values of black and white."""
Activation = Literal["none", "sigmoid", "tanh"]
ACTIVATIONS = {"none": "None", "sigmoid": "Sigmoid", "tanh": "Tanh"}
LabelInput = Literal["none", "index", "one-hot"]
LABELS = {"none": "None", "index": "Index of the class", "one-hot": "One-hot vector"}


@MODELS.register
class OnnxConfig(ModelConfig, title="Encoder and decoder"):
    """Encoder and decoder of another program, as ONNX files beside the recipe."""

    is_listed: ClassVar[bool] = False
    kind: Literal["onnx"] = "onnx"
    latent_dim: int = Field(
        2,
        ge=1,
        le=4096,
        title="Latent dimensions",
        description="Size of the code z.",
        json_schema_extra=FIRST,
    )
    layout: Annotated[Layout, Options(LAYOUTS)] = Field(
        "channels-first", description="Order of the values of an image."
    )
    input_pixels: Annotated[Pixels, Options(PIXELS)] = Field(
        "0-to-1", description="Values of black and white in the input of the encoder."
    )
    output_pixels: Annotated[Pixels, Options(PIXELS)] = Field(
        "0-to-1", description="Values of black and white after the output activation."
    )
    activation: Annotated[Activation, Options(ACTIVATIONS)] = Field(
        "none",
        title="Output activation",
        description="Function applied to the output of the decoder.",
    )
    label: Annotated[LabelInput, Options(LABELS)] = Field(
        "none", title="Label input", description="How the class is given to a conditional model."
    )
    mean: str = Field(
        "mu", max_length=200, description="Output of the encoder that is the mean of z."
    )
    deviation: str = Field(
        "sigma",
        max_length=200,
        description="Output of the encoder that is the spread of z; empty if there is none.",
    )
    spread: Annotated[Spread, Options(SPREADS)] = Field(
        "sigma", title="Spread is", description="Meaning of that output."
    )
    image: str = Field(
        "image", max_length=200, description="Output of the decoder that is the image."
    )
    sigma: float = Field(
        0.1,
        ge=1e-4,
        le=10,
        description="Standard deviation of a pixel given z, where black is 0 and white is 1. It "
        "sets the scale of the reconstruction loss in scores.",
    )

    @override
    def build(self, spec: ImageSpec) -> OnnxModel:
        """Return the model without its files; raise a `RecipeError` without needed labels."""
        if self.label != "none" and not spec.classes:
            raise RecipeError({"model.label": "a conditional model needs class names"})
        refuse_conditions(spec, conditional=self.label != "none")
        return OnnxModel(self, spec)


@final
class OnnxModel(Model):
    """VAE in ONNX files, with a standard normal prior; `attach` gives it the files.

    Parameters
    ----------
    config : OnnxConfig
        Layout of inputs and outputs.
    spec : ImageSpec
        Shape and classes of the images.
    """

    files: ClassVar[tuple[str, ...]] = (ENCODER, DECODER)

    def __init__(self, config: OnnxConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.conditional = config.label != "none"  # type: ignore[misc]
        self.latent_dim = config.latent_dim
        self.config, self.spec = config, spec
        self._encoder: OnnxFunction | None = None
        self._decoder: OnnxFunction | None = None
        self.has_encoder = self.has_gradient = False
        self.has_posterior = bool(config.deviation)

    @override
    def attach(self, files: Mapping[str, bytes]) -> None:
        """Load the files; see the base class."""
        if DECODER not in files:
            raise RunError(f"The run has no {DECODER}.", "Copy the complete folder.")
        decoder = OnnxFunction(files[DECODER], DECODER)
        encoder = OnnxFunction(files[ENCODER], ENCODER) if ENCODER in files else None
        self._check(decoder, DECODER, (self.config.image,))
        if encoder:
            names = [name for name in (self.config.mean, self.config.deviation) if name]
            self._check(encoder, ENCODER, names)
        self._take(encoder, decoder, files)

    def like(self, config: OnnxConfig, spec: ImageSpec) -> OnnxModel:
        """Return a model of the same files with another config."""
        model = OnnxModel(config, spec)
        model._take(self._encoder, self._decoder, self.attached)
        return model

    def _take(
        self,
        encoder: OnnxFunction | None,
        decoder: OnnxFunction | None,
        files: Mapping[str, bytes],
    ) -> None:
        self._encoder, self._decoder, self.attached = encoder, decoder, files
        self.has_encoder = encoder is not None

    def _check(
        self, function: OnnxFunction, source: str, outputs: tuple[str, ...] | list[str]
    ) -> None:
        """Check inputs and outputs of a file against the config."""
        known = {each.name for each in function.outputs}
        for name in outputs:
            if name not in known:
                raise RunError(f"{source} has no output {name}.", f"It has {', '.join(known)}.")
        wanted = 1 + self.conditional
        if len(function.inputs) != wanted:
            raise RunError(f"{source} has {len(function.inputs)} inputs, not {wanted}.")

    @override
    def train(self, mode: bool = True) -> OnnxModel:
        if mode and self._decoder is not None:
            raise TrainingError(
                "This model is an ONNX file, which cannot be trained.",
                "Train a model of the same size on its data set.",
            )
        super().train(False)
        return self

    @override
    def prior(self, y: Tensor | None = None) -> Distribution:
        return StandardNormal(torch.zeros(self.latent_dim))

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        if self._encoder is None:
            raise RunError("This model has no encoder.", "It can only decode.")
        self._refuse_gradient(x)
        found = self._call(self._encoder, self._pixels_in(x.detach().numpy()), y)
        mean = _rows(found[self.config.mean])
        is_joint = self.config.deviation in ("", self.config.mean)
        if is_joint and mean.shape[1] == 2 * self.latent_dim:
            mean = mean[:, : self.latent_dim]
        self._check_size(mean, self.latent_dim, "code")
        sigma = torch.full_like(mean, MIN_SIGMA)
        if self.config.deviation:
            raw = _rows(found[self.config.deviation])
            if self.config.deviation == self.config.mean:
                raw = raw[:, self.latent_dim :]
            self._check_size(raw, self.latent_dim, "spread")
            sigma = sigma_of(raw, self.config.spread)
        return Independent(Normal(mean, sigma, validate_args=False), 1, validate_args=False)

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        if self._decoder is None:
            raise RunError("This model has no decoder.", "Copy the complete folder.")
        self._refuse_gradient(z)
        found = self._call(self._decoder, z.detach().numpy(), y)
        raw = _rows(found[self.config.image])
        self._check_size(raw, self.spec.pixels, "image")
        mean = self._pixels_out(raw)
        return GaussianImages(mean, mean.new_full((1,), self.config.sigma))

    def _refuse_gradient(self, values: Tensor) -> None:
        if values.requires_grad:
            raise RunError(
                "This model is an ONNX file, which gives no gradients.",
                "Choose a straight, spherical or data path, or a model in PyTorch.",
            )

    def _check_size(self, values: Tensor, size: int, what: str) -> None:
        if values.shape[1] != size:
            raise RunError(f"The model returns {values.shape[1]} values per {what}, not {size}.")

    def _call(
        self, function: OnnxFunction, values: NDArray[np.float32], y: Tensor | None
    ) -> dict[str, NDArray]:
        first, *others = ordered_inputs(function)
        if not len(values):
            return {
                each.name: np.zeros((0, self._empty_size(each)), np.float32)
                for each in function.outputs
            }
        arrays = {first.name: values.reshape(len(values), *_sizes(first, values[0].size))}
        if others and y is not None:
            arrays[others[0].name] = self._label_array(y, others[0])
        return function(arrays)

    def _empty_size(self, port: Port) -> int:
        return self.spec.pixels if port.name == self.config.image else self.latent_dim

    def _label_array(self, y: Tensor, port: Port) -> NDArray:
        labels = y.numpy()
        if self.config.label == "one-hot":
            return np.eye(self.spec.classes, dtype=np.float32)[labels]
        return labels.reshape(-1, *[1] * (len(port.shape) - 1))

    def _pixels_in(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return images in the layout and range of the encoder."""
        low, high = RANGES[self.config.input_pixels]
        values = x * (high - low) + low
        last = self.config.layout in ("channels-last", "flat-channels-last")
        values = np.moveaxis(values, 1, -1) if last else values
        return np.ascontiguousarray(values, np.float32)

    def _pixels_out(self, raw: Tensor) -> Tensor:
        """Return means in [0, 1] of shape (N, C, H, W) from flat outputs."""
        channels, height, width = self.spec.shape
        match self.config.activation:
            case "sigmoid":
                raw = raw.sigmoid()
            case "tanh":
                raw = raw.tanh()
        low, high = RANGES[self.config.output_pixels]
        values = ((raw - low) / (high - low)).clamp(0, 1)
        if self.config.layout in ("channels-last", "flat-channels-last"):
            return values.reshape(-1, height, width, channels).permute(0, 3, 1, 2).contiguous()
        return values.reshape(-1, channels, height, width)


def _sizes(port: Port, count: int) -> tuple[int, ...]:
    """Return the shape of one value of an input, by its declared sizes."""
    known = [size for size in port.shape[1:] if size is not None]
    is_known = len(known) == len(port.shape) - 1
    return tuple(known) if is_known and math.prod(known) == count else (count,)


def _rows(values: NDArray) -> Tensor:
    """Return values as float32 of shape (N, M)."""
    array = np.ascontiguousarray(values.reshape(len(values), -1), np.float32)
    return torch.from_numpy(array)
