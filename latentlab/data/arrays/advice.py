"""Error messages with a line of Python that converts a NumPy file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.errors import DataError

if TYPE_CHECKING:
    from latentlab.data.files.numpy_file import NumpyFile


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Builder of errors that advise how to convert the images of a file.

    Parameters
    ----------
    file : NumpyFile
        The file.
    names : tuple of str
        Names of its image arrays.
    key : str
        Recipe key of the file, for messages.
    """

    file: NumpyFile
    names: tuple[str, ...]
    key: str = "data.images"

    def refused(self, what: str, advice: str = "") -> DataError:
        """Return an error with the problem, which starts with a verb, and the advice."""
        default = "Save images as numbers from 0 to 255, with numpy.save or numpy.savez."
        return DataError(f"{self.key}: {self.file.path} {what}.", advice or default)

    def mended(self, what: str, expression: str, purpose: str) -> DataError:
        """Return an error with the problem and the line of Python that fixes it.

        Parameters
        ----------
        what : str
            The problem, starting with a verb.
        expression : str
            Python expression of the array to save for each image array ``v``.
        purpose : str
            Effect of the line, as the beginning of a sentence.
        """
        return self.refused(what, f"{purpose}; then choose the new file: {self.line(expression)}")

    def line(self, expression: str) -> str:
        """Return Python code that saves a copy with `expression` for each image array ``v``."""
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
