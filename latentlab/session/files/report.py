"""Report of a run: its request and format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.request import Exported

REPORTS = ("html",)


@dataclass(frozen=True, slots=True)
class SaveReport(Request["Exported"]):
    """Write the report of the open model as one HTML page (takes seconds)."""

    priority: ClassVar[Priority] = Priority.BACKGROUND
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    path: Path
