"""Data sets of four IDX files, such as MNIST: search, download and interpretation."""

from __future__ import annotations

import hashlib
import os
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.atomic_write import complete_file
from latentlab.data.arrays.pixels import convert, measure, usual_scale
from latentlab.data.data_set import DATA
from latentlab.data.files.idx import (
    FILES,
    IdxFiles,
    named_as,
    names_in,
    read_idx,
    read_idx_shape,
    sets_in,
)
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import Outline, Splits
from latentlab.data.sources.emnist import CLASSES, LETTERS, set_of
from latentlab.directories import downloads
from latentlab.errors import DataError, listed
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

OTHER_SETS = ("kmnist", "kuzushijimnist", "k49", "notmnist")
"""Other data sets whose files have the same names, without a config of their own."""
SYSTEM = Path("/usr/share/datasets")  # folder of Debian's dataset packages
CHUNK = 1 << 16
SHAPE, TRAIN, TEST = (1, 28, 28), 60_000, 10_000


@dataclass(frozen=True)
class IdxSource:
    """One data set of four IDX files.

    Parameters
    ----------
    name : str
        Name of the data set and of its folder.
    class_names : tuple of str
        One per label value.
    origin : str
        Name of the torchvision class with the download addresses and checksums.
    """

    name: str
    class_names: tuple[str, ...]
    origin: str

    def is_at(self, path: Path) -> bool:
        """Return whether a folder, or the folder of a file, holds this set.

        Fashion-MNIST has the same file names; it is told by its name in the path.
        """
        folder = path if path.is_dir() else path.parent
        is_idx = bool(sets_in(folder)) and (path.is_dir() or named_as(path.name) is not None)
        is_fashion = "fashion" in f"{folder.name}/{path.name}".lower()
        return is_idx and is_fashion == self.name.startswith("fashion")

    def outline(self, root: Path | None) -> Outline | None:
        """Return the outline, from the headers of the files if they are there."""
        found = self.find(root)
        if found is None:
            return Outline(ImageSpec(SHAPE, self.class_names), TRAIN, TEST)
        names = CLASSES.get(set_of(found.prefix), self.class_names)
        train, held_out = (read_idx_shape(found.paths[file]) for file in FILES[::2])
        if not len(train) == len(held_out) == len(SHAPE):
            return None
        return Outline(ImageSpec((1, train[1], train[2]), tuple(names)), train[0], held_out[0])

    def load(self, root: Path | None) -> Generator[Progress, None, Splits]:
        """Read the files, downloading them first if they are not found."""
        found = self.find(root)
        if found is None:
            folder = downloads() / self.name
            yield from self._download(folder)
            found = IdxFiles(folder, "", {file: folder / f"{file}.gz" for file in FILES})
        arrays = []
        for i, file in enumerate(FILES):
            yield Progress(f"Reading {self.name}", i / len(FILES))
            arrays.append(read_idx(found.paths[file]))
        return self._splits(arrays, found)

    def _splits(self, arrays: list[NDArray], found: IdxFiles) -> Splits:
        images, note = self._images(arrays[::2], found)
        labels = [self._labels(*pair, found) for pair in zip(arrays[1::2], images, strict=True)]
        names, notes = self.class_names, [note]
        if subset := set_of(found.prefix):
            names = tuple(CLASSES[subset])
            images = [part.transpose(0, 2, 1) for part in images]
            notes.insert(0, f"These are EMNIST's {subset}; the images were turned upright.")
            if subset == LETTERS and min(rows.min() for rows in labels) == 1:
                labels = [rows - 1 for rows in labels]
        self._check(labels, names, found)
        spec = ImageSpec((1, *images[0].shape[1:]), names)
        train, validation = (
            ImageSet(part[:, None], rows, spec) for part, rows in zip(images, labels, strict=True)
        )
        return Splits(train, validation, " ".join(filter(None, notes)))

    def _images(
        self, arrays: list[NDArray], found: IdxFiles
    ) -> tuple[list[NDArray[np.uint8]], str]:
        """Return the images of both parts as bytes, and a note on the detected range."""
        first, last = arrays
        if first.ndim != 3 or first.shape[1:] != last.shape[1:] or not (first.size and last.size):
            raise DataError(
                f"{self.name} in {found.folder}: images of shape {first.shape} to learn from and "
                f"{last.shape} to judge by do not belong together.",
                "Copy all four files again.",
            )
        extent = measure(arrays)
        scale = None if extent.strange else usual_scale(extent)
        if scale is None:
            raise DataError(
                f"{self.name} in {found.folder}: pixels are of {extent.low:.6g} to "
                f"{extent.high:.6g}{', and some are NaN' if extent.strange else ''}.",
                "Save them as bytes of 0 to 255.",
            )
        return convert(arrays, scale), scale.note

    def _labels(self, values: NDArray, images: NDArray, found: IdxFiles) -> NDArray[np.int64]:
        """Return labels as integers; for a table, as in QMNIST, its first column."""
        rows = values[:, 0] if values.ndim == 2 and values.size else values
        if rows.shape != images.shape[:1]:
            raise DataError(
                f"{self.name} in {found.folder}: images {images.shape} and labels {values.shape} "
                "do not belong together.",
                "Copy all four files again.",
            )
        with np.errstate(invalid="ignore"):
            whole: NDArray[np.int64] = rows.astype(np.int64)
            differ = whole != rows
        if differ.any():
            raise DataError(f"{self.name} in {found.folder}: labels are not whole numbers.")
        return whole

    def _check(self, labels: list[NDArray], names: tuple[str, ...], found: IdxFiles) -> None:
        every = np.concatenate(labels)
        invalid = every[(every < 0) | (every >= len(names))]
        if len(invalid):
            raise DataError(
                f"{self.name} in {found.folder}: label {invalid.max()} is not one of its "
                f"{len(names)} classes.",
                "Are these the files of another data set? Those of EMNIST are known by their own "
                "names, such as emnist-letters-train-images-idx3-ubyte.",
            )

    def find(self, root: Path | None) -> IdxFiles | None:
        """Return the files; None if they must be downloaded.

        Raises
        ------
        DataError
            If the chosen folder does not contain them.
        """
        if root is not None:
            return self._in_chosen(root)
        candidates = [downloads() / self.name, SYSTEM / self.name]
        if chosen := os.environ.get("LATENTLAB_DATA"):
            # IDX files do not identify their data set: skip the folder itself if it has the name
            # of another one.
            bare = self._folders(Path(chosen))
            candidates = [*bare[1:], *([] if self._other_name(bare[0]) else bare[:1]), *candidates]
        return next((found for folder in candidates if (found := self._in(folder))), None)

    def _folders(self, root: Path) -> list[Path]:
        """Return the folders below `root` to search, including torchvision's layout."""
        folders = (".", self.name, "raw", self.origin, f"{self.origin}/raw", f"{self.name}/raw")
        return [root / folder for folder in folders]

    def _in(self, folder: Path) -> IdxFiles | None:
        """Return the files directly in a folder; None if incomplete."""
        found = {
            prefix: files
            for prefix, files in sets_in(folder).items()
            if called(prefix) in ("", self.name)
        }
        if "" in found or len(found) < 2:
            return found.get("", next(iter(found.values()), None))
        first = found[min(found)].paths[FILES[0]]
        raise DataError(
            f"{self.name}: there are several data sets in {folder}: {listed(sorted(found))}.",
            f"Choose one of its files as data.root, such as {first}",
        )

    def _in_chosen(self, root: Path) -> IdxFiles:
        folder = root
        if root.is_file() and (named := named_as(root.name)):
            folder = root.parent
            if found := sets_in(folder).get(named[0]):
                return found
        elif not root.is_dir():
            raise DataError(f"data.root: there is no folder {root}.", "Check the path.")
        for place in self._folders(folder):
            if found := self._in(place):
                self._check_name(place)
                return found
        there = {file for name in names_in(folder) if (named := named_as(name)) for file in named}
        lacking = next((file for file in FILES if file not in there), FILES[0])
        raise DataError(
            f"{self.name}: looked for {lacking} or {lacking}.gz in {root} and found neither.",
            "Point data.root to a folder with the four IDX files, or leave it empty to download.",
        )

    def _check_name(self, folder: Path) -> None:
        if other := self._other_name(folder):
            choose = f"Choose {other} as data.kind. " if other in DATA.kinds() else ""
            raise DataError(
                f"{self.name}: {folder} has the name of {other}, and its files do not say which "
                "of the two they are.",
                f"{choose}Rename the folder if it holds {self.name}.",
            )

    def _other_name(self, folder: Path) -> str:
        """Return the other data set that a folder is named after; empty if none."""
        folder = folder.resolve()
        name = called(folder.parent.name if folder.name == "raw" else folder.name)
        return "" if name == self.name else name

    def _download(self, folder: Path) -> Generator[Progress]:
        from torchvision import datasets

        origin = getattr(datasets, self.origin)
        md5 = dict(origin.resources)
        folder.mkdir(parents=True, exist_ok=True)
        for i, file in enumerate(FILES):
            target = folder / f"{file}.gz"
            if not target.exists():
                for fraction in self._fetch(target, origin.mirrors, md5[target.name]):
                    yield Progress(f"Downloading {self.name}", (i + fraction) / len(FILES))

    def _fetch(self, target: Path, mirrors: Sequence[str], md5: str) -> Generator[float]:
        reasons = []
        for mirror in mirrors:
            try:
                yield from download(f"{mirror}{target.name}", target, md5)
            except OSError as error:
                reasons.append(_reason(error))
            else:
                return
        raise DataError(
            f"{self.name}: {target.name} could not be downloaded to {target.parent}: "
            f"{'; '.join(dict.fromkeys(reasons))}.",
            "Check the network, or point data.root or the environment variable LATENTLAB_DATA "
            f"to a folder with the four IDX files, from {' or '.join(mirrors)}.",
        )


def _reason(error: OSError) -> str:
    """Return why a download failed, without the technical wrapping of urllib."""
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause)


def download(url: str, target: Path, md5: str) -> Generator[float]:
    """Download a file, yielding the fraction done; an incomplete file is deleted.

    Raises
    ------
    OSError
        If the download fails or the checksum is wrong.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with urllib.request.urlopen(url, timeout=20) as source, complete_file(target) as sink:
        total = int(source.headers.get("Content-Length") or 0)
        while chunk := source.read(CHUNK):
            sink.write(chunk)
            digest.update(chunk)
            yield min(1.0, sink.tell() / total) if total else 0.0
        if digest.hexdigest() != md5:
            raise OSError("the file arrived damaged")


def called(name: str) -> str:
    """Return the data set that a file or folder is named after; empty if none."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain in ("qmnist", "emnist") or set_of(name.lower()):
        return "mnist"
    known = {kind.replace("-", ""): kind for kind in DATA.kinds()}
    return known.get(plain, plain if plain in OTHER_SETS else "")
