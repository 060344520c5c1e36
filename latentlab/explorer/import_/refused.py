"""Formats that cannot be opened without running code of the file, or that are not read."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, override

from latentlab.errors import RunError
from latentlab.explorer.import_.reader import ImportedModel, Reader, register
from latentlab.explorer.import_.state_dict.torch_file import SAVE_ADVICE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.work import Progress

ONNX_ADVICE = (
    "In Python, where the model can be loaded, write a file that can be opened:\n"
    "    import tf2onnx, tensorflow as tf\n"
    '    decoder = tf.keras.models.load_model("decoder.keras")\n'
    '    tf2onnx.convert.from_keras(decoder, output_path="decoder.onnx")'
)
MAX_NAMES = 10_000
"""Entries of an archive that are looked at."""


class Refusal(Reader):
    """Reader that explains why a format cannot be opened, and how to convert it."""

    is_refusal: ClassVar[bool] = True
    rank: ClassVar[int] = -1
    reason: ClassVar[str]
    advice: ClassVar[str]

    @override
    def read(
        self, path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...]
    ) -> Generator[Progress, None, ImportedModel]:
        yield from ()
        raise RunError(f"{path.name} {self.reason}", self.advice)


@register
class TorchScript(Refusal):
    """A program of TorchScript in a ``.pt`` file."""

    title: ClassVar[str] = "TorchScript"
    reason: ClassVar[str] = (
        "is a TorchScript program: opening it could run code, so nothing of it was read."
    )
    advice: ClassVar[str] = SAVE_ADVICE.replace(
        "    from safetensors", '    model = torch.jit.load("model.pt")\n    from safetensors'
    )

    @override
    def matches(self, path: Path) -> bool:
        if path.suffix.lower() not in (".pt", ".pth", ".bin", ".ckpt", ".ts"):
            return False
        return any(part == "code" for name in _names(path) for part in Path(name).parts[1:2])


@register
class ExportedProgram(Refusal):
    """A program of ``torch.export``."""

    title: ClassVar[str] = "torch.export"
    suffixes: ClassVar[tuple[str, ...]] = (".pt2",)
    reason: ClassVar[str] = (
        "is an exported program: opening it could run code, so nothing of it was read."
    )
    advice: ClassVar[str] = SAVE_ADVICE


@register
class Pickle(Refusal):
    """A pickle of Python objects."""

    title: ClassVar[str] = "Pickle"
    suffixes: ClassVar[tuple[str, ...]] = (".pkl", ".pickle", ".joblib")
    reason: ClassVar[str] = (
        "is a pickle of Python objects: opening it could run code, so nothing of it was read."
    )
    advice: ClassVar[str] = SAVE_ADVICE


@register
class Keras(Refusal):
    """A model of Keras."""

    title: ClassVar[str] = "Keras"
    suffixes: ClassVar[tuple[str, ...]] = (".h5", ".hdf5", ".keras")
    reason: ClassVar[str] = "is a model of Keras, which may hold Python code and is not read."
    advice: ClassVar[str] = ONNX_ADVICE


def _names(path: Path) -> list[str]:
    """Return the names in a ZIP archive; none if it is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()[:MAX_NAMES]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return []
