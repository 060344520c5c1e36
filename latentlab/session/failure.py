"""Errors as records that can cross threads and be displayed."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from latentlab.errors import MEMORY_ADVICE, LatentlabError, RecipeError, is_out_of_memory, shown
from latentlab.session.recipes import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        if is_out_of_memory(error):
            return cls("There was not enough memory.", MEMORY_ADVICE)
        details = "".join(traceback.format_exception(error))
        return cls(
            f"latentlab has an internal error: {shown(error)}.",
            "Your models and runs are kept. Please report the error with its details.",
            shown(details, MAX_DETAILS_LENGTH),
        )


def without_changed(
    failure: Failure | None, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Failure | None:
    """Return a failure without the problems whose values differ; None if none remains."""
    if failure is None or not failure.problems:
        return failure
    problems = tuple(
        (key, text) for key, text in failure.problems if _value(old, key) == _value(new, key)
    )
    if problems == failure.problems:
        return failure
    text = "\n".join(f"{key}: {text}" for key, text in problems)
    return replace(failure, title=text, problems=problems) if problems else None


def _value(recipe: Mapping[str, Any], key: str) -> object:
    """Return the value of a key, of an item of a list the value of the list."""
    head, _, last = key.rpartition(".")
    return value_of(recipe, head if last.isdecimal() else key)


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
