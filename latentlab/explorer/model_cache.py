"""Models that were opened before, in memory, so that they are shown again at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from latentlab.learning.checkpoint import run_folder

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.data.image_set import ImageSet, ImageSpec
    from latentlab.latent.codes import Codes
    from latentlab.models.base import Model
    from latentlab.session.points import ModelCard

MAX_BYTES = 256 << 20
"""Maximum size of all kept models with their images and codes, in bytes."""


@dataclass(frozen=True, slots=True)
class RunImages:
    """All images of the run of the open model, and what its card says of them."""

    whole: ImageSet | None
    spec: ImageSpec
    data: str
    note: str
    held_out: int


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A model as it was opened.

    Parameters
    ----------
    model : Model
        The model, whose weights nobody changes.
    card : ModelCard
        Its card.
    of_run : RunImages
        The images of its run.
    few : ImageSet or None
        Those for the map.
    codes : Codes
        Codes of the first of these, or of all.
    """

    model: Model
    card: ModelCard
    of_run: RunImages
    few: ImageSet | None
    codes: Codes

    @property
    def is_whole(self) -> bool:
        """Whether all images for the map are encoded."""
        return self.few is not None and len(self.codes) == len(self.few)

    @property
    def nbytes(self) -> int:
        """Size of weights, pixels and codes in bytes."""
        weights = sum(weight.nbytes for weight in self.model.state_dict().values())
        channels, height, width = self.of_run.spec.shape
        images = sum(len(each) for each in (self.of_run.whole, self.few) if each is not None)
        return weights + images * channels * height * width + 2 * self.codes.mu.nbytes


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What the file system says of the files of a run folder; any change to one of them shows.

    Parameters
    ----------
    path : Path
        The run folder or checkpoint that is opened.
    states : frozenset of tuple
        Name, number, times of change in nanoseconds, and size in bytes of each file.
    """

    path: Path
    states: frozenset[tuple[str, int, int, int, int]]

    @classmethod
    def at(cls, path: Path) -> Self:
        """Return the present state of the files of a run folder or checkpoint."""
        path = path.resolve()
        try:
            found = [(file.name, file.stat()) for file in run_folder(path).iterdir()]
        except OSError:  # opening it tells why
            found = []
        states = ((name, s.st_ino, s.st_mtime_ns, s.st_ctime_ns, s.st_size) for name, s in found)
        return cls(path, frozenset(states))

    @property
    def nbytes(self) -> int:
        """Size of the files in bytes; some models keep them in memory beside their weights."""
        return sum(size for *_, size in self.states)


class ModelCache:
    """The models opened last, as long as their files are unchanged and they fit into memory.

    Parameters
    ----------
    max_bytes : int
        Maximum size of all of them; the least recently opened one is dropped first.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: dict[RunFiles, OpenedModel] = {}
        """The one opened last is last."""

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, files: RunFiles) -> OpenedModel | None:
        """Return the model that was opened from these files, once all its images are encoded."""
        opened = self._kept.get(files)
        if opened is None or not opened.is_whole:
            return None
        self._kept[files] = self._kept.pop(files)
        return opened

    def keep(self, files: RunFiles, opened: OpenedModel) -> None:
        """Keep a model.

        Parameters
        ----------
        files : RunFiles
            Its files, as they were before any of them was read.
        opened : OpenedModel
            The model. Its images must be the same each time they are read.
        """
        self._kept = {key: each for key, each in self._kept.items() if key.path != files.path}
        self._kept[files] = opened
        while sum(key.nbytes + each.nbytes for key, each in self._kept.items()) > self._max_bytes:
            self._kept.pop(next(iter(self._kept)))

    def complete(self, few: ImageSet, codes: Codes) -> None:
        """Add the codes of all images for the map to the model that was opened with them."""
        for files, opened in self._kept.items():
            if opened.few is few:
                self._kept[files] = replace(opened, codes=codes)
