"""Errors as records that can cross threads and be displayed."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from latentlab.errors import LatentlabError, RecipeError, shown

MAX_DETAILS_LENGTH = 20_000
"""Maximum length of a traceback, in characters."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Error to display.

    Parameters
    ----------
    title : str
        What happened.
    advice : str
        What to do next; may be empty.
    details : str
        Traceback of an unexpected error for a bug report, else empty.
    problems : tuple of (str, str)
        Recipe keys and messages of an invalid recipe.
    """

    title: str
    advice: str = ""
    details: str = ""
    problems: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe an error; call it in the exception handler."""
        if isinstance(error, RemoteFailure):
            return error.failure
        if isinstance(error, RecipeError):
            return cls(error.message, problems=tuple(error.problems.items()))
        if isinstance(error, LatentlabError):
            return cls(error.message, error.advice)
        if isinstance(error, MemoryError):
            return cls("There was not enough memory.", "Close other programs or choose less.")
        details = "".join(traceback.format_exception(error))
        return cls(
            f"Something went wrong inside latentlab: {shown(error)}.",
            "Nothing is lost. Please report it with the details.",
            shown(details, MAX_DETAILS_LENGTH),
        )


class RemoteFailure(Exception):
    """Raised if work in another process failed.

    Parameters
    ----------
    failure : Failure
        Failure of the other process.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.title)
        self.failure = failure
