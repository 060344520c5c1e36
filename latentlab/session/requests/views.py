"""Questions about how the map is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request
from latentlab.session.views import Layout

if TYPE_CHECKING:
    from latentlab.session.views import View

MADE = frozenset({Layout.PCA, Layout.TSNE, Layout.UMAP})
"""Layouts that depend on the codes, and so are made anew when those move."""


@dataclass(frozen=True, slots=True)
class MakeView(Request):
    """Lay the codes out anew.

    Parameters
    ----------
    layout : Layout
        How; one of ``MADE``.
    like : View
        The view until now. One of the same layout is where the new one begins, and what it is
        turned to agree with.
    """

    field: ClassVar[str] = "view"
    urgency: ClassVar[int] = 4
    layout: Layout
    like: View
