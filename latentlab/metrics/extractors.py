"""Networks whose features compare sets of images: ours, or Inception of a file of the user."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import interpolate

from latentlab.data.pixels import displayed
from latentlab.errors import DataError, RunError
from latentlab.latent.encode import to_model_input
from latentlab.learning.feature_network import feature_network
from latentlab.learning.tensors import read_weights
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from numpy.typing import NDArray

OUR_NAME = "latentlab perceptual 64"
"""Name of our features: the 64 channels of the last stage, averaged over the image."""
INCEPTION_SIDE = 299
BATCH = 32
CONVERT = (
    "Write it with: import safetensors.torch, torchvision; "
    'net = torchvision.models.inception_v3(weights="IMAGENET1K_V1"); '
    'kept = {k: v for k, v in net.state_dict().items() if "num_batches" not in k}; '
    'safetensors.torch.save_file(kept, "inception.safetensors")'
)
Inception: Any = Field(
    None,
    title="Inception weights",
    description="File of the weights of torchvision's Inception v3 (.safetensors). Without it, the "
    "features are those of the small network that ships with latentlab.",
)


@dataclass(frozen=True, slots=True)
class Extractor:
    """Function from images to features.

    Parameters
    ----------
    name : str
        Name in results.
    compute : callable
        Maps images (B, C, H, W) in [0, 1] to features (B, F).
    path : Path or None
        File of the weights; None for ours.
    """

    name: str
    compute: Callable[[Tensor], Tensor]
    path: Path | None = None

    def features(
        self, pixels: NDArray[Any], message: str
    ) -> Generator[Progress, None, NDArray[np.float64]]:
        """Return the features of images (N, C, H, W), bytes or floats, with shape (N, F)."""
        parts = []
        for start in range(0, len(pixels), BATCH):
            with torch.inference_mode():
                x = to_model_input(np.asarray(pixels[start : start + BATCH]))
                parts.append(self.compute(x).double().numpy())
            yield Progress(message, start / len(pixels))
        return np.concatenate(parts)


def extractor(inception: Path | None) -> Extractor:
    """Return our extractor, or Inception v3 with the weights of a file.

    Raises
    ------
    LatentlabError
        If the file is missing or holds other weights.
    """
    return _ours() if inception is None else _inception(inception)


def _ours() -> Extractor:
    network = feature_network(torch.device("cpu"))
    return Extractor(OUR_NAME, lambda x: network(x)[-1].mean((2, 3)))


def _inception(path: Path) -> Extractor:
    if path.suffix != ".safetensors" or not path.is_file():
        raise DataError(f"{path} is no .safetensors file of Inception v3.", CONVERT)
    from torchvision.models import inception_v3

    with torch.device("meta"):
        network: nn.Module = inception_v3(
            weights=None, aux_logits=True, transform_input=False, init_weights=False
        )
    state = network.state_dict()
    # The counters of batch normalisation are integers, which play no part in evaluation.
    names = [name for name in state if not name.endswith("num_batches_tracked")]
    shapes = {name: tuple(state[name].shape) for name in names}
    try:
        weights = read_weights(path, shapes)
    except RunError as error:
        raise DataError(f"{path} does not hold Inception v3.", CONVERT) from error
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    network.load_state_dict(tensors, assign=True, strict=False)
    network.fc = nn.Identity()
    name = f"Inception v3, pool3 2048, {path.name}"
    compute = partial(_pooled, network.eval().requires_grad_(False))
    return Extractor(name, compute, path.resolve())


def _pooled(network: nn.Module, x: Tensor) -> Tensor:
    """Return the 2048 averaged features of colour images, scaled to [-1, 1]."""
    shown = torch.from_numpy(displayed(x.numpy())) if x.shape[1] not in (1, 3) else x
    colour = shown.expand(-1, 3, -1, -1)
    side = (INCEPTION_SIDE, INCEPTION_SIDE)
    pooled: Tensor = network(2 * interpolate(colour, side, mode="bilinear", antialias=True) - 1)
    return pooled
