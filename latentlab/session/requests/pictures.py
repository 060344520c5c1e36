"""Questions about a person's own picture."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as part
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.fitting import Own
    from latentlab.session.scene import Original


@dataclass(frozen=True, slots=True)
class EncodePicture(Request):
    """Encode a picture that is at hand, such as a drawing or another part of a photo."""

    urgency: ClassVar[int] = 1
    about_model: ClassVar[bool] = False
    own: Own
    label: int | None = None
    role: str = "z"
    """``"z"`` to make its code z, ``"follow"`` for z once more after the model has changed under
    it, ``"keep"`` to leave z alone."""
    settled: bool = True
    """False while a hand still draws, so that undo takes it as one step."""

    @property
    def place(self) -> object:
        """See `Request.place`; an old picture that is followed never replaces a new one."""
        return EncodePicture, self.role == "z"


@dataclass(frozen=True, slots=True)
class JudgePicture(Request):
    """Estimate how well the model knows a picture."""

    field: ClassVar[str] = "judged"
    urgency: ClassVar[int] = 4
    original: Original


@dataclass(frozen=True, slots=True)
class JudgeMap(Request):
    """Estimate how well the model knows some of the images on the map."""

    field: ClassVar[str] = "usual"
    urgency: ClassVar[int] = 8


@dataclass(frozen=True, slots=True)
class FillIn(Request):
    """Fill in what is hidden of a picture by the most probable z."""

    original: Original
    hidden: NDArray[np.bool_] = part(repr=False, compare=False)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class OtherFills(Request):
    """Fill in what is hidden of a picture in several ways."""

    field: ClassVar[str] = "fills"
    original: Original
    hidden: NDArray[np.bool_] = part(repr=False, compare=False)
    seed: int = 0
