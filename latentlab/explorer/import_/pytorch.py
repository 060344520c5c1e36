"""Reader of PyTorch weights: safetensors, and files of ``torch.save``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, override

from latentlab.explorer.import_.reader import ImportedModel, Reader, register
from latentlab.explorer.import_.state_dict.infer import infer
from latentlab.explorer.import_.state_dict.tensors import read_tensors
from latentlab.explorer.import_.state_dict.torch_file import read_torch_file
from latentlab.work import Progress, mapped

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.explorer.import_.state_dict.tensors import Tensors

SAFETENSORS = ".safetensors"


@register
class PyTorchReader(Reader):
    """Weights of a VAE of plain layers; the architecture is inferred from names and shapes."""

    title: ClassVar[str] = "PyTorch weights"
    suffixes: ClassVar[tuple[str, ...]] = (SAFETENSORS, ".pt", ".pth", ".bin", ".ckpt")

    @override
    def read(
        self, path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...]
    ) -> Generator[Progress, None, ImportedModel]:
        tensors = yield from read_weights_file(path)
        return (yield from infer(tensors, choices, images))


def read_weights_file(path: Path) -> Generator[Progress, None, Tensors]:
    """Read the tensors of a file.

    Raises
    ------
    RunError
        If it is damaged, or holds more than weights.
    """
    yield Progress(f"Reading {path.name}")
    if path.suffix.lower() == SAFETENSORS:
        return read_tensors(path)
    message = Progress(f"Reading {path.name}")
    return (yield from mapped(read_torch_file(path), lambda _: message))
