"""Text of a report of a problem, without private paths."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from latentlab.directories import home
from latentlab.log_file import end_of_log, last_actions
from latentlab.system_info import system_info

if TYPE_CHECKING:
    from latentlab.session.state import State

MAX_LOG = 8000
"""Maximum length of the end of the log, in characters."""
ABSOLUTE = re.compile(r"(?<![\w.~/:>\\])(?:[A-Za-z]:)?[\\/](?:[^\\/\s\"'<>:,]+[\\/])+")
"""Folders of an absolute path; addresses and paths below ``~`` are none."""


def problem_report(state: State) -> str:
    """Return versions, failure, recipe, last actions and end of the log, without private paths."""
    failure = state.failure
    told = (failure.title, failure.advice, failure.details) if failure else ("None is shown.",)
    model = state.model
    recipe = state.training.run.recipe if state.training.run else model.recipe if model else {}
    parts = {
        "System": "\n".join(f"{name}: {value}" for name, value in system_info().items()),
        "Error": "\n".join(filter(None, told)),
        "Model": f"{model.title}, {model.latent_dim} dimensions" if model else "None is open.",
        "Recipe": json.dumps(recipe, indent=1, default=str) if recipe else "None.",
        "Last actions": "\n".join(last_actions()) or "None.",
        "End of the log": end_of_log(MAX_LOG).strip() or "It is empty.",
    }
    text = "\n\n".join(f"## {title}\n{content}" for title, content in parts.items())
    return without_private_paths(f"{text}\n")


def without_private_paths(text: str) -> str:
    """Return a text with the user's folders as ``~``, and of other paths only the last name."""
    for folder, name in ((home(), "~latentlab"), (_user_folder(), "~")):
        if folder and folder != Path(folder.anchor):
            text = text.replace(str(folder), name)
    return ABSOLUTE.sub("…/", text)


def _user_folder() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
