"""What to do about a loss that is no longer a finite number, by its term and its step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.errors import one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from latentlab.learning.recipe import Recipe

SURE = 0.01
"""Deviation of a pixel below which its likelihood may be the cause of losses without an end."""
WIDTHS = ("sigma", "scale", "min_sigma")
"""What the deviation is called by the likelihoods that have one."""


def advice_on(recipe: Recipe, terms: Iterable[str], *, first: bool) -> str:
    """Return what to change in a recipe.

    Parameters
    ----------
    recipe : Recipe
        What was trained.
    terms : iterable of str
        Those that are no finite numbers; ``loss`` alone where only their sum is none.
    first : bool
        Whether it was the first step: no step was too long then.
    """
    wanted = list(_changes(recipe, set(terms)))
    if not first:
        wanted += ["a smaller training.learning_rate", "training.clip"]
    if not wanted:
        wanted = ["training.precision=fp32", "a smaller network"]
    return f"Try {one_of(wanted)}."


def _changes(recipe: Recipe, terms: set[str]) -> Iterator[str]:
    """Yield what may be the cause whatever the step."""
    likelihood = getattr(recipe.model, "likelihood", None)
    if "reconstruction" in terms:
        for name in WIDTHS:
            if getattr(likelihood, name, SURE) < SURE:
                yield f"a larger model.likelihood.{name}"
    if recipe.objective.extra.kind in terms:
        yield f"another objective.extra than {recipe.objective.extra.kind}"
    if terms <= {"loss"}:
        yield "a smaller objective.beta"
