"""Questions about the images that were chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.session.selections import Selection


@dataclass(frozen=True, slots=True)
class SaveSelection(Request):
    """Write the chosen images as a table: row, class, attributes and code of each."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    selection: Selection
    codes: Codes = field(repr=False)
    names: tuple[str, ...]
    path: Path

    @property
    def place(self) -> object:
        """See `Request.place`; no file takes another's."""
        return SaveSelection, self.path
