"""What a model has learned beside its weights, as pictures: pseudo-inputs and a codebook."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.data.condition import label_at
from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.model import decode_in_steps
from latentlab.latent.encode import to_bytes, to_hwc
from latentlab.session.files.mosaic import square_columns
from latentlab.session.model import FetchCodebook, FetchPseudoInputs
from latentlab.session.points import CodebookTiles, Tiles
from latentlab.work import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_CODES = 256
"""Codes that are decoded at most."""
PATCH_CODES = 2
"""Side of a picture, in positions of the map of codes."""


@answer.register
def _(request: FetchPseudoInputs, explorer: Explorer) -> Tiles:
    """Return the pseudo-inputs themselves, each with the mean of its posterior as its point.

    Raises
    ------
    RunError
        If the prior of the model is no VampPrior.
    """
    with torch.inference_mode():
        found = explorer.model.pseudo_inputs()
        if found is None or explorer.card is None:
            raise RunError("The prior of this model has no pseudo-inputs.")
        images, labels = found
        z = explorer.model.encode(images, labels).mean
    known = None if labels is None else labels.numpy()
    given = [None if known is None else label_at(known, row) for row in range(len(z))]
    points = map(explorer.card.point, z.tolist(), given)
    return Tiles(tuple(points), to_hwc(to_bytes(images.clone()).numpy()), square_columns(len(z)))


@answer.register
def _(request: FetchCodebook, explorer: Explorer) -> Generator[Progress, None, CodebookTiles]:
    """Return the middle of the image that has one code everywhere, for each code.

    Raises
    ------
    RunError
        If the model has no codebook.
    """
    card, model = explorer.card, explorer.model
    with torch.inference_mode():
        found = model.codebook_points()
    if found is None or card is None or model.latent_shape is None:
        raise RunError("This model has no codebook.")
    z, shares = (each[:MAX_CODES] for each in found)
    points = tuple(map(card.point, z.tolist()))
    columns = square_columns(len(points))
    tiles = yield from decode_in_steps(explorer, points, columns, "Decoding the codebook")
    pictures = _middle(tiles.pictures, model.latent_shape[1:])
    return CodebookTiles(Tiles(points, pictures, columns), tuple(shares.tolist()))


def _middle(pictures: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the middle of pictures (N, H, W, ...) whose map of codes has a size (h, w)."""
    rows, columns = (
        slice((pixels - side) // 2, (pixels + side) // 2)
        for pixels, positions in zip(pictures.shape[1:3], size, strict=True)
        for side in [min(pixels, -(-pixels // positions) * PATCH_CODES)]
    )
    return np.ascontiguousarray(pictures[:, rows, columns])
