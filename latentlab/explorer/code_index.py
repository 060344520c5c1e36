"""What is learned of an explorer's codes on the way, kept until the codes are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.interpolation.knn_path import NeighbourGraph, build_graph
from latentlab.latent.support import SupportStatistics, fit_support

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.explorer.explorer import Explorer
    from latentlab.latent.codes import Codes
    from latentlab.work import Progress


class PathIndex:
    """What is known of the codes of one model.

    ``returns`` says how far the codes come back when they are decoded and encoded.

    Parameters
    ----------
    codes : Codes
        Which.
    """

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.returns: Returns | None = None
        self._supports: dict[int | None, SupportStatistics | None] = {}
        self._graph: NeighbourGraph | None = None
        self._has_graph = False

    def support(
        self, label: int | None = None
    ) -> Generator[Progress, None, SupportStatistics | None]:
        """Return what is usual among the codes, or among those of one class.

        A conditional model has learned to decode a class from the codes of that class alone.
        """
        codes = self.codes
        if label in self._supports:
            return self._supports[label]
        rows = np.arange(len(codes))
        if label is not None and codes.labels is not None:
            rows = np.flatnonzero(codes.labels[: len(codes)] == label)
        self._supports[label] = yield from fit_support(codes.mu[rows], codes.sigma[rows])
        return self._supports[label]

    def graph(self) -> Generator[Progress, None, NeighbourGraph | None]:
        """Return the graph of neighbouring codes."""
        if not self._has_graph:
            self._graph = yield from build_graph(self.codes.mu)
            self._has_graph = True
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


def path_index_of(explorer: Explorer) -> PathIndex:
    """Return what is known of the codes that an explorer has at present."""
    known = explorer.path_index
    if known is None or known.codes is not explorer.codes:
        known = explorer.path_index = PathIndex(explorer.codes)
    return known
