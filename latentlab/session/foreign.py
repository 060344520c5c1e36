"""Files that nothing here can open: what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.data.decode import picture_suffixes
from latentlab.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = {
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".ckpt": "PyTorch or TensorFlow",
    ".bin": "PyTorch",
    ".onnx": "ONNX",
    ".h5": "Keras",
    ".keras": "Keras",
    ".pb": "TensorFlow",
    ".tflite": "TensorFlow Lite",
    ".pkl": "Python",
    ".pickle": "Python",
}
"""Whose models have such names."""
RUNS = "a run folder that latentlab has written, or the checkpoint (.safetensors, .json) in it"


def why_no_picture(path: Path, error: DataError) -> DataError:
    """Return what to tell of a file that was opened as a picture and is none.

    Parameters
    ----------
    path : Path
        The file. One with a picture's name was meant as one; of another, all is told that can be
        opened.
    error : DataError
        Why it cannot be read as a picture.
    """
    suffix = path.suffix.lower()
    if suffix in OTHERS:
        whose = f"is a file of {OTHERS[suffix]}, which latentlab cannot open"
        return DataError(f"{path.name} {whose}.", f"Open {RUNS}.")
    if suffix in picture_suffixes() or not path.is_file():
        return error
    return DataError(
        f"{path.name} is neither a model, a recipe nor a picture.",
        f"Open {RUNS}; a recipe (.toml); or a picture such as a PNG or JPEG.",
    )
