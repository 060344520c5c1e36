"""5,000 handwritten digits from MNIST, bundled with the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np

from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import Outline, Splits
from latentlab.directories import resources
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

COUNT, HELD_OUT = 5000, 1000
SPEC = ImageSpec((1, 28, 28), tuple("0123456789"))


@DATA.register
class DigitsConfig(DataConfig, title="Digits"):
    """5,000 handwritten digits of MNIST, 28×28 grey, which come with the program."""

    kind: Literal["digits"] = "digits"
    fixed: ClassVar[bool] = True

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        yield from ()
        return Outline(SPEC, COUNT - HELD_OUT, HELD_OUT)

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
