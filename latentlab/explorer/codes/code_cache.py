"""Disk cache of codes, keyed by the model weights and the images."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from latentlab.directories import cache
from latentlab.errors import DataError
from latentlab.latent.codes import Codes
from latentlab.runs.kept_arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSet
    from latentlab.models.base import Model

MAX_FILES = 16
"""Maximum number of files; the newest are kept."""
HASH_BATCH = 1000
MAX_BYTES = 1 << 30
"""Maximum size of one file, in bytes."""


class CodeCache:
    """Cache file with the codes of a set of images by one model.

    Parameters
    ----------
    model : Model
        Its weights are part of the hash that names the file.
    images : ImageSet
        Their pixels and, for a conditional model, their labels are part of the hash.
    """

    def __init__(self, model: Model, images: ImageSet) -> None:
        name = hashlib.sha256(repr((type(model), images.spec.shape)).encode())
        for key, weights in model.state_dict().items():
            name.update(key.encode())
            name.update(np.ascontiguousarray(weights.cpu().numpy()))
        for start in range(0, len(images), HASH_BATCH):
            part = images[start : start + HASH_BATCH]
            name.update(np.ascontiguousarray(part.images))
            if model.conditional and part.y is not None:
                name.update(np.ascontiguousarray(part.y))
        self._images, self._size = images, model.latent_dim
        self.path = cache() / "codes" / f"{name.hexdigest()[:32]}.npz"

    def read(self) -> Codes | None:
        """Return the codes, or None if the file is missing or damaged."""
        try:
            arrays = read_arrays(self.path, MAX_BYTES)
            mu, sigma = arrays["mu"], arrays["sigma"]
        except (DataError, KeyError):
            return None
        wanted = (len(self._images), self._size)
        for values in (mu, sigma):
            if values.shape != wanted or values.dtype != np.float32:
                return None
        is_finite = np.isfinite(mu).all() and np.isfinite(sigma).all()
        return Codes.of(self._images, mu, sigma) if is_finite else None

    def write(self, codes: Codes) -> None:
        """Write the codes; on failure they are computed again next time."""
        write_arrays(self.path, MAX_FILES, mu=codes.mu, sigma=codes.sigma)
