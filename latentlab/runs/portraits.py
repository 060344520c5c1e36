"""Epoch previews of a run in its folder, of bounded total size."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np

from latentlab.atomic_write import is_missing, write_atomically
from latentlab.errors import DataError, RunError, reading
from latentlab.learning.events import EpochPreview
from latentlab.runs.kept_arrays import read_arrays
from latentlab.session.curves.curves import epochs_to_keep

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FOLDER = "replay"
"""Subfolder of a run for its epoch previews."""
MAX_CODES = 1000
"""Maximum number of images whose codes are saved."""
NAME = re.compile(r"epoch-(\d{5,9})\.npz", re.ASCII)
IMAGE_ARRAYS = ("originals", "reconstructions", "samples")
MAX_BYTES = 256 << 20
"""Maximum uncompressed size of a preview, in bytes."""


class EpochPreviewLog:
    """Writer of epoch previews that keeps the first, the newest, and evenly spaced others.

    Parameters
    ----------
    folder : Path
        Run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, portrait: EpochPreview) -> None:
        """Write a preview and delete those that `thinned` drops.

        Raises
        ------
        RunError
            If it cannot be written.
        """
        write_atomically(_file(self._folder, portrait.epoch), _packed(portrait))
        epochs = preview_epochs(self._folder)
        for epoch in set(epochs).difference(epochs_to_keep(epochs)):
            _file(self._folder, epoch).unlink(missing_ok=True)


def preview_epochs(folder: Path) -> tuple[int, ...]:
    """Return the epochs with a preview in a run folder, ascending."""
    names = (NAME.fullmatch(file.name) for file in (folder / FOLDER).glob("epoch-*.npz"))
    return tuple(sorted(int(name[1]) for name in names if name))


def read_epoch_preview(folder: Path, epoch: int) -> EpochPreview:
    """Read the preview of a run at the end of an epoch.

    Raises
    ------
    RunError
        If there is no such preview or it is damaged.
    """
    file = _file(folder, epoch)
    if is_missing(file):
        raise RunError(f"{folder} has no preview of epoch {epoch}.", "Choose another epoch.")
    advice = "Choose another epoch; the run itself is not damaged."
    try:
        with reading(file, RunError, advice):
            return _unpacked(epoch, read_arrays(file, MAX_BYTES))
    except DataError as error:
        raise RunError(f"{file} is damaged.", advice) from error


def delete_previews_after(folder: Path, epoch: int) -> None:
    """Delete the previews of later epochs, which a resumed run trains again."""
    for later in preview_epochs(folder):
        if later > epoch:
            _file(folder, later).unlink(missing_ok=True)


def _file(folder: Path, epoch: int) -> Path:
    return folder / FOLDER / f"epoch-{epoch:05d}.npz"


def _packed(portrait: EpochPreview) -> bytes:
    limit = float(np.finfo(np.float16).max)
    arrays: dict[str, NDArray] = {
        name: np.clip(getattr(portrait, name)[:MAX_CODES], -limit, limit).astype(np.float16)
        for name in ("mu", "sigma")
    }
    if portrait.labels is not None:
        arrays["labels"] = portrait.labels[:MAX_CODES].astype(np.int32)
    arrays |= {name: np.asarray(getattr(portrait, name), np.uint8) for name in IMAGE_ARRAYS}
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _unpacked(epoch: int, arrays: dict[str, NDArray]) -> EpochPreview:
    mu, sigma = (arrays[name].astype(np.float32) for name in ("mu", "sigma"))
    labels = arrays["labels"].astype(np.int64) if "labels" in arrays else None
    if mu.ndim != 2 or mu.shape != sigma.shape or not len(mu):
        raise ValueError("the shapes of mu and sigma differ or are empty")
    if not (np.isfinite(mu).all() and np.isfinite(sigma).all() and (sigma >= 0).all()):
        raise ValueError("mu or sigma has invalid values")
    if labels is not None and (labels.shape != mu.shape[:1] or labels.min() < 0):
        raise ValueError("the labels do not match the codes")
    originals, reconstructions, samples = (arrays[name] for name in IMAGE_ARRAYS)
    if not all(map(_are_pictures, (originals, reconstructions, samples))):
        raise ValueError("the images have a wrong type or shape")
    if originals.shape != reconstructions.shape or originals.shape[1:] != samples.shape[1:]:
        raise ValueError("the shapes of the images differ")
    return EpochPreview(epoch, mu, sigma, labels, originals, reconstructions, samples)


def _are_pictures(array: NDArray) -> bool:
    is_colour = array.ndim == 4 and array.shape[3] == 3
    return array.dtype == np.uint8 and array.size > 0 and (array.ndim == 3 or is_colour)
