"""Which runs have nats that can be compared: those of one data set and one kind of likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latentlab.errors import listed
from latentlab.session.recipes import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

UNNORMALIZED = "bernoulli"
"""The likelihood that is not a density of grey values; its nats compare with its own kind only."""
DISCRETE = ("discretized-gaussian", "discretized-logistic")
"""The likelihoods that are probabilities of 8-bit values, not densities of grey values."""
PLACES = ("root", "images", "table")
"""Fields of data sets that are their folder or file."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the nats of a run depend on, apart from its model.

    Parameters
    ----------
    data : str
        Kind and folder or file of the data set, and the classes left out; empty if unknown.
    likelihood : str
        Kind of the likelihood; empty if unknown.
    """

    data: str = ""
    likelihood: str = ""

    def difference(self, other: Scale) -> str:
        """Return why the nats of both cannot be compared; empty if they can, or if unknown."""
        parts = []
        if self.data and other.data and self.data != other.data:
            parts.append("the data sets differ")
        mine, theirs = self.likelihood, other.likelihood
        if mine and theirs and measure_of(mine) != measure_of(theirs):
            parts.append(f"the likelihoods differ ({mine}, {theirs})")
        return " and ".join(parts)


def scale_of(recipe: Mapping[str, Any]) -> Scale:
    """Return the scale of a recipe."""
    given = recipe.get("data")
    kind = given if isinstance(given, str) else value_of(recipe, "data.kind")
    places = (value_of(recipe, f"data.{key}") for key in PLACES)
    place = next(filter(None, places), None)
    binarize = value_of(recipe, "data.binarize")
    drawn = "binarized" if binarize in ("static", "dynamic") else None
    left_out = value_of(recipe, "data.leave_out")
    without = f"without {listed(left_out)}" if left_out else None
    data = " ".join(str(part) for part in (kind, place, drawn, without) if part)
    return Scale(data, likelihood_of(recipe))


def likelihood_of(recipe: Mapping[str, Any]) -> str:
    """Return the kind of the likelihood of a recipe; empty if unknown."""
    likelihood = value_of(recipe, "model.likelihood")
    kind = likelihood if isinstance(likelihood, str) else value_of(recipe, "model.likelihood.kind")
    return str(kind or "")


def measure_of(likelihood: str) -> str:
    """Return what the likelihoods of a kind are: only those of the same compare."""
    if likelihood == UNNORMALIZED:
        return "cross-entropy"
    return "probability" if likelihood in DISCRETE else "density"
