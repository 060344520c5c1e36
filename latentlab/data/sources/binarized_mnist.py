"""Larochelle's statically binarized MNIST, whose files papers compare their likelihoods on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, override

import numpy as np
from pydantic import Field

from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import PARTS, Outline, Splits
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

FILES = tuple(f"binarized_mnist_{part}.amat" for part in ("train", "valid", "test"))
"""Name of the file of each part."""
COUNTS = (50_000, 10_000, 10_000)
SIDE = 28
SPEC = ImageSpec((1, SIDE, SIDE))
MAX_BYTES = 1 << 28
"""Maximum size of a file; that of the training images has 78 MB."""


@DATA.register
class BinarizedMNISTConfig(DataConfig, title="Binarized MNIST"):
    """50,000 training, 10,000 validation and 10,000 test digits in fixed black and white.

    References
    ----------
    On the Quantitative Analysis of Deep Belief Networks, Salakhutdinov & Murray, 2008, section 6,
    and The Neural Autoregressive Distribution Estimator, Larochelle & Murray, 2011.
    """

    kind: Literal["binarized-mnist"] = "binarized-mnist"
    root: Path = Field(
        title="Folder",
        description="Folder with the files binarized_mnist_train.amat, _valid.amat and _test.amat "
        "of Hugo Larochelle, or one of them. They have no labels.",
    )

    @classmethod
    @override
    def from_path(cls, path: Path, spec: ImageSpec) -> Self | None:
        is_one = path.is_dir() or path.name in FILES
        return cls(root=path) if is_one and cls(root=path).available() else None

    @property
    def _paths(self) -> list[Path]:
        folder = self.root if self.root.is_dir() else self.root.parent
        return [folder / name for name in FILES]

    @override
    def available(self) -> bool:
        return all(path.is_file() for path in self._paths)

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        yield from ()
        return Outline(SPEC, *COUNTS)

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; the parts are the official ones."""
        parts = []
        for i, path in enumerate(self._paths):
            yield Progress(f"Reading {path.name}", i / len(PARTS))
            parts.append(ImageSet(_read(path), None, SPEC))
        train, validation, test = parts
        return Splits(train, validation, test=test)


def _read(path: Path) -> NDArray[np.uint8]:
    """Return the images of a file of digits 0 and 1, separated by spaces and line ends.

    Returns
    -------
    ndarray of uint8, shape (N, 1, 28, 28)
        0 and 255.
    """
    if not path.is_file():
        raise DataError(
            f"data.root: there is no {path.name} in {path.parent}.",
            f"Put all three files into one folder: {', '.join(FILES)}.",
        )
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path} is larger than {MAX_BYTES >> 20} MB.", "Is it another file?")
    try:
        found = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from error
    is_white, is_black = found == ord("1"), found == ord("0")
    pixels = found[is_white | is_black]
    is_space = np.isin(found, np.frombuffer(b" \t\r\n", np.uint8))
    if not np.all(is_white | is_black | is_space) or not len(pixels) or len(pixels) % SIDE**2:
        raise DataError(
            f"{path} is not a table of {SIDE**2} digits 0 or 1 per line.", "Copy the file again."
        )
    return ((pixels - ord("0")) * np.uint8(255)).reshape(-1, 1, SIDE, SIDE)
