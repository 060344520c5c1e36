"""Error messages about files that cannot be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.data.files.archive import holds_pictures
from latentlab.data.files.image_file import picture_suffixes
from latentlab.errors import DataError, RunError, shown
from latentlab.learning.checkpoint import DESCRIPTION_FILE

if TYPE_CHECKING:
    from pathlib import Path

FRAMEWORK_SUFFIXES = {
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
"""Map from suffixes of model files to their framework."""
IMPORT_MENU_PATH = "File › Use a folder of images…"
DATA_SUFFIXES = {
    **dict.fromkeys(
        (".npz", ".npy"),
        ("arrays", "To learn from images in it, choose arrays as Data in Train, and this file."),
    ),
    **dict.fromkeys(
        (".csv", ".tsv", ".xlsx"),
        (
            "a table",
            f"It can be the attribute table of images: use {IMPORT_MENU_PATH} for the images.",
        ),
    ),
    ".zip": ("an archive", f"To train on images in it, use {IMPORT_MENU_PATH}."),
}
"""Map from suffixes of data files to a description and advice."""
OPENABLE_RUNS = (
    "a run folder that latentlab has written, or the checkpoint (.safetensors, .json) in it"
)


def image_file_error(path: Path, error: DataError) -> DataError:
    """Return the error for a file that was opened as an image and is not one.

    Parameters
    ----------
    path : Path
        The file. With an image suffix `error` is returned unchanged; otherwise the message lists
        the kinds of files that can be opened.
    error : DataError
        Reason why it cannot be read as an image.
    """
    suffix = path.suffix.lower()
    if suffix in FRAMEWORK_SUFFIXES:
        reason = f"is a file of {FRAMEWORK_SUFFIXES[suffix]}, which latentlab cannot open"
        return DataError(f"{path.name} {reason}.", f"Open {OPENABLE_RUNS}.")
    if suffix in picture_suffixes() or not path.is_file():
        return error
    if suffix in DATA_SUFFIXES:
        what, advice = DATA_SUFFIXES[suffix]
        return DataError(f"{path.name} is {what}. It is no model, recipe or image.", advice)
    return DataError(
        f"{path.name} is not a model, a recipe or an image.",
        f"Open {OPENABLE_RUNS}; a recipe (.toml); or an image such as a PNG or JPEG.",
    )


def code_file_error(path: Path, error: DataError) -> DataError:
    """Return the error for a file without codes, with advice on what else it can be."""
    _, advice = DATA_SUFFIXES.get(path.suffix.lower(), ("", ""))
    return DataError(error.message, " ".join(filter(None, (error.advice, advice))))


def run_path_error(path: Path, error: RunError) -> RunError:
    """Return the error for a path that cannot be opened as a run.

    Parameters
    ----------
    path : Path
        The path. If it is a folder of runs or of images, the advice says how to use it.
    error : RunError
        Reason why it cannot be opened.
    """
    if not path.is_dir() or (path / DESCRIPTION_FILE).exists():
        return error
    if inside := sorted(file.parent.name for file in path.glob(f"*/{DESCRIPTION_FILE}")):
        return RunError(error.message, f"It holds runs: open one of them, as {shown(inside[0])}.")
    if holds_pictures(path):
        return RunError(
            error.message, f"It holds images. To train on them, use {IMPORT_MENU_PATH}."
        )
    return error
