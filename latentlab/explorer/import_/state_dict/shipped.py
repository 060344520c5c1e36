"""Listed layers that are exactly those of `vae` or `cvae`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.config import parse
from latentlab.models.base import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from latentlab.models.base import ModelConfig
    from latentlab.models.sequential import SequentialConfig


def as_shipped(
    config: SequentialConfig, weights: Mapping[str, NDArray[np.float32]]
) -> tuple[ModelConfig, Mapping[str, NDArray[np.float32]]]:
    """Return a `vae` or `cvae` that computes the same, if there is one; else what was given."""
    encoder, decoder = list(config.encoder), list(config.decoder)
    label = ["label"] * config.conditional
    start = ["flatten", *label] if label else []
    hidden = [int(line.split()[1]) for line in encoder if _is_linear(line)]
    expected = [line for size in hidden for line in (f"linear {size}", "relu")]
    mirrored = [line for size in hidden[::-1] for line in (f"linear {size}", "relu")]
    fits = (
        encoder == [*start, *expected]
        and decoder == [*label, *mirrored, "linear pixels"]
        and config.spread == "log-variance"
        and not config.mean_head
        and not config.variance_head
    )
    if not fits:
        return config, weights
    renamed: dict[str, Any] = {}
    for part, first in (("encoder", len(start)), ("decoder", len(label))):
        for i in range(len(hidden)):
            for kind in ("weight", "bias"):
                renamed[f"{part}.trunk.{2 * i}.{kind}"] = weights[f"{part}.{first + 2 * i}.{kind}"]
    for kind in ("weight", "bias"):
        heads = [weights[f"{name}.0.{kind}"] for name in ("mean_head", "variance_head")]
        renamed[f"encoder.heads.{kind}"] = np.concatenate(heads)
        renamed[f"decoder.head.{kind}"] = weights[f"decoder.{len(label) + 2 * len(hidden)}.{kind}"]
    values = {
        "hidden": hidden,
        "latent_dim": config.latent_dim,
        "likelihood": config.likelihood.model_dump(),
    }
    return parse(MODELS.kinds()["cvae" if config.conditional else "vae"], values), renamed


def _is_linear(line: str) -> bool:
    return line.startswith("linear ") and line.split()[1].isdigit() and "=" not in line
