"""Errors that a person can act on, and how foreign ones become such."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

QUOTE = 200
"""Characters of a file's text that a message shows at most."""
LONGEST = 1200
"""Characters of a message at most."""
PROBLEMS = 20
"""Problems that a message lists at most."""
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def shown(text: object, most: int = QUOTE) -> str:
    """Return text as a message can show it: printable and at most `most` characters long.

    The middle of a longer text is left out.
    """
    full = str(text)
    if len(full) > most:
        tail = most // 4
        full = f"{full[: most - tail - 1]}…{full[len(full) - tail :]}"
    return UNPRINTABLE.sub("\ufffd", full)


def one_of(words: Sequence[str]) -> str:
    """Return words of which one is to be chosen, as in ``a, b or c``."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


class LatentlabError(Exception):
    """Something the user can put right; its text is shown as it stands.

    Parameters
    ----------
    message : str
        What is wrong, in plain words, naming the file, key or value.
    advice : str, optional
        What to do next, one sentence.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        self.message = shown(message, LONGEST)
        self.advice = shown(advice, LONGEST)
        super().__init__(f"{self.message} {self.advice}".strip())


class RecipeError(LatentlabError):
    """A recipe or a form that cannot be used; lists every problem found.

    Parameters
    ----------
    problems : dict of str to str
        From the dotted key (``"model.latent_dim"``) to what is wrong with it.
    """

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = {shown(key): shown(text, 2 * QUOTE) for key, text in problems.items()}
        lines = [f"{key}: {text}" for key, text in self.problems.items()]
        more = [f"and {len(lines) - PROBLEMS} more"] if len(lines) > PROBLEMS else []
        super().__init__("\n".join([*lines[:PROBLEMS], *more]))


class DataError(LatentlabError):
    """Images that cannot be found or read."""


class RunError(LatentlabError):
    """A run folder or checkpoint that cannot be read or written."""


class TrainingError(LatentlabError):
    """Training that cannot go on."""


@contextmanager
def reading(
    path: Path | str,
    error: type[DataError | RunError | TrainingError] = RunError,
    advice: str = "Restore it from a copy.",
    fault: str = "is damaged",
) -> Generator[None]:
    """Turn whatever a library raises while it reads a file into our error.

    Parameters
    ----------
    path : Path or str
        The file, or what else the message is to name.
    error : type of LatentlabError
        What is raised instead.
    advice : str
        What to do about a file that is damaged.
    fault : str
        What the message says of a file whose content cannot be used.

    Raises
    ------
    LatentlabError
        Where anything is raised inside; one of our own passes as it is.
    """
    name = shown(path)
    try:
        yield
    except LatentlabError:
        raise
    except MemoryError as cause:
        raise error(f"{name} needs more memory than there is.", "Close other programs.") from cause
    except RecursionError as cause:
        raise error(f"{name} {fault}: it is nested too deeply.", advice) from cause
    except Exception as cause:
        if isinstance(cause, OSError) and cause.strerror:
            unreadable = f"{name} cannot be read: {cause.strerror}."
            raise error(unreadable, "Check that it is there and may be read.") from cause
        raise error(f"{name} {fault}: {reason_of(cause)}.", advice) from cause


def reason_of(error: BaseException) -> str:
    """Return what an error of a library says, as a part of a message, in short."""
    said = error.strerror if isinstance(error, OSError) else ""
    return shown(" ".join(str(said or error).split())).rstrip(".") or type(error).__name__


LONGEST_NAME = 32
"""Characters of a name that a message shows."""


MOST_NAMES = 12
"""Names of classes that a message lists at most."""


MAX_LISTED = 6
"""Names that a message shows."""


def listed(names: Sequence[str], limit: int = MAX_LISTED) -> str:
    """Return names in one line, at most `limit` of them and each shortened."""
    shown = [
        name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names
    ]
    more = len(shown) - limit
    return ", ".join(shown[:limit]) + (f" and {more:,} more" if more > 0 else "")
