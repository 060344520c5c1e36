"""5,000 handwritten digits from MNIST, bundled with the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

import numpy as np

from latentlab.data.files.numpy_file import NumpyFile
from latentlab.data.image_set import DATA, DataConfig, ImageSet, ImageSpec, Splits
from latentlab.directories import resources
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

HELD_OUT = 1000


@DATA.register
class DigitsConfig(DataConfig):
    """5,000 MNIST digits, 28×28 grey, bundled: needs no network."""

    kind: Literal["digits"] = "digits"

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; the last 1,000 digits are held out."""
        yield Progress("Reading the bundled digits")
        path = resources() / "digits.npz"
        try:
            file = NumpyFile(path, "data")
            images, labels = file.read("images"), file.read("labels").astype(np.int64)
        except DataError as error:
            raise DataError(
                f"The bundled digits are missing or damaged: {path}.", "Install latentlab again."
            ) from error
        names = tuple("0123456789")
        whole = ImageSet(images[:, None], labels, ImageSpec((1, *images.shape[1:]), names))
        return Splits(whole[:-HELD_OUT], whole[-HELD_OUT:])
