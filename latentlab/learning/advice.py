"""Advice for losses that are not finite, by loss term and training step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.errors import one_of
from latentlab.learning.terms.term import DISCRIMINATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from latentlab.learning.recipe import Recipe

MIN_SAFE_SIGMA = 0.01
"""Sigma or scale of a pixel in [0, 1] below which the likelihood may make losses overflow."""
SIGMA_FIELDS = ("sigma", "scale", "min_sigma")
"""Names of the sigma or scale in the likelihoods that have one."""


def advice_on(recipe: Recipe, terms: Iterable[str], *, first: bool) -> str:
    """Return a text that suggests changes to a recipe.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the run.
    terms : iterable of str
        Names of the terms that are not finite; ``loss`` alone if only their sum is not.
    first : bool
        Whether it was the first step, which excludes the learning rate as the cause.
    """
    changes = list(_changes(recipe, set(terms)))
    if not first:
        changes += [
            "a smaller learning rate (training.learning_rate)",
            "gradient clipping (training.clip)",
        ]
    if not changes:
        changes = ["training in fp32 (training.precision)", "a smaller network"]
    return f"Try {one_of(changes)}."


def _changes(recipe: Recipe, terms: set[str]) -> Iterator[str]:
    """Yield changes to possible causes that do not depend on the step."""
    likelihood = getattr(recipe.model, "likelihood", None)
    if "reconstruction" in terms:
        for name in SIGMA_FIELDS:
            if getattr(likelihood, name, MIN_SAFE_SIGMA) < MIN_SAFE_SIGMA:
                yield f"a larger {name} of the likelihood (model.likelihood.{name})"
    if terms & {recipe.objective.extra.kind, DISCRIMINATOR}:
        yield f"another term than {recipe.objective.extra.kind} (objective.extra)"
    if terms <= {"loss"}:
        yield "a smaller beta (objective.beta)"
