"""Abilities of a model, and what panels, actions and requests need of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.points import ModelCard


class Ability(StrEnum):
    """Something that an open model, or its codes, may lack; the value completes a sentence."""

    ENCODE = "an encoder"
    DECODE = "a decoder"
    GRADIENT = "gradients of the decoder"
    POSTERIOR = "standard deviations of the posteriors"
    GAUSSIAN = "Gaussian posteriors"
    STANDARD_PRIOR = "a standard normal prior"
    IMAGES = "images"


type Abilities = frozenset[Ability]

NOTHING: Abilities = frozenset()
ALL: Abilities = frozenset(Ability)
DECODER: Abilities = frozenset({Ability.DECODE})
DECODER_GRADIENT: Abilities = DECODER | {Ability.GRADIENT}
ENCODER_DECODER: Abilities = DECODER | {Ability.ENCODE}
ENCODER_DECODER_GRADIENT: Abilities = ENCODER_DECODER | DECODER_GRADIENT
IMAGES: Abilities = frozenset({Ability.IMAGES})
DECODER_ON_IMAGES: Abilities = DECODER | IMAGES
MODEL_ON_IMAGES: Abilities = ENCODER_DECODER | IMAGES
POSTERIORS: Abilities = frozenset({Ability.POSTERIOR})
GAUSSIAN_POSTERIORS: Abilities = POSTERIORS | {Ability.GAUSSIAN}
STANDARD_PRIOR: Abilities = frozenset({Ability.STANDARD_PRIOR})
KL: Abilities = GAUSSIAN_POSTERIORS | STANDARD_PRIOR
"""What the KL of each latent dimension needs."""
MODEL_WITH_POSTERIORS: Abilities = ENCODER_DECODER | POSTERIORS
SCORES: Abilities = MODEL_ON_IMAGES | POSTERIORS


def why_not(needs: Abilities, model: ModelCard | None) -> str:
    """Return a sentence that says which needs a model does not meet; empty if it meets all."""
    if model is None or needs <= model.abilities:
        return ""
    lacking = sorted(needs - model.abilities, key=list(Ability).index)
    return f"This needs {_joined(lacking)}, which {model.name} does not have."


def _joined(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
