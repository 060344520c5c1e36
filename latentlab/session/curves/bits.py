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

    Parameters
    ----------
    recipe : mapping
        Plain values of the recipe.
    pixels : int
        Number of values per image.
    losses : mapping of str to float
        Nats per image, by name.
    """
    if likelihood_of(recipe) not in DISCRETE or not {"reconstruction", "kl"} <= losses.keys():
        return None
    return (losses["reconstruction"] + losses["kl"]) / (pixels * math.log(2))


def bits_text(recipe: Mapping[str, Any], pixels: int, losses: Mapping[str, float]) -> str:
    """Return the bits per dimension as text; empty if there are none."""
    bits = bits_per_dimension(recipe, pixels, losses)
    return "" if bits is None else f"{bits:.3f} bits per dimension"
