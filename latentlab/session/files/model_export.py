"""Export of the open model as a file for other programs: records and request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from latentlab.errors import RunError
from latentlab.session.request import SaveFile

if TYPE_CHECKING:
    from pathlib import Path


class ModelFormat(StrEnum):
    """File format of an exported model; the value is the suffix of the file."""

    FOLDER = ""
    ONNX = ".onnx"
    SAFETENSORS = ".safetensors"


class ModelPart(StrEnum):
    """Part of a model that one ONNX file holds."""

    ENCODER = "encoder"
    DECODER = "decoder"


def model_format(path: Path) -> ModelFormat:
    """Return the format of an output path: a name without a suffix is a folder.

    Raises
    ------
    RunError
        If no model can be written under this name.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        return ModelFormat.FOLDER
    if suffix in [*ModelFormat]:
        return ModelFormat(suffix)
    raise RunError(
        f"{path} cannot be written: {path.suffix} is not a format for a model.",
        "Choose a name that ends in .onnx or .safetensors, or a folder for encoder and decoder.",
    )


@dataclass(frozen=True, slots=True)
class ExportModel(SaveFile):
    """Write the open model as ONNX or safetensors.

    Parameters
    ----------
    path : Path
        Output file, or folder for encoder, decoder and manifest.
    half : bool
        Whether the weights are stored in half precision.
    part : ModelPart
        Part that an ONNX file holds.
    """

    path: Path
    half: bool = False
    part: ModelPart = ModelPart.DECODER
