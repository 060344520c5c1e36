"""Errors that a person can act on."""


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
        super().__init__(f"{message} {advice}".strip())
        self.message = message
        self.advice = advice


class RecipeError(LatentlabError):
    """A recipe or a form that cannot be used; lists every problem found.

    Parameters
    ----------
    problems : dict of str to str
        From the dotted key (``"model.latent_dim"``) to what is wrong with it.
    """

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("\n".join(f"{key}: {text}" for key, text in problems.items()))
        self.problems = problems


class DataError(LatentlabError):
    """Images that cannot be found or read."""


class RunError(LatentlabError):
    """A run folder or checkpoint that cannot be read or written."""


class TrainingError(LatentlabError):
    """Training that cannot go on."""


def reason_of(error: Exception) -> str:
    """Return what an error of a library says, as a part of a message, in short."""
    said = error.strerror if isinstance(error, OSError) else ""
    return " ".join(str(said or error).split())[:200].rstrip(".") or type(error).__name__
