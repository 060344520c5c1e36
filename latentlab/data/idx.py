"""The IDX file format of MNIST and its kin, and where to find such files."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.base import DATA, ImageSet, ImageSpec, Loading, Splits
from latentlab.errors import DataError
from latentlab.paths import downloads

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
UBYTE = 0x08
SYSTEM = Path("/usr/share/datasets")  # where Debian's dataset packages install
CHUNK = 1 << 16


@dataclass(frozen=True)
class IdxSource:
    """One data set of four IDX files.

    Parameters
    ----------
    name : str
        Its name, also that of its folder.
    class_names : tuple of str
        One per label value.
    origin : str
        Name of the torchvision class that knows the download addresses and checksums.
    """

    name: str
    class_names: tuple[str, ...]
    origin: str

    def load(self, root: Path | None) -> Generator[Loading, None, Splits]:
        """Read the files in place where they are found, else download them first."""
        folder = self.find(root)
        if folder is None:
            folder = downloads() / self.name
            yield from self._download(folder)
        arrays = []
        for i, file in enumerate(FILES):
            yield Loading(f"Reading {self.name}", i / len(FILES))
            arrays.append(read_idx(_existing(folder, file)))
        images, labels, held_out_images, held_out_labels = arrays
        train = self._image_set(images, labels, folder)
        validation = self._image_set(held_out_images, held_out_labels, folder)
        if train.spec != validation.spec:
            raise DataError(
                f"{self.name} in {folder}: {train.spec} images to learn from, but "
                f"{validation.spec} ones to judge by.",
                "Copy all four files anew.",
            )
        return Splits(train, validation)

    def _image_set(self, images: NDArray, labels: NDArray, folder: Path) -> ImageSet:
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise DataError(
                f"{self.name} in {folder}: images {images.shape} and labels {labels.shape} "
                "do not belong together.",
                "Copy all four files anew.",
            )
        if labels.max(initial=0) >= len(self.class_names):
            raise DataError(
                f"{self.name} in {folder}: label {labels.max()} is none of its "
                f"{len(self.class_names)} classes.",
                "Are these the files of another data set?",
            )
        spec = ImageSpec((1, *images.shape[1:]), self.class_names)
        return ImageSet(images[:, None], labels.astype(np.int64), spec)

    def find(self, root: Path | None) -> Path | None:
        """Return the folder that holds the files; None when they must be downloaded."""
        if root is not None:
            return self._folder_in(root)
        candidates = [downloads() / self.name, SYSTEM / self.name]
        if chosen := os.environ.get("LATENTLAB_DATA"):
            # A bare folder of IDX files does not say what they show: one that bears the name
            # of another data set is passed over.
            bare = [] if Path(chosen).name in {*DATA.kinds()} - {self.name} else [Path(chosen)]
            candidates = [Path(chosen) / self.name, *bare, *candidates]
        return next((folder for folder in candidates if _complete(folder)), None)

    def _folder_in(self, root: Path) -> Path:
        for folder in (root, root / self.name):
            if _complete(folder):
                return folder
        if not root.is_dir():
            raise DataError(f"data.root: there is no folder {root}.", "Check the path.")
        lacking = next(file for file in FILES if _existing(root, file) is None)
        raise DataError(
            f"{self.name}: looked for {lacking} or {lacking}.gz in {root} and found neither.",
            "Point data.root to a folder with the four IDX files, or leave it empty to download.",
        )

    def _download(self, folder: Path) -> Generator[Loading]:
        from torchvision import datasets

        origin = getattr(datasets, self.origin)
        md5 = dict(origin.resources)
        folder.mkdir(parents=True, exist_ok=True)
        for i, file in enumerate(FILES):
            target = folder / f"{file}.gz"
            if not target.exists():
                for fraction in self._fetch(target, origin.mirrors, md5[target.name]):
                    yield Loading(f"Downloading {self.name}", (i + fraction) / len(FILES))

    def _fetch(self, target: Path, mirrors: Sequence[str], md5: str) -> Generator[float]:
        reasons = []
        for mirror in mirrors:
            try:
                yield from download(f"{mirror}{target.name}", target, md5)
            except OSError as error:
                reasons.append(f"{mirror}: {error}")
            else:
                return
        raise DataError(
            f"{self.name}: {target.name} is not in {target.parent} and could not be downloaded "
            f"({'; '.join(reasons)}).",
            "Check the network, or point data.root or the environment variable LATENTLAB_DATA "
            "to a folder with the four IDX files.",
        )


def download(url: str, target: Path, md5: str) -> Generator[float]:
    """Fetch a file, yielding the fraction done; nothing is left behind unless it is whole.

    Raises
    ------
    OSError
        Where it cannot be fetched or its checksum is wrong.
    """
    part = target.with_suffix(".part")
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with urllib.request.urlopen(url, timeout=20) as source, part.open("wb") as sink:
            total = int(source.headers.get("Content-Length") or 0)
            while chunk := source.read(CHUNK):
                sink.write(chunk)
                digest.update(chunk)
                yield min(1.0, sink.tell() / total) if total else 0.0
        if digest.hexdigest() != md5:
            raise OSError("the file arrived damaged")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def read_idx(path: Path | None) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzipped or not.

    Raises
    ------
    DataError
        Where the file is none, or shorter than it says.
    """
    if path is None:
        raise DataError("An IDX file vanished while it was being read.", "Try again.")
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}.", "Copy the file anew.") from error
    if len(content) < 4 or content[:3] != bytes((0, 0, UBYTE)):
        raise DataError(f"{path} is not an IDX file of bytes.", "Copy the file anew.")
    dims = content[3]
    if len(content) < 4 + 4 * dims:
        raise DataError(f"{path} is damaged: it ends within its head.", "Copy the file anew.")
    shape = tuple(np.frombuffer(content, ">u4", count=dims, offset=4).astype(int).tolist())
    start = 4 + 4 * dims
    if len(content) - start != math.prod(shape):
        raise DataError(
            f"{path} is damaged: it says {shape} but holds {len(content) - start:,} bytes.",
            "Copy the file anew.",
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _existing(folder: Path, file: str) -> Path | None:
    found = (path for path in (folder / file, folder / f"{file}.gz") if path.is_file())
    return next(found, None)


def _complete(folder: Path) -> bool:
    return all(_existing(folder, file) for file in FILES)
