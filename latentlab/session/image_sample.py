"""A sample of p(x|z), whose mean is the decoded image: its record and request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from latentlab.config import kind_title
from latentlab.session.abilities import DECODER, Abilities
from latentlab.session.library.comparable import likelihood_of
from latentlab.session.request import Priority, Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.points import ModelCard, Point


@dataclass(frozen=True, slots=True)
class ImageSample:
    """Sample of p(x|z), limited to black and white; `pixels` has shape (H, W) or (H, W, 3)."""

    point: Point
    seed: int
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SampleImage(Request["ImageSample"]):
    """Draw an image from p(x|z) with the random numbers of a seed."""

    needs: ClassVar[Abilities] = DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    point: Point
    seed: int


def likelihood_title(card: ModelCard) -> str:
    """Return the name on screen of the likelihood of a model; empty if it is unknown."""
    kind = likelihood_of(card.recipe)
    return kind_title("likelihood", kind) or kind
