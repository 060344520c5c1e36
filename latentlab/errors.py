"""Errors that the user can act on, and the conversion of library errors into them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

QUOTE = 200
"""Maximum length of quoted text in a message, in characters."""
LONGEST = 1200
"""Maximum length of a message, in characters."""
PROBLEMS = 20
"""Maximum number of problems listed in a message."""
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def shown(text: object, most: int = QUOTE) -> str:
    """Return text with unprintable characters replaced, shortened in the middle to `most`."""
    full = str(text)
    if len(full) > most:
        tail = most // 4
        full = f"{full[: most - tail - 1]}…{full[len(full) - tail :]}"
    return UNPRINTABLE.sub("\ufffd", full)


def one_of(words: Sequence[str]) -> str:
    """Return alternatives joined as in ``a, b or c``."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def nearest(wrong: str, known: Sequence[str], otherwise: str) -> str:
    """Return advice that names the known word most like a wrong one, or else other advice."""
    near = get_close_matches(wrong, known, 1)
    return f"Did you mean {near[0]}?" if near else otherwise


NO_MEMORY = (
    "allocate memory",
    "not enough memory",
    "out of memory",
    "start new thread",  # whose stack found no room
    "could not create a primitive",  # of oneDNN, which gives no reason
)
"""Parts of the messages of the system and of torch's allocators."""
MEMORY_ADVICE = "Close other programs, or use a smaller model or batch, or smaller or fewer images."


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that there is no memory left, on the CPU or a GPU.

    Torch has no type of its own for it on the CPU, so its message is read.
    """
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower() if isinstance(error, (RuntimeError, OSError)) else ""
    return any(part in text for part in NO_MEMORY)


class LatentlabError(Exception):
    """Error that the user can fix; its text is shown unchanged.

    Parameters
    ----------
    message : str
        What is wrong, with the file, key or value.
    advice : str, optional
        What to do next, in one sentence.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        self.message = shown(message, LONGEST)
        self.advice = shown(advice, LONGEST)
        super().__init__(f"{self.message} {self.advice}".strip())


class RecipeError(LatentlabError):
    """Invalid recipe or form; lists all problems.

    Parameters
    ----------
    problems : dict of str to str
        Problem by dotted key, such as ``"model.latent_dim"``.
    """

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = {shown(key): shown(text, 2 * QUOTE) for key, text in problems.items()}
        lines = [f"{key}: {text}" for key, text in self.problems.items()]
        more = [f"and {len(lines) - PROBLEMS} more"] if len(lines) > PROBLEMS else []
        super().__init__("\n".join([*lines[:PROBLEMS], *more]))


class DataError(LatentlabError):
    """Error when images cannot be found or read."""


class RunError(LatentlabError):
    """Error when a run folder or checkpoint cannot be read or written."""


class TrainingError(LatentlabError):
    """Error that stops training."""


@contextmanager
def reading(
    path: Path | str,
    error: type[DataError | RunError | TrainingError] = RunError,
    advice: str = "Restore it from a copy.",
    fault: str = "is damaged",
) -> Generator[None]:
    """Convert any exception raised while a file is read into a `LatentlabError`.

    Parameters
    ----------
    path : Path or str
        File, or other name for the message.
    error : type of LatentlabError
        Type of the error to raise.
    advice : str
        Advice for a damaged file.
    fault : str
        Verb phrase of the message for unusable content.

    Raises
    ------
    LatentlabError
        For any exception raised inside; a `LatentlabError` is re-raised unchanged.
    """
    name = shown(path)
    try:
        yield
    except LatentlabError:
        raise
    except RecursionError as cause:
        raise error(f"{name} {fault}: it is nested too deeply.", advice) from cause
    except Exception as cause:
        if is_out_of_memory(cause):
            raise error(f"{name} does not fit into memory.", "Close other programs.") from cause
        if isinstance(cause, OSError) and cause.strerror:
            unreadable = f"{name} cannot be read: {cause.strerror}."
            raise error(unreadable, "Check that it exists and is readable.") from cause
        raise error(f"{name} {fault}: {reason_of(cause)}.", advice) from cause


def reason_of(error: BaseException) -> str:
    """Return the text of a library error on one line, shortened; else its type's name."""
    text = error.strerror if isinstance(error, OSError) else ""
    return shown(" ".join(str(text or error).split())).rstrip(".") or type(error).__name__


LONGEST_NAME = 32
"""Maximum length of a name in a message, in characters."""


MOST_NAMES = 12
"""Maximum number of class names listed in a message."""


MAX_LISTED = 6
"""Default maximum number of names listed in a message."""


def listed(names: Sequence[str], limit: int = MAX_LISTED) -> str:
    """Return at most `limit` names, each shortened, and the number of further ones."""
    shown = [
        name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names
    ]
    more = len(shown) - limit
    return ", ".join(shown[:limit]) + (f" and {more:,} more" if more > 0 else "")


def counted(count: int, thing: str) -> str:
    """Return a count with its noun, whose plural ends in s or es, such as ``2 classes``."""
    plural = f"{thing}es" if thing.endswith("s") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else plural}"
