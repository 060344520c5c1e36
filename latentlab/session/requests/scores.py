"""Questions about how strange the images on the map are to the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from latentlab.latent.ranking import Score
from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.latent.ranking import Scores


@dataclass(frozen=True, slots=True)
class ScoreImages(Request):
    """Score every image on the map; long work, answered with `Scores`."""

    field: ClassVar[str] = "scores"
    urgency: ClassVar[int] = 9
    samples: int = 50
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ShowImages(Request):
    """Get some images of the map and their reconstructions, to be shown small."""

    field: ClassVar[str] = "thumbnails"
    urgency: ClassVar[int] = 3
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SaveScores(Request):
    """Write the scores of every image as CSV, the strangest first."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    scores: Scores
    path: Path
    by: Score = Score.ELBO
    codes: Codes | None = field(repr=False, compare=False, default=None)
    class_names: tuple[str, ...] = ()

    @property
    def place(self) -> object:
        """See `Request.place`; no file takes another's."""
        return SaveScores, self.path
