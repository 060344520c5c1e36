"""Codes that took long to compute, kept for the next time the same model meets the same images."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from latentlab.directories import cache
from latentlab.errors import DataError
from latentlab.latent.codes import Codes
from latentlab.runs.kept_arrays import keep_arrays, read_arrays

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSet
    from latentlab.models.base import Model

MOST = 16
"""Files that are kept: the newest."""
AT_ONCE = 1000
MOST_BYTES = 1 << 30
"""Bytes of one file at most."""


class CodeCache:
    """The file with the codes of one set of images by one model.

    Parameters
    ----------
    model : Model
        Its weights are part of the file's name.
    images : ImageSet
        Their pixels and, for a conditional model, their labels are as well.
    """

    def __init__(self, model: Model, images: ImageSet) -> None:
        name = hashlib.sha256(repr((type(model), images.spec.shape)).encode())
        for key, weights in model.state_dict().items():
            name.update(key.encode())
            name.update(np.ascontiguousarray(weights.cpu().numpy()))
        for start in range(0, len(images), AT_ONCE):
            part = images[start : start + AT_ONCE]
            name.update(np.ascontiguousarray(part.images))
            if model.conditional and part.labels is not None:
                name.update(np.ascontiguousarray(part.labels))
        self._images, self._size = images, model.latent_dim
        self.path = cache() / "codes" / f"{name.hexdigest()[:32]}.npz"

    def read(self) -> Codes | None:
        """Return the codes, or None where they are not kept or the file is damaged."""
        try:
            arrays = read_arrays(self.path, MOST_BYTES)
            mu, sigma = arrays["mu"], arrays["sigma"]
        except (DataError, KeyError):
            return None
        wanted = (len(self._images), self._size)
        for values in (mu, sigma):
            if values.shape != wanted or values.dtype != np.float32:
                return None
        whole = np.isfinite(mu).all() and np.isfinite(sigma).all()
        return Codes.of(self._images, mu, sigma) if whole else None

    def write(self, codes: Codes) -> None:
        """Keep the codes; where that cannot be, they are computed again next time."""
        keep_arrays(self.path, MOST, mu=codes.mu, sigma=codes.sigma)
