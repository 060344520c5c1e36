"""Files of codes: opened without a model, or used with the open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.directories import CODE_SUFFIXES
from latentlab.session.model import Open

if TYPE_CHECKING:
    from pathlib import Path

KIND = "codes"
"""``ModelCard.kind`` of codes without a model."""


@dataclass(frozen=True, slots=True)
class OpenCodes(Open):
    """Open a file of codes as a data set without a model."""


def open_request(path: Path) -> Open:
    """Return the request that opens a file, by its suffix: codes, or a run or a checkpoint."""
    is_codes = path.suffix.lower() in CODE_SUFFIXES and not path.is_dir()
    return OpenCodes(path) if is_codes else Open(path)
