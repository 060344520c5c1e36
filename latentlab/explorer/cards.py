"""Model cards made from a model and its recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.runs.library import run_name
from latentlab.session.abilities import ALL, Abilities, Ability
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
        abilities=abilities_of(model),
        latent_shape=model.latent_shape,
        pseudo_inputs=_count_pseudo_inputs(model),
        codes=_count_codes(model),
        prior_given_label=model.has_prior_given_label,
        layers=tuple(model.layers.items()),
    )


def _count_pseudo_inputs(model: Model) -> int:
    found = model.pseudo_inputs()
    return 0 if found is None else len(found[0])


def _count_codes(model: Model) -> int:
    found = model.codebook_points()
    return 0 if found is None else len(found[1])


def abilities_of(model: Model) -> Abilities:
    """Return what a model can do, if there are images on the map."""
    lacking = {
        Ability.ENCODE: not model.has_encoder,
        Ability.GRADIENT: not model.has_gradient,
        Ability.POSTERIOR: not (model.has_encoder and model.has_posterior),
        # Without standard deviations the shape is not asked for.
        Ability.GAUSSIAN: model.has_posterior and not model.has_gaussian_posterior,
        Ability.STANDARD_PRIOR: not model.has_standard_prior,
        Ability.IMAGES: not model.has_encoder,
    }
    return ALL - {ability for ability, is_lacking in lacking.items() if is_lacking}
