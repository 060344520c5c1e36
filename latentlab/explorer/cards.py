"""What a window shows of the model that is open, from the model itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.runs.library import run_name
from latentlab.session.points import ModelCard

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.data.image_set import ImageSpec
    from latentlab.learning.recipe import Recipe
    from latentlab.models.base import Model


def card_of(
    model: Model, recipe: Recipe, spec: ImageSpec, folder: Path | None, epoch: int
) -> ModelCard:
    """Return the card of a model, without what its images are.

    Parameters
    ----------
    model : Model
        With its weights.
    recipe : Recipe
        How it was made.
    spec : ImageSpec
        What images it is made for.
    folder : Path or None
        Its run; None for a model without one.
    epoch : int
        How far it had come.
    """
    return ModelCard(
        name=run_name(folder) if folder else "Untitled",
        source=folder,
        kind=recipe.model.kind,
        latent_dim=model.latent_dim,
        conditional=model.conditional,
        spec=spec,
        epoch=epoch,
        recipe=recipe.to_dict(),
    )
