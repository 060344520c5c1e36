"""Statistics of an explorer's codes for paths and support, cached until the codes change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.interpolation.knn_path import KnnGraph, build_knn_graph
from latentlab.latent.support import SupportStatistics, fit_support

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.condition import Label
    from latentlab.explorer.explorer import Explorer
    from latentlab.latent.codes import Codes
    from latentlab.work import Progress


class CodeStatistics:
    """Lazily computed support statistics and neighbour graph of the codes of one model.

    ``returns`` holds the round-trip statistics of the codes; None until measured.

    Parameters
    ----------
    codes : Codes
        Codes of the model.
    """

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.returns: RoundTripStatistics | None = None
        self._supports: dict[Label | None, SupportStatistics | None] = {}
        self._graph: KnnGraph | None = None
        self._has_graph = False

    def support(
        self, label: Label | None = None
    ) -> Generator[Progress, None, SupportStatistics | None]:
        """Return the support statistics of all codes, or of those of one class.

        A conditional model decodes a class from the codes of that class only; with several
        conditions, whose combinations may be unique, all codes count.
        """
        codes = self.codes
        label = None if isinstance(label, tuple) else label
        if label in self._supports:
            return self._supports[label]
        rows = np.arange(len(codes))
        if label is not None and codes.labels is not None:
            rows = np.flatnonzero(codes.labels[: len(codes)] == label)
        self._supports[label] = yield from fit_support(codes.mu[rows], codes.sigma[rows])
        return self._supports[label]

    def graph(self) -> Generator[Progress, None, KnnGraph | None]:
        """Return the nearest-neighbour graph of the codes."""
        if not self._has_graph:
            self._graph = yield from build_knn_graph(self.codes.mu)
            self._has_graph = True
        return self._graph


@dataclass(frozen=True, slots=True)
class RoundTripStatistics:
    """Round-trip statistics of posterior samples: decoded and encoded again.

    Parameters
    ----------
    usual, rare : float
        90th and 99th percentile of the drift, see `interpolation.drift`.
    share : float
        1 - Σ (drift / sigma)² / Σ (deviation / sigma)²: 1 if all samples return to themselves, 0 or
        less if the decoded images do not depend on z, NaN if values have diverged.
    """

    usual: float = 1.0
    rare: float = 2.0
    share: float = 1.0


def code_statistics(explorer: Explorer) -> CodeStatistics:
    """Return the path index of an explorer's current codes."""
    index = explorer.path_index
    if index is None or index.codes is not explorer.codes:
        index = explorer.path_index = CodeStatistics(explorer.codes)
    return index
