"""The question for all codes of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from latentlab.latent.codes import Codes


@dataclass(frozen=True, slots=True)
class Whole:
    """The codes of all images of the data set; the first ones are those that were there."""

    codes: Codes


@dataclass(frozen=True, slots=True)
class ShowAll(Request):
    """Encode the images that the map has left out, and have it show all."""

    urgency: ClassVar[int] = 7


@dataclass(frozen=True, slots=True)
class ShowRest(Request):
    """Encode the images of the map that opening a model has left out."""

    urgency: ClassVar[int] = 7
