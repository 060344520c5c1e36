"""Classifier of images of another program: ONNX, or a torch network of its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latentlab.models.onnx_file import OnnxFunction

ROUNDING = 1e-3
"""Distance of sums of probabilities from 1."""


@dataclass(frozen=True, slots=True)
class PixelScale:
    """Linear map from pixels in [0, 1] to the input of a classifier.

    Parameters
    ----------
    title : str
        Its name in messages.
    factor, offset : float
        The input is ``factor * x + offset``.
    """

    title: str
    factor: float = 1.0
    offset: float = 0.0


SCALES = (
    PixelScale("0 to 1"),
    PixelScale("-1 to 1", 2.0, -1.0),
    PixelScale("0 to 255", 255.0),
)
"""Scales that are tried, the most common first."""


def standardised(images: NDArray[np.uint8]) -> PixelScale:
    """Return the scale to mean 0 and standard deviation 1 over the pixels of images."""
    mean, deviation = images.mean() / 255, max(images.std() / 255, 1e-3)
    return PixelScale("standardised", 1 / float(deviation), -float(mean / deviation))


@dataclass(frozen=True, slots=True)
class ImageClassifier:
    """Function from images to probabilities of K classes.

    Parameters
    ----------
    compute : callable
        Maps scaled images (N, C, H, W) to K values per image, or to 1 for two classes.
    scale : PixelScale
        Scale of its input.
    gives_probabilities : bool
        Whether the values are probabilities; otherwise they are logits.
    order : tuple of int
        Outputs of the classes, in their order; empty if it is that of the outputs.
    """

    compute: Callable[[Tensor], Tensor]
    scale: PixelScale = SCALES[0]
    gives_probabilities: bool = False
    order: tuple[int, ...] = ()

    def scaled(self, scale: PixelScale) -> ImageClassifier:
        """Return the classifier with another scale of its input."""
        return replace(self, scale=scale)

    @torch.inference_mode()
    def probabilities(self, x: Tensor) -> Tensor:
        """Return the probability of each class, (N, K), of images in [0, 1] of (N, C, H, W)."""
        values = self.compute(x * self.scale.factor + self.scale.offset).float()
        if values.shape[1] == 1:
            share = values if self.gives_probabilities else values.sigmoid()
            found = torch.cat([1 - share, share], 1)
        else:
            found = values if self.gives_probabilities else values.softmax(1)
        return found[:, list(self.order)] if self.order else found


def of_onnx(function: OnnxFunction, output: str) -> ImageClassifier:
    """Return the classifier of an ONNX graph with one input."""
    (port,) = function.inputs
    sizes = tuple(size for size in port.shape[1:] if size is not None)

    def compute(x: Tensor) -> Tensor:
        values = x.numpy()
        channels = values.shape[1]
        if len(sizes) == 3 and sizes[0] != channels and sizes[2] == channels:
            values = np.moveaxis(values, 1, -1)
        if len(sizes) == len(port.shape) - 1:
            values = values.reshape(len(values), *sizes)
        found = function({port.name: np.ascontiguousarray(values)})[output]
        return torch.from_numpy(found.reshape(len(found), -1).astype(np.float32))

    return ImageClassifier(compute)


def of_network(network: nn.Module) -> ImageClassifier:
    """Return the classifier of a torch network that returns logits."""
    return ImageClassifier(network.eval().requires_grad_(False))


def are_probabilities(values: NDArray[np.float32]) -> bool:
    """Return whether rows of values are probabilities: in [0, 1], with sum 1 if more than one."""
    inside = bool(((values >= 0) & (values <= 1 + ROUNDING)).all())
    return inside and (values.shape[1] == 1 or bool((abs(values.sum(1) - 1) < ROUNDING).all()))
