"""Questions about what the map draws from whole posteriors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from latentlab.latent.frames import Frame


@dataclass(frozen=True, slots=True)
class DrawPosteriors(Request):
    """Draw each q(z|x) once, and place the draws on a plane."""

    field: ClassVar[str] = "draws"
    frame: Frame


@dataclass(frozen=True, slots=True)
class FindHoles(Request):
    """Compare the density of codes on a plane with that of the prior."""

    field: ClassVar[str] = "holes"
    frame: Frame
