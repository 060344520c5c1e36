"""Image files that a table names, decoded when they are needed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.files.image_file import ImageFormat, in_bytes, opened, read_pages
from latentlab.errors import DataError, LatentlabError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MAX_SIDE = 128
"""Maximum height and width in pixels of a decoded image."""
KEPT_IMAGES = 2048
UNREADABLE = 128
"""Grey value of an image that cannot be decoded."""
TRIED = 50
"""Number of files that are tried to find one of which the format is taken."""


class ListedImages:
    """Images of N files as an array of shape (N, C, H, W), of which rows are decoded on access.

    All have the format of the first readable one, at most `MAX_SIDE` pixels wide and high.

    Parameters
    ----------
    files : sequence of Path
        The files. One that cannot be decoded is grey.

    Raises
    ------
    DataError
        If none of the first files can be read.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)
        self._frame = _format_of(self._files)
        self.shape = (len(self._files), *self._frame.shape)
        self._decode = lru_cache(KEPT_IMAGES)(self._decoded)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, rows: Any) -> NDArray[np.uint8]:
        if isinstance(rows, (int, np.integer)):
            return self._decode(range(len(self))[int(rows)])
        wanted = np.arange(len(self))[rows].tolist()
        found = np.empty((len(wanted), *self.shape[1:]), np.uint8)
        for place, row in enumerate(wanted):
            found[place] = self._decode(row)
        return found

    def _decoded(self, row: int) -> NDArray[np.uint8]:
        (page,) = read_pages(self._files[row], self._frame)
        if isinstance(page, DataError):
            return np.full(self.shape[1:], UNREADABLE, np.uint8)
        return in_bytes([page])[0]


def find_listed(names: Sequence[str], folder: Path) -> list[Path] | None:
    """Return the files of names relative to a folder; None if one of them does not exist."""
    files = []
    for name in names:
        plain = name.strip().replace("\\", "/")
        # A path of a network share would be sent the user's credentials.
        if not plain or plain.startswith("//"):
            return None
        file = folder / plain
        if not file.is_file():
            return None
        files.append(file)
    return files


def _format_of(files: Sequence[Path]) -> ImageFormat:
    problem = "there are no files"
    for file in files[:TRIED]:
        try:
            with opened(file) as picture:
                colour = picture.mode not in ("1", "L", "LA", "I", "I;16", "F")
                width, height = picture.size
        except LatentlabError as error:
            problem = f"{file.name}: {error.message}"
            continue
        scale = min(1.0, MAX_SIDE / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return ImageFormat(*size, crop="none", colour=colour)
    raise DataError(f"The image files cannot be read: {problem}.")
