"""A VAE inferred from the names and shapes of its tensors.

What these do not say is chosen by the error of reconstructed images, and said so.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.image_set import ImageSpec
from latentlab.errors import LatentlabError, RunError
from latentlab.explorer.import_.choose import UNSURE, Axis, choices_of, decide
from latentlab.explorer.import_.fitting import MAX_IMAGES, MIN_IMAGES
from latentlab.explorer.import_.foreign import model_of, pixel_variance, relative_errors
from latentlab.explorer.import_.reader import ImportedModel
from latentlab.explorer.import_.state_dict.assemble import NO_ACTIVATION, OUTPUTS, assemble
from latentlab.explorer.import_.state_dict.chain import (
    SPREAD,
    find_architecture,
    is_square,
    telling_part,
)
from latentlab.explorer.import_.state_dict.geometry import geometries
from latentlab.explorer.import_.state_dict.modules import LINEAR, group
from latentlab.explorer.import_.state_dict.residual import (
    refuse_residual,
    residual_blocks,
    residual_remark,
)
from latentlab.explorer.import_.state_dict.shipped import as_shipped
from latentlab.latent.encode import encode
from latentlab.models.sequential import SPREADS

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from latentlab.explorer.import_.choose import Decision
    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.explorer.import_.state_dict.chain import Architecture
    from latentlab.explorer.import_.state_dict.geometry import Geometry
    from latentlab.explorer.import_.state_dict.tensors import Tensors
    from latentlab.models.base import Model
    from latentlab.models.sequential import SequentialConfig
    from latentlab.session.import_.model import ImportChoice
    from latentlab.work import Progress

    type Weights = dict[str, NDArray[np.float32]]

ACTIVATIONS = {
    "relu": "ReLU",
    "leaky-relu 0.2": "leaky ReLU 0.2",
    "leaky-relu 0.01": "leaky ReLU 0.01",
    "elu": "ELU",
    "tanh": "tanh",
    "silu": "SiLU",
    "gelu": "GELU",
    "softplus": "softplus",
    "sigmoid": "sigmoid",
    NO_ACTIVATION: "none",
}
"""Titles of the activations that are tried, the most common first."""
FIRST_ACTIVATIONS = ("relu", "tanh")
"""Activations that are tried together with the other choices; the others are near one of them."""
MAX_WORK = 1 << 28
"""Products of all images, roughly, above which fewer images are used."""
SPREAD_KEY = "spread"
MEAN_FIRST, MEAN_LAST = "mean first", "mean last"


def infer(
    tensors: Tensors,
    given: Mapping[str, str],
    images: tuple[FittingImages, ...],
    fixed: Mapping[str, str] | None = None,
    shape: tuple[int, int, int] | None = None,
) -> Generator[Progress, None, ImportedModel]:
    """Infer a model.

    Parameters
    ----------
    tensors : Tensors
        Weights of a file.
    given : mapping of str to str
        Values that a person chose, by key of an `ImportChoice`.
    images : tuple of FittingImages
        Images by which to decide what the weights do not say.
    fixed : mapping of str to str, optional
        Values that the format defines, by key; they are not asked.
    shape : tuple of int, optional
        Channels, height and width, if the format says so.

    Raises
    ------
    RunError
        If the tensors are not those of a VAE of plain sequences of layers.
    """
    found = find_architecture(group(tensors), is_ordered=tensors.is_ordered)
    problem = _Problem(found, dict(fixed or {}), shape)
    open_axes = [axis for axis in problem.axes if axis.key not in problem.fixed]
    decision = yield from decide(open_axes, given, problem.errors, problem.similar(images))
    return problem.solve(open_axes, given, decision)


class _Problem:
    """A model whose layers are known, and whose other values are to be chosen.

    Parameters
    ----------
    found : Architecture
        Layers of the file.
    fixed : dict of str to str
        Values that the format defines.
    shape : tuple of int or None
        Shape of the images, if the format says so.
    """

    def __init__(
        self, found: Architecture, fixed: dict[str, str], shape: tuple[int, int, int] | None
    ) -> None:
        self._found, self.fixed, self._shape = found, fixed, shape
        known = geometries(found, shape[1] if shape else None)
        self._geometries = {each.key: each for each in known}
        if not known:
            raise RunError(
                "The sizes of its convolutions do not close between image and z, with any common "
                "stride and padding.",
                "Export encoder and decoder as ONNX, which holds strides and paddings.",
            )
        self.axes = self._axes()
        steps = (*found.encoder, *found.decoder)
        self._weights = sum(step.module.weight.size for step in steps)

    def _axes(self) -> list[Axis]:
        """Return what the weights do not say, in the order in which it is decided."""
        found = self._found
        axes = []
        if len(self._geometries) > 1:
            titles = {key: each.title for key, each in self._geometries.items()}
            help_ = "Strides and paddings are not in the weights; only their sizes are."
            axes.append(Axis("geometry", "Convolutions", help_, titles))
        axes += [self._output_axis(), *self._activation_axes()]
        order = found.named_order
        axes.append(
            Axis(
                "heads",
                "Order of the heads",
                "The encoder has two heads, for the mean and for the variance of z.",
                {MEAN_FIRST: "mean, then variance", MEAN_LAST: "variance, then mean"},
                order,
                f"The heads are called {_names(found)}." if order else "",
                starts=(MEAN_FIRST, MEAN_LAST),
            )
        )
        if found.classes:
            help_ = "Place of the label beside the image and z."
            titles = {"last": "after the values", "first": "before the values"}
            axes.append(Axis("label-order", "Label inputs", help_, titles, starts=tuple(titles)))
        if self._has_layouts:
            help_ = "Order of the values of a colour image that is flat."
            titles = {"channels first": "channel by channel", "channels last": "pixel by pixel"}
            axes.append(Axis("layout", "Pixel order", help_, titles, starts=tuple(titles)))
        if found.norms:
            help_ = "Whether a batch norm follows its layer or the activation."
            titles = {"before": "before the activation", "after": "after the activation"}
            axes.append(Axis("norm-order", "Batch norm", help_, titles))
        return [*axes, self._spread_axis()]

    def _output_axis(self) -> Axis:
        help_ = "Last function of the decoder, and the values of white and black."
        titles = {key: value[0] for key, value in OUTPUTS.items()}
        return Axis("output", "Output", help_, titles, starts=tuple(titles))

    def _activation_axes(self) -> list[Axis]:
        axes = []
        help_ = "Function after each layer but the last."
        if self._found.encoder:
            axes.append(_activation("encoder", help_))
        if self._found.branches:
            axes.append(_activation("head", help_))
        if len(self._found.decoder) > 1:
            axes.append(_activation("decoder", help_))
            first, second, *_ = self._found.decoder
            if first.kind == LINEAR and second.kind != LINEAR:
                help_ = "Whether the first layer of the decoder, before the map, has an activation."
                titles = {"yes": "with activation", "no": "without activation"}
                axes.append(Axis("first-activation", "First decoder layer", help_, titles))
        return axes

    def _spread_axis(self) -> Axis:
        names = [telling_part(each.name).lower() for each in self._found.heads]
        name = next((each for each in names if SPREAD.search(each)), names[-1])
        hint = ""
        if "log" in name or "lv" in name:
            hint = "log-sigma" if "sig" in name or "std" in name else "log-variance"
        elif "sig" in name or "std" in name:
            hint = "log-sigma"
        reason = f"The head is called {name}." if "log" in name or "lv" in name else ""
        return Axis(
            SPREAD_KEY,
            "Variance head",
            "What the second head gives. It does not change reconstructions.",
            SPREADS,
            hint if reason else "",
            reason,
            is_visible=False,
        )

    @property
    def _has_layouts(self) -> bool:
        found = self._found
        is_flat = not found.takes_map and not found.gives_map
        return is_flat and self._shape_for(next(iter(self._geometries.values())))[0] > 1

    def _shape_for(self, geometry: Geometry) -> tuple[int, int, int]:
        """Return channels, height and width of the images."""
        found = self._found
        if self._shape:
            return self._shape
        if found.takes_map:
            return found.first_inputs, geometry.side, geometry.side
        if found.gives_map:
            return found.decoder[-1].outputs, geometry.side, geometry.side
        return flat_shape(found.first_inputs)

    # Evaluation

    def similar(self, images: Sequence[FittingImages]) -> list[FittingImages]:
        """Return the data sets with as many channels as the model; all if there are none."""
        channels = self._shape_for(next(iter(self._geometries.values())))[0]
        return [each for each in images if each.channels == channels] or list(images)

    def build(
        self, values: Mapping[str, str]
    ) -> tuple[SequentialConfig, Weights, tuple[int, int, int]]:
        """Return config, weights and image shape for chosen values."""
        values = {"spread": "log-variance", "heads": MEAN_FIRST, **values, **self.fixed}
        key = values.get("geometry", "")
        geometry = self._geometries.get(key) or next(iter(self._geometries.values()))
        shape = self._shape_for(geometry)
        config, weights = assemble(self._found, geometry, shape, values)
        return config, weights, shape

    def errors(
        self, values: Mapping[str, str], images: FittingImages
    ) -> NDArray[np.float64] | None:
        """Return the relative error of each image; see `choose.decide`."""
        config, weights, shape = self.build(values)
        few = self._images(images, shape)
        if few is None:
            return None
        try:
            return relative_errors(model_of(config, few.spec, weights), few)
        except LatentlabError:  # these values do not fit each other
            return None

    def _images(self, images: FittingImages, shape: tuple[int, int, int]) -> FittingImages | None:
        """Return images of the shape and classes of the model; None if there are none."""
        if self._found.classes and images.spec.classes != self._found.classes:
            return None
        work = self._weights * (int(np.prod(shape[1:])) if self._found.takes_map else 1)
        count = int(np.clip(MAX_WORK // max(1, work), MIN_IMAGES, MAX_IMAGES))
        few = images.of_shape(shape, count)
        return few if len(few.sample) > 1 else None

    def _moments(
        self,
        axes: Sequence[Axis],
        given: Mapping[str, str],
        decision: Decision,
        images: FittingImages | None,
    ) -> str:
        """Return the moments of z by what the variance head gives, as a sentence; else nothing.

        Reconstructions do not depend on it, but the codes of a trained VAE match the prior roughly:
        over all images the mean of mu² + sigma² is near 1.
        """
        axis = next((each for each in axes if each.key == SPREAD_KEY), None)
        if axis is None or axis.hint or SPREAD_KEY in given or not decision.fits or images is None:
            return ""
        moments = {}
        for spread in SPREADS:
            config, weights, _ = self.build({**decision.values, SPREAD_KEY: spread})
            moments[spread] = _second_moment(model_of(config, images.spec, weights), images)
        found = ", ".join(f"{SPREADS[each].lower()} {value:.2g}" for each, value in moments.items())
        return f"In a trained VAE mu² + sigma² is near 1 on average; here it would be: {found}."

    def solve(
        self, axes: Sequence[Axis], given: Mapping[str, str], decision: Decision
    ) -> ImportedModel:
        """Return the model with the chosen values, and how they were chosen."""
        config, weights, shape = self.build(decision.values)
        images = self._images(decision.images, shape) if decision.images else None
        blocks = residual_blocks((*self._found.encoder, *self._found.decoder))
        if images is None or not decision.fits:
            refuse_residual(blocks, self._found.latent_dim)
        moments = self._moments(axes, given, decision, images)
        names = tuple(map(str, range(self._found.classes)))
        spec = images.spec if images else ImageSpec(shape, names)
        variance = pixel_variance(images) if images else 1.0
        choices = tuple(
            replace(each, reason=f"{each.reason} {moments}".strip())
            if each.key == SPREAD_KEY
            else each
            for each in choices_of(axes, given, decision, variance)
        )
        config = _with_likelihood(config, decision, variance, shape)
        if not decision.fits:
            spec = ImageSpec(shape, names)
        final, tensors = as_shipped(config, weights)
        try:
            model_of(final, spec, tensors)
        except LatentlabError as error:
            raise RunError(f"Its layers do not fit: {error.message}", error.advice) from error
        lines = ("encoder", config.encoder), ("decoder", config.decoder)
        hidden = (step.module.name for branch in self._found.branches for step in branch)
        heads = (*hidden, *(head.name for head in self._found.heads))
        remarks = _remarks(choices, images, decision, variance, self._found)
        remarks = tuple(filter(None, (*remarks, residual_remark(blocks))))
        return ImportedModel(
            final,
            tensors,
            spec,
            choices,
            remarks,
            (lines[0], ("heads", heads), lines[1]),
            self._found.unused,
            images,
            fits=decision.fits,
        )


def _second_moment(model: Model, images: FittingImages) -> float:
    """Return the mean of mu² + sigma² over images and dimensions."""
    codes = encode(model, images.sample)
    return float((codes.mu**2 + codes.sigma**2).mean())


def _activation(part: str, help_: str) -> Axis:
    title = f"{part.capitalize()} activation"
    return Axis(
        f"{part}-activation", title, help_, ACTIVATIONS, starts=FIRST_ACTIVATIONS, tie="activation"
    )


def flat_shape(pixels: int) -> tuple[int, int, int]:
    """Return channels, height and width of a flat image: square, else as square as possible."""
    for channels in (1, 3):
        if pixels % channels == 0 and is_square(pixels // channels):
            side = math.isqrt(pixels // channels)
            return channels, side, side
    width = max(each for each in range(1, math.isqrt(pixels) + 1) if pixels % each == 0)
    return 1, pixels // width, width


def _with_likelihood(
    config: SequentialConfig,
    decision: Decision,
    variance: float,
    shape: tuple[int, int, int],
) -> SequentialConfig:
    """Return the config with a likelihood, which only matters for losses and further training."""
    if decision.values.get("output", "sigmoid") == "sigmoid" and shape[0] == 1:
        return config
    error = math.sqrt(decision.error * variance) if decision.fits else 0.1
    sigma = float(np.clip(round(error, 2), 0.01, 1.0))
    likelihood = {"kind": "gaussian", "sigma": sigma}
    return type(config).model_validate({**config.model_dump(), "likelihood": likelihood})


def _names(found: Architecture) -> str:
    return " and ".join(head.name for head in found.heads)


def _remarks(
    choices: Sequence[ImportChoice],
    images: FittingImages | None,
    decision: Decision,
    variance: float,
    found: Architecture,
) -> tuple[str, ...]:
    remarks = [choice.reason for choice in choices]
    if images is None or not decision.fits:
        assumed = ", so what the file does not say is assumed" if choices else ""
        remarks.insert(
            0,
            f"No images on this machine are reconstructed well{assumed}. Open the data set of the "
            "model in the window, and import the model again.",
        )
    else:
        explained = 100 * (1 - decision.error)
        doubt = " That is little: please look at the images." if decision.error > UNSURE else ""
        remarks.insert(
            0,
            f"Reconstructs {images.title} with a squared error of {decision.error * variance:.2g} "
            f"per pixel: {explained:.0f} % of their variance.{doubt}",
        )
    if found.unused:
        remarks.append(f"Not used: {', '.join(found.unused[:6])}.")
    return tuple(remarks)
