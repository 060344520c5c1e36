"""Questions about recipes, and files to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.session.reports import Compared
    from latentlab.session.scene import Tiles


@dataclass(frozen=True, slots=True)
class Exported:
    """A file was written."""

    path: Path


@dataclass(frozen=True, slots=True)
class Export(Request):
    """Write pictures to a file: as a sheet or as a film, as its ending says."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    tiles: Tiles
    path: Path
    info: Mapping[str, Any]
    gap: int = 0
    back: bool = True
    """Whether a film plays there and back, or begins anew after its last frame."""
    steps: bool = False
    """Whether these are the steps of a way, which a WebP shows as a film."""

    @property
    def place(self) -> object:
        """See `Request.place`; no file takes another's."""
        return Export, self.path


@dataclass(frozen=True, slots=True)
class SaveCurves(Request):
    """Draw the curves of runs into a file, or write them as CSV where its name says so."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    runs: tuple[Compared, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class ReadRecipe(Request):
    """Read a recipe file for the training form."""

    field: ClassVar[str] = "draft"
    about_model: ClassVar[bool] = False
    path: Path


@dataclass(frozen=True, slots=True)
class CheckPlugins(Request):
    """Ask which plug-ins could not be loaded; answered in words, one for each."""

    about_model: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class DescribeForm(Request):
    """Describe the training form."""

    field: ClassVar[str] = "form"
    about_model: ClassVar[bool] = False
