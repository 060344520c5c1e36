"""Questions about axes through latent space: what they carry, what lies along them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from latentlab.latent.directions import Method
from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.axes import Axis
    from latentlab.session.directions import Direction, Source
    from latentlab.session.scene import ModelCard, Point


@dataclass(frozen=True, slots=True)
class Weigh(Request):
    """Find out what each dimension carries, and the principal components of the codes."""

    field: ClassVar[str] = "importance"
    modest: ClassVar[bool] = True
    urgency: ClassVar[int] = 6


@dataclass(frozen=True, slots=True)
class MakeStrips(Request):
    """Decode pictures along axes through a point; work of low urgency."""

    modest: ClassVar[bool] = True
    urgency: ClassVar[int] = 8
    point: Point
    axes: tuple[Axis, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeSliderStrips(MakeStrips):
    """See `MakeStrips`; for the sliders of dimensions and components."""

    field: ClassVar[str] = "slider_strips"


@dataclass(frozen=True, slots=True)
class MakeDirectionStrips(MakeStrips):
    """See `MakeStrips`; for the sliders of directions."""

    field: ClassVar[str] = "direction_strips"


@dataclass(frozen=True, slots=True)
class ReadDirections(Request):
    """Read the directions kept for the open model."""

    field: ClassVar[str] = "directions"
    urgency: ClassVar[int] = 4


@dataclass(frozen=True, slots=True)
class LearnDirection(Request):
    """Learn a direction and keep it; leaving the ones there are as they are, where wanted.

    What is kept goes to the model named by the card, whichever is open by then.
    """

    field: ClassVar[str] = "directions"
    urgency: ClassVar[int] = 4
    card: ModelCard
    source: Source
    method: Method = Method.MEANS
    apart: bool = False


@dataclass(frozen=True, slots=True)
class ChangeDirection(Request):
    """Put a direction in the place of another, such as itself renamed.

    None for `before` adds one, None for `after` takes it away.
    """

    field: ClassVar[str] = "directions"
    writes: ClassVar[bool] = True
    urgency: ClassVar[int] = 4
    card: ModelCard
    before: Direction | None
    after: Direction | None

    @property
    def place(self) -> object:
        """See `Request.place`; no change takes another's."""
        return ChangeDirection, self.before, self.after


@dataclass(frozen=True, slots=True)
class ImportDirections(Request):
    """Add the directions of a file to those of a model."""

    field: ClassVar[str] = "directions"
    writes: ClassVar[bool] = True
    urgency: ClassVar[int] = 4
    card: ModelCard
    path: Path


@dataclass(frozen=True, slots=True)
class ExportDirections(Request):
    """Write directions to a file that can be shared."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    directions: tuple[Direction, ...] = field(repr=False)
    path: Path

    @property
    def place(self) -> object:
        """See `Request.place`; no file takes another's."""
        return ExportDirections, self.path
