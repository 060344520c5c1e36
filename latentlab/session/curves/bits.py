"""Bits per dimension, the unit of papers for likelihoods of 8-bit pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from latentlab.session.library.comparable import DISCRETE, likelihood_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def bits_per_dimension(
    recipe: Mapping[str, Any], pixels: int, losses: Mapping[str, float]
) -> float | None:
    """Return the negative ELBO per pixel value in bits; None if it is no probability.

    The loss of a run with missing pixels is that of the observed ones, so it has none.

    Parameters
    ----------
    recipe : mapping
        Plain values of the recipe.
    pixels : int
        Number of values per image.
    losses : mapping of str to float
        Nats per image, by name.
    """
    is_partial = recipe.get("training", {}).get("missing", 0) > 0
    has_elbo = {"reconstruction", "kl"} <= losses.keys()
    if likelihood_of(recipe) not in DISCRETE or is_partial or not has_elbo:
        return None
    return (losses["reconstruction"] + losses["kl"]) / (pixels * math.log(2))


def bits_text(recipe: Mapping[str, Any], pixels: int, losses: Mapping[str, float]) -> str:
    """Return the bits per dimension as text; empty if there are none."""
    bits = bits_per_dimension(recipe, pixels, losses)
    return "" if bits is None else f"{bits:.3f} bits per dimension"
