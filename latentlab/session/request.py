"""Questions to the explorer, as frozen records that may cross threads.

A request holds all it needs; `session.answers` says what becomes of it on the explorer's
thread. This package is free of torch, so panels and controller can speak of requests without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Collection


class Request:
    """A question; lower `urgency` numbers are answered first, newer ones replace older."""

    urgency: ClassVar[int] = 5
    about_model: ClassVar[bool] = True
    """Whether the answer is worthless once another model is open."""
    modest: ClassVar[bool] = False
    """Whether it follows by itself from what is on screen: it leaves most of the time to a run."""
    writes: ClassVar[bool] = False
    """Whether it changes files, and so must be answered even though the window closes."""

    field: ClassVar[str] = ""
    """The part of the state that its answer is; empty where the controller does more with it.

    An answer to a part that holds until there are other codes is worthless after that.
    """

    @property
    def place(self) -> object:
        """Where it waits: a newer request takes the place of an older one in the same."""
        return type(self)


def asked_for(parts: Collection[str]) -> list[type[Request]]:
    """Return every kind of request whose answer is one of these parts of the state."""
    # A dataclass with slots is made twice, and only the second bears its name in the end.
    kinds = {(kind.__module__, kind.__qualname__): kind for kind in Request.__subclasses__()}
    return [kind for kind in kinds.values() if kind.field in parts]
