"""What is learned of an explorer's codes on the way, kept until the codes are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from latentlab.latent.interpolation.knn_path import NeighbourGraph, build_graph
from latentlab.latent.support import Ground, fit_support

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.explorer.explorer import Explorer
    from latentlab.latent.codes import Codes
    from latentlab.work import Progress


class PathIndex:
    """What is known of the codes of one explorer.

    ``returns`` says how far the codes come back when they are decoded and encoded.
    """

    def __init__(self) -> None:
        self._codes: Codes | None = None
        self._grounds: dict[int | None, Ground | None] = {}
        self._graph: NeighbourGraph | None = None
        self._has_graph = False
        self.returns: Returns | None = None

    def about(self, codes: Codes) -> PathIndex:
        """Forget what was known of other codes."""
        if self._codes is not codes:
            self.__init__()  # type: ignore[misc]
            self._codes = codes
        return self

    def ground(self, label: int | None = None) -> Generator[Progress, None, Ground | None]:
        """Return what is usual among the codes, or among those of one class.

        A conditional model has learned to decode a class from the codes of that class alone.
        """
        codes = self._codes
        if codes is None or label in self._grounds:
            return self._grounds.get(label)
        rows = np.arange(len(codes))
        if label is not None and codes.labels is not None:
            rows = np.flatnonzero(codes.labels[: len(codes)] == label)
        found = yield from fit_support(codes.mu[rows], codes.sigma[rows])
        # Other codes may have come between two pieces.
        if self._codes is codes:
            self._grounds[label] = found
        return found

    def graph(self) -> Generator[Progress, None, NeighbourGraph | None]:
        """Return the graph of neighbouring codes."""
        codes = self._codes
        if codes is not None and not self._has_graph:
            found = yield from build_graph(codes.mu)
            if self._codes is codes:
                self._graph = found
                self._has_graph = True
            return found
        return self._graph


@dataclass(frozen=True, slots=True)
class Returns:
    """How far samples of the posteriors come back when they are decoded and encoded.

    Parameters
    ----------
    usual, rare : float
        The drifts that 90 % and 99 % of them stay below, see `footing.drift`.
    share : float
        1 - Σ (moved / sigma)² / Σ (deviation / sigma)²: 1 where all come back, 0 and below where
        what is decoded says nothing of z, NaN where numbers have diverged.
    """

    usual: float = 1.0
    rare: float = 2.0
    share: float = 1.0


_guides: WeakKeyDictionary[Explorer, PathIndex] = WeakKeyDictionary()


def path_index_of(explorer: Explorer) -> PathIndex:
    """Return what is known of the codes that an explorer has at present."""
    return _guides.setdefault(explorer, PathIndex()).about(explorer.codes)
