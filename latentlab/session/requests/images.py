"""Questions about pictures on disk that are not a data set yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ShowPictures(Request):
    """Show some pictures as a model would see them, given a recipe's ``data`` table."""

    field: ClassVar[str] = "contact"
    about_model: ClassVar[bool] = False
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckPictures(Request):
    """Look which files of a folder or ZIP cannot be read."""

    field: ClassVar[str] = "checked"
    about_model: ClassVar[bool] = False
    urgency: ClassVar[int] = 6
    root: Path
