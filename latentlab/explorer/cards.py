"""Model cards made from a model and its recipe."""

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
    """Return the card of a model, without its data set.

    Parameters
    ----------
    model : Model
        The model.
    recipe : Recipe
        Recipe of the run.
    spec : ImageSpec
        Image format of the model.
    folder : Path or None
        Run folder, if any.
    epoch : int
        Number of complete training epochs.
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
