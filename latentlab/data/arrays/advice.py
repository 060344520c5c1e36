"""Lines of Python that save a NumPy file otherwise, for whoever copies them out of a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.errors import DataError

if TYPE_CHECKING:
    from latentlab.data.files.numpy_file import NumpyFile


@dataclass(frozen=True, slots=True)
class Rewriting:
    """How to save the images of a file otherwise.

    Parameters
    ----------
    file : NumpyFile
        The file.
    names : tuple of str
        Its arrays of images.
    key : str
        The key of a recipe that names it.
    """

    file: NumpyFile
    names: tuple[str, ...]
    key: str = "data.images"

    def refused(self, what: str, advice: str = "") -> DataError:
        """Return the error that says what is wrong, with a verb first, and what to do."""
        usual = "Save images as numbers from 0 to 255, with numpy.save or numpy.savez."
        return DataError(f"{self.key}: {self.file.path} {what}.", advice or usual)

    def mended(self, what: str, expression: str, purpose: str) -> DataError:
        """Return the error that says what is wrong, and the line of Python that mends it.

        Parameters
        ----------
        what : str
            What is wrong, with a verb first.
        expression : str
            What to save of each array of images, ``v``.
        purpose : str
            What the line does, as the beginning of a sentence.
        """
        return self.refused(what, f"{purpose}; then choose the new file: {self.line(expression)}")

    def line(self, expression: str) -> str:
        """Return the line that saves the file with `expression` of each array of images, ``v``."""
        path = self.file.path.absolute()
        if self.file.single:
            new = str(path.with_name(f"{path.stem}-changed.npy"))
            return f"import numpy as np; v = np.load({str(path)!r}); np.save({new!r}, {expression})"
        new = str(path.with_name(f"{path.stem}-changed.npz"))
        images, kept = [*self.names], [*self.file.arrays]
        return (
            f"import numpy as np; a = np.load({str(path)!r}); np.savez({new!r}, **{{k: {expression}"
            f" if k in {images!r} else v for k in {kept!r} for v in [a[k]]}})"
        )
