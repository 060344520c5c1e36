"""Olivetti faces: ten portraits each of forty people, 64×64 grey."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, override

import numpy as np
from pydantic import Field

from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.data.holdout import split
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.directories import downloads
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.data.parts import Splits

NAME = "olivetti"
SHARE = 0.1
PICKLE = "olivetti_py3.pkz"
ADVICE = (
    "Save them once with scikit-learn: faces = sklearn.datasets.fetch_olivetti_faces(); "
    "numpy.savez('olivetti.npz', images=(255 * faces.images).round().astype('uint8'), "
    "subject=faces.target), and choose that file as data.root."
)


@DATA.register
class OlivettiConfig(DataConfig, title="Olivetti faces"):
    """Ten portraits of each of forty people, 64×64 grey, in an NPZ file."""

    kind: Literal["olivetti"] = "olivetti"
    root: Path | None = Field(
        None,
        title="Folder",
        description="NPZ file with images and subject, or its folder. Empty: the folder in "
        "LATENTLAB_DATA, then the download folder.",
    )

    @override
    def available(self) -> bool:
        return _find(self.root) is not None

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; one portrait in ten of each person is held out."""
        yield Progress("Reading the Olivetti faces", 0.0)
        path = _find(self.root)
        if path is None:
            raise _lacking(self.root)
        images, subject = _read(path)
        people, labels = np.unique(subject, return_inverse=True)
        names = tuple(f"subject {person + 1}" for person in people.tolist())
        spec = ImageSpec((1, *images.shape[1:]), names)
        whole = ImageSet(images[:, None], labels.astype(np.int64), spec)
        if np.bincount(labels).max() < 2:
            raise DataError(f"data.root: {path} holds too few images of each subject.", ADVICE)
        return split(whole, SHARE)


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray]:
    file = NumpyFile(path, "data.root")
    if "images" not in file or "subject" not in file:
        raise DataError(
            f"data.root: {path} has no arrays called images and subject; it holds "
            f"{file.listing()}.",
            ADVICE,
        )
    images, subject = file.read("images"), file.read("subject")
    if images.dtype.kind == "f" and images.size and images.min() >= 0 and images.max() <= 1:
        images = (255 * images).round().astype(np.uint8)
    plain = images.dtype == np.uint8 and images.ndim == 3 and subject.dtype.kind in "iu"
    if not plain or subject.shape != images.shape[:1]:
        raise DataError(
            f"data.root: {path} holds {images.dtype} images of shape {images.shape} and "
            f"{subject.dtype} subjects of shape {subject.shape}.",
            ADVICE,
        )
    return images, subject


def _find(root: Path | None) -> Path | None:
    if root is not None:
        return root if root.is_file() and root.suffix != ".pkz" else _in(root)
    chosen = os.environ.get("LATENTLAB_DATA")
    places = [Path(chosen) / NAME, Path(chosen)] if chosen else []
    return next((path for place in (*places, downloads() / NAME) if (path := _in(place))), None)


def _in(folder: Path) -> Path | None:
    found = sorted(folder.glob(f"{NAME}*.npz")) if folder.is_dir() else []
    return found[0] if found else None


def _lacking(root: Path | None) -> DataError:
    where = root or "LATENTLAB_DATA or the download folder"
    pickles = [Path.home() / "scikit_learn_data" / PICKLE]
    if root is not None:
        pickles = [root, root / PICKLE]
    pickle = next((path for path in pickles if path.name == PICKLE and path.is_file()), None)
    if pickle:
        return DataError(
            f"data.root: {pickle} is a pickle, and pickles are never opened because they can "
            "run any code.",
            ADVICE,
        )
    return DataError(f"data.root: the Olivetti faces are not in {where}.", ADVICE)
