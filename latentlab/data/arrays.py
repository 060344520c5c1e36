"""A person's own images, as NumPy saves them; larger than memory if they like."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from latentlab.data.base import DATA, DataConfig, ImageSet, ImageSpec, Loading, Splits
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

UNREADABLE = (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error)
CHANNELS = (1, 3)
SMALL = 1 << 28  # bytes of floats up to which converting them is worth the memory
MAX_CLASSES = 1000
SEED = 0


@DATA.register
class ArraysConfig(DataConfig):
    """Your own images in a NumPy file: a .npy, which may be larger than memory, or a .npz."""

    kind: Literal["arrays"] = "arrays"
    images: Path = Field(
        description="A .npy of bytes, N×H×W, N×H×W×C or N×C×H×W, which stays on disk; or a .npz "
        "with images and, if there are any, labels and class_names.",
        json_schema_extra={"file": True},
    )
    labels: Path | None = Field(
        None,
        description="A .npy with one whole number or word per image. Empty: those in a .npz.",
        json_schema_extra={"file": True},
    )
    held_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Share of the images to judge by. Of a .npy the last ones, so shuffle before "
        "saving; of a .npz a random choice, always the same.",
    )

    def available(self) -> bool:
        """See `DataConfig.available`."""
        return self.images.is_file()

    def load(self) -> Generator[Loading, None, Splits]:
        """See `DataConfig.load`; what is mapped from disk is never copied whole."""
        yield Loading(f"Opening {self.images.name}", 0.0)
        found = read_arrays(self.images, "images")
        if "images" not in found:
            raise DataError(
                f"data.images: {self.images} has no array called images.",
                "Save it with numpy.savez(path, images=..., labels=...).",
            )
        images = _channels_first(_in_bytes(found["images"], self.images), self.images)
        yield Loading("Reading the labels", 0.5)
        if self.labels is not None:
            found |= read_arrays(self.labels, "labels")
        labels: NDArray[np.int64] | None = None
        names: tuple[str, ...] = ()
        if "labels" in found:
            where = f"data.labels: {self.labels or self.images}"
            labels, names = _classes(found["labels"], found.get("class_names"), len(images), where)
        return _split(ImageSet(images, labels, ImageSpec(images.shape[1:], names)), self.held_out)


def read_arrays(path: Path, name: str) -> dict[str, NDArray]:
    """Return what a NumPy file holds; the array of a .npy, mapped from disk, is called `name`.

    Raises
    ------
    DataError
        Where there is no such file, or it is damaged or holds more than plain numbers.
    """
    if not path.is_file():
        raise DataError(f"data.{name}: there is no file {path}.", "Check the path.")
    try:
        if not zipfile.is_zipfile(path):
            return {name: np.lib.format.open_memmap(path, mode="r")}
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            wanted = {name, "labels", "class_names"}
            return {key: file[key] for key in file.files if key in wanted}
    except MemoryError as error:
        raise DataError(
            f"data.{name}: {path} does not fit into memory.",
            "Save the images alone with numpy.save as .npy, which is read from disk as needed.",
        ) from error
    except UNREADABLE as error:
        if any(word in str(error) for word in ("magic", "object", "Object")):
            raise DataError(
                f"data.{name}: {path} is no NumPy file of plain numbers.",
                "Save them with numpy.save. Pickles are never opened, for they can do anything.",
            ) from None
        raise DataError(
            f"data.{name}: {path} is damaged or no NumPy file: {error}.",
            "Save it anew with numpy.save or numpy.savez.",
        ) from error


def _in_bytes(images: NDArray, path: Path) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images
    advice = "Save bytes from 0 to 255: numpy.save(path, (255 * images).round().astype('uint8'))."
    if images.dtype.kind not in "fb":
        raise DataError(
            f"data.images: {path} holds {images.dtype}, not bytes.",
            "Save bytes from 0 to 255: numpy.save(path, images.astype('uint8')).",
        )
    if images.nbytes > SMALL:
        raise DataError(
            f"data.images: {path} holds {images.nbytes / 1e9:.1f} GB of {images.dtype}, "
            "too much to convert to bytes at each start.",
            advice,
        )
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise DataError(f"data.images: {path} holds fractions outside 0 to 1.", advice)
    return np.asarray((images * np.float32(255)).round().astype(np.uint8))


def _channels_first(images: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    """Return a view with shape (N, C, H, W)."""
    shape = images.shape
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[1] not in CHANNELS:
        images = np.moveaxis(images, -1, 1)
    if images.ndim != 4 or images.shape[1] not in CHANNELS:
        raise DataError(
            f"data.images: {path} has the shape {shape}, which is none of images.",
            "It must be N×H×W, N×H×W×C or N×C×H×W, with 1 channel (grey) or 3 (colour).",
        )
    if len(images) < 2 or not images.size:
        raise DataError(
            f"data.images: {path} holds {len(images)} images of {images.shape[3]}×"
            f"{images.shape[2]} pixels.",
            "At least two are needed: one to learn from and one to judge by.",
        )
    return images


def _classes(
    labels: NDArray, names: NDArray | None, images: int, where: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return a row of the class names for each image, and the names."""
    if labels.shape != (images,):
        raise DataError(
            f"{where}: labels of shape {labels.shape} for {images:,} images.",
            "There must be one label per image.",
        )
    if labels.dtype.kind not in "iubU":
        raise DataError(
            f"{where}: labels are {labels.dtype}.", "They must be whole numbers or words."
        )
    if names is None:
        values, labels = np.unique(labels, return_inverse=True)
        names = values.astype(str)
    known = tuple(map(str, names.ravel()))
    strangers = [label for label in np.unique(labels).tolist() if label not in range(len(known))]
    if strangers:
        raise DataError(
            f"{where}: the label {strangers[0]!r} is none of {len(known)} class_names.",
            f"With class_names, labels are whole numbers from 0 to {len(known) - 1}.",
        )
    if len(known) > MAX_CLASSES:
        raise DataError(
            f"{where}: {len(known):,} classes are too many; {MAX_CLASSES:,} are the most.",
            "Leave out the labels, or group them.",
        )
    return labels.astype(np.int64), known


def _split(whole: ImageSet, share: float) -> Splits:
    if not isinstance(whole.images, np.memmap):
        # In place, so that memory is never needed twice; the same seed gives the same order.
        for rows in (whole.images, whole.labels):
            if rows is not None:
                np.random.default_rng(SEED).shuffle(rows)
    return Splits.of(whole, share)
