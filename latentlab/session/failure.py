"""Errors as data, fit to cross threads and to be shown."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from latentlab.errors import LatentlabError, RecipeError, shown

DETAILS = 20_000
"""Characters of a traceback at most."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something went wrong.

    Parameters
    ----------
    title : str
        What, in plain words.
    advice : str
        What to do next; may be empty.
    details : str
        For a bug report: the traceback of an error nobody foresaw, else empty.
    problems : dict of str to str
        By recipe key, where the error is about a recipe.
    """

    title: str
    advice: str = ""
    details: str = ""
    problems: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe an error; call it where the error is being handled."""
        if isinstance(error, FailureElsewhere):
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
            shown(details, DETAILS),
        )


class FailureElsewhere(Exception):
    """Work in another process has failed.

    Parameters
    ----------
    failure : Failure
        What went wrong there.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.title)
        self.failure = failure
