"""The pseudo-inputs of a VampPrior as pictures."""

from __future__ import annotations

import torch

from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.encode import to_bytes, to_hwc
from latentlab.session.files.mosaic import square_columns
from latentlab.session.model import FetchPseudoInputs
from latentlab.session.points import Tiles


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
    classes = [None] * len(z) if labels is None else labels.tolist()
    points = map(explorer.card.point, z.tolist(), classes)
    return Tiles(tuple(points), to_hwc(to_bytes(images.clone()).numpy()), square_columns(len(z)))
