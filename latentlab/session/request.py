"""Requests to the explorer, as frozen records that may cross threads.

A request holds all its inputs; `latentlab.explorer` answers it on the lane's thread. Requests do
not import torch, so that panels and the controller can use them without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.abilities import NOTHING, Abilities

if TYPE_CHECKING:
    from pathlib import Path


class Priority(IntEnum):
    """Priority of a pending request; the lowest value is answered first."""

    INTERACTIVE = 0
    """The user waits for the answer."""
    VISIBLE = 1
    """The answer is on screen."""
    BACKGROUND = 2
    """The answer supplements what is on screen, or is slow to compute."""
    IDLE = 3
    """Answered only if nothing else is pending."""


class Lifetime(Enum):
    """Lifetime of an answer."""

    CODES = "codes"
    """Valid until the codes change, as in training."""
    MODEL = "model"
    """Valid until another model is opened; if the codes change, shown until the next answer."""
    SESSION = "session"
    """Independent of the open model."""


class Request[Response]:
    """Request answered with a ``Response``; `State.answer` returns the latest answer."""

    priority: ClassVar[Priority] = Priority.VISIBLE
    lifetime: ClassVar[Lifetime] = Lifetime.MODEL
    modest: ClassVar[bool] = False
    """Whether it is sent automatically for what is on screen and yields time to a training run."""
    writes: ClassVar[bool] = False
    """Whether it changes files: all are answered in order, even if the window closes.

    Any other pending request is replaced by a newer one of its kind.
    """
    needs: ClassVar[Abilities] = NOTHING
    """Abilities without which it cannot be answered; it is not sent to a model that lacks one."""
    updates: ClassVar[type[Request[Any]] | None] = None
    """Kind of request whose answer this request replaces; None for its own kind."""

    @classmethod
    def is_about_model(cls) -> bool:
        """Return whether the answer becomes invalid when another model is opened."""
        return cls.lifetime is not Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class Exported:
    """Path of a written file, and a sentence about it, which may be empty."""

    path: Path
    note: str = ""


class Write[Response](Request[Response]):
    """Request that changes files, independently of the open model."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    writes: ClassVar[bool] = True


class SaveFile(Write[Exported]):
    """Request that writes a file chosen by the user."""
