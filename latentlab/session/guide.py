"""What is learned of an explorer's codes on the way, kept until the codes are others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from latentlab.latent.graph_path import NeighbourGraph, build_graph
from latentlab.latent.support import Ground, survey

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.base import Loading
    from latentlab.latent.codes import Codes
    from latentlab.session.explorer import Explorer


class Guide:
    """What is known of the codes of one explorer."""

    def __init__(self) -> None:
        self._codes: Codes | None = None
        self._ground: Ground | None = None
        self._graph: NeighbourGraph | None = None
        self._known: set[str] = set()
        self.usual_drift: tuple[float, float] | None = None

    def about(self, codes: Codes) -> Guide:
        """Forget what was known of other codes."""
        if self._codes is not codes:
            self.__init__()  # type: ignore[misc]
            self._codes = codes
        return self

    def ground(self) -> Generator[Loading, None, Ground | None]:
        """Return what is usual among the codes."""
        codes = self._codes
        if codes is not None and "ground" not in self._known:
            found = yield from survey(codes.mu, codes.sigma)
            # Other codes may have come between two pieces.
            if self._codes is codes:
                self._ground = found
                self._known.add("ground")
            return found
        return self._ground

    def graph(self) -> Generator[Loading, None, NeighbourGraph | None]:
        """Return the graph of neighbouring codes."""
        codes = self._codes
        if codes is not None and "graph" not in self._known:
            found = yield from build_graph(codes.mu)
            if self._codes is codes:
                self._graph = found
                self._known.add("graph")
            return found
        return self._graph


_guides: WeakKeyDictionary[Explorer, Guide] = WeakKeyDictionary()


def guide_of(explorer: Explorer) -> Guide:
    """Return what is known of the codes that an explorer has at present."""
    return _guides.setdefault(explorer, Guide()).about(explorer.codes)
