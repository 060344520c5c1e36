"""Questions about what the map's points are coloured by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from latentlab.session.colourings import Measure


@dataclass(frozen=True, slots=True)
class MakeMeasured(Request):
    """Find groups or density among the codes.

    Parameters
    ----------
    measure : Measure
        Which.
    count : int
        How many groups of k-means, or the fewest codes of a group of HDBSCAN.
    """

    field: ClassVar[str] = "measured"
    measure: Measure
    count: int = 10
