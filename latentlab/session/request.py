"""Questions to the explorer, as frozen records that may cross threads.

A request holds all it needs; `latentlab.explorer` answers it on the lane's thread. Requests are
free of torch, so panels and controller can speak of them without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pathlib import Path


class Priority(IntEnum):
    """Which of the waiting requests is answered first."""

    INTERACTIVE = 0
    """A hand waits for it."""
    VISIBLE = 1
    """It is on screen."""
    BACKGROUND = 2
    """It is shown beside what is on screen, or takes long."""
    IDLE = 3
    """Only when nothing else waits."""


class Lifetime(Enum):
    """How long an answer holds."""

    CODES = "codes"
    """Until the model has other codes, as in training."""
    MODEL = "model"
    """Until another model is open; after other codes it is shown until there is a new one."""
    SESSION = "session"
    """It does not depend on the open model."""


class Request[Response]:
    """A question. `State.answer` returns its latest answer, a ``Response``."""

    priority: ClassVar[Priority] = Priority.VISIBLE
    lifetime: ClassVar[Lifetime] = Lifetime.MODEL
    modest: ClassVar[bool] = False
    """Whether it follows by itself from what is on screen: it leaves most of the time to a run."""
    writes: ClassVar[bool] = False
    """Whether it changes files: each is answered, one after another, even though the window closes.

    Of all others a newer one replaces one of its kind that waits.
    """
    updates: ClassVar[type[Request[Any]] | None] = None
    """The kind of request whose answer this one's is from now on; None for its own."""

    @classmethod
    def is_about_model(cls) -> bool:
        """Return whether the answer is worthless once another model is open."""
        return cls.lifetime is not Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class Exported:
    """A file was written."""

    path: Path


class Write[Response](Request[Response]):
    """Changes files by what it holds, whichever model is open by then."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    writes: ClassVar[bool] = True


class SaveFile(Write[Exported]):
    """Writes a file of the user's choice."""
