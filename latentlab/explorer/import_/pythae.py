"""Reader of model folders of pythae: ``model_config.json`` and ``model.pt``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, override

from pydantic import Field, TypeAdapter

from latentlab.errors import RunError
from latentlab.explorer.import_.pytorch import read_weights_file
from latentlab.explorer.import_.reader import ImportedModel, Reader, register
from latentlab.explorer.import_.state_dict.infer import infer
from latentlab.explorer.import_.state_dict.tensors import Tensors
from latentlab.explorer.import_.state_dict.torch_file import SAVE_ADVICE
from latentlab.json_files import Record, read_json

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.work import Progress

CONFIG, WEIGHTS = "model_config.json", "model.pt"
PICKLES = ("encoder.pkl", "decoder.pkl")
PARTS = ("encoder.", "decoder.")
Side = Annotated[int, Field(ge=1, le=8192)]
DEFAULTS = {
    "geometry": "",  # the most common one that closes
    "spread": "log-variance",
    "heads": "mean first",
    "encoder-activation": "relu",
    "decoder-activation": "relu",
    "norm-order": "before",
    "first-activation": "no",
}
"""What the architectures of pythae define."""
NO_VARIANCE = ("AE", "WAE_MMD", "RAE_L2", "RAE_GP", "VQVAE", "Adversarial_AE")
"""Models without a diagonal Gaussian posterior."""
OTHER_CODES = ("SVAE", "PoincareVAE", "HVAE", "RHVAE", "VAE_IAF", "VAE_LinNF", "VAMP")
"""Models whose prior or posterior is not that of a plain VAE."""


class _ModelConfig(Record):
    """Content of ``model_config.json`` that is used."""

    name: Annotated[str, Field(max_length=80)]
    input_dim: Annotated[tuple[Side, ...], Field(min_length=1, max_length=3)]
    latent_dim: Annotated[int, Field(ge=1, le=4096)]


_CONFIG = TypeAdapter(_ModelConfig)


@register
class PythaeReader(Reader):
    """Models of pythae with its default or benchmark networks."""

    title: ClassVar[str] = "pythae model"
    folder_files: ClassVar[tuple[str, ...]] = (CONFIG,)

    @override
    def read(
        self, path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...]
    ) -> Generator[Progress, None, ImportedModel]:
        config = read_json(path / CONFIG, _CONFIG, fault="is no configuration of pythae")
        _check(path, config)
        tensors = yield from read_weights_file(path / WEIGHTS)
        # Others are parts of training, such as a discriminator.
        used = {name: each for name, each in tensors.arrays.items() if name.startswith(PARTS)}
        found = Tensors(used, tensors.is_ordered)
        fixed = {**DEFAULTS, "output": "sigmoid"}
        return (yield from infer(found, choices, images, fixed, _shape(config)))


def _check(path: Path, config: _ModelConfig) -> None:
    name = config.name.removesuffix("Config")
    if pickles := [file for file in PICKLES if (path / file).exists()]:
        raise RunError(
            f"{path.name} has its own networks as pickles ({', '.join(pickles)}). Reading them "
            "could run code, so nothing of it was read.",
            SAVE_ADVICE,
        )
    if name in NO_VARIANCE:
        raise RunError(
            f"{path.name} is a model of kind {name}, whose encoder gives no variance.",
            "latentlab opens VAE, BetaVAE and others with a Gaussian posterior.",
        )
    if name in OTHER_CODES:
        raise RunError(
            f"{path.name} is a model of kind {name}, whose prior or posterior is not that of a "
            "plain VAE: its codes would be wrong here.",
            "latentlab opens VAE, BetaVAE and others with a standard normal prior.",
        )


def _shape(config: _ModelConfig) -> tuple[int, int, int] | None:
    """Return channels, height and width; None if only the number of pixels is known."""
    if len(config.input_dim) == 3:
        channels, height, width = config.input_dim
        return channels, height, width
    if len(config.input_dim) == 2:
        height, width = config.input_dim
        return 1, height, width
    side = math.isqrt(config.input_dim[0])
    return (1, side, side) if side * side == config.input_dim[0] else None
