"""The frozen network whose features compare images."""

from __future__ import annotations

from functools import cache

import torch

from latentlab.directories import resources
from latentlab.errors import RunError, TrainingError
from latentlab.learning.tensors import read_weights
from latentlab.models.perceptual_net import Features


@cache
def feature_network(device: torch.device) -> Features:
    """Return the frozen feature network that ships with latentlab, cached per device.

    Raises
    ------
    TrainingError
        If its file is missing or damaged.
    """
    path = resources() / "features" / "perceptual.safetensors"
    with torch.device("meta"):  # draws no random initial weights
        network = Features()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    try:
        weights = read_weights(path, shapes)
    except RunError as error:
        raise TrainingError(
            f"The network of the perceptual term is missing or damaged: {path}.",
            "Install latentlab again.",
        ) from error
    network.load_state_dict(
        {name: torch.from_numpy(value) for name, value in weights.items()}, assign=True
    )
    # On a CPU these convolutions are three times as fast with channels last.
    network = network.to(device).to(memory_format=torch.channels_last)
    return network.eval().requires_grad_(False)
