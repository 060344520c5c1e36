"""What looks for one symptom in the numbers of a run.

Every module of this package registers the checks of its family, and is found by itself.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.diagnosis.evidence import EARLY
from latentlab.session.runs import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.diagnosis.evidence import Evidence
    from latentlab.session.latent_curves import LatentCurves
    from latentlab.session.runs import Remedy

    Check = Callable[[Evidence], Finding | None]

_checks: list[tuple[int, Check]] = []


def check(rank: int) -> Callable[[Check], Check]:
    """Register a check; of findings of the same level, that of the lowest rank is told first."""

    def register(look: Check) -> Check:
        _checks.append((rank, look))
        return look

    return register


@cache
def find_checks() -> tuple[Check, ...]:
    """Import every module of this package, and return all checks by rank."""
    package = import_module("latentlab.session.diagnosis")
    for module in iter_modules(package.__path__, "latentlab.session.diagnosis."):
        import_module(module.name)
    return tuple(look for _, look in sorted(_checks, key=lambda pair: pair[0]))


def finding(
    run: Evidence, key: str, level: str, title: str, evidence: str, *remedies: Remedy
) -> Finding:
    """Return a `Finding` with those of the remedies that the recipe can take."""
    return Finding(key, level, title, evidence, tuple(r for r in remedies if run.can(r)))


def shrinks(values: np.ndarray) -> bool:
    """Say whether something is getting better by itself."""
    return bool(values[-1] < 0.9 * values[max(0, len(values) - 1 - EARLY)])


def since(latents: LatentCurves, so: np.ndarray) -> float:
    """Return the epoch from which on something has been so without a break."""
    before = np.flatnonzero(~so)
    return float(latents.epochs[before[-1] + 1 if len(before) else 0])


def nats(value: float) -> str:
    """Return a loss to read, without its unit."""
    return f"{value:.1f}"
