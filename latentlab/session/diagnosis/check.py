"""Registry of the checks for symptoms in the metrics of a run.

Every module of this package registers its checks; `find_checks` imports all modules.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.diagnosis.evidence import MIN_EPOCHS
from latentlab.session.diagnosis.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.curves.latent_curves import LatentCurves
    from latentlab.session.diagnosis.evidence import Evidence
    from latentlab.session.diagnosis.finding import Remedy

    Check = Callable[[Evidence], Finding | None]

_checks: list[tuple[int, Check]] = []


def check(rank: int) -> Callable[[Check], Check]:
    """Register a check; findings of the same level are listed in ascending order of rank."""

    def register(function: Check) -> Check:
        _checks.append((rank, function))
        return function

    return register


@cache
def find_checks() -> tuple[Check, ...]:
    """Import every module of this package and return all checks sorted by rank."""
    package = import_module("latentlab.session.diagnosis")
    for module in iter_modules(package.__path__, "latentlab.session.diagnosis."):
        import_module(module.name)
    return tuple(function for _, function in sorted(_checks, key=lambda pair: pair[0]))


def finding(
    run: Evidence, key: str, level: str, title: str, evidence: str, *remedies: Remedy
) -> Finding:
    """Return a `Finding` with the remedies that apply to the recipe."""
    return Finding(key, level, title, evidence, tuple(r for r in remedies if run.can(r)))


def is_decreasing(values: np.ndarray) -> bool:
    """Return whether values have fallen by more than 10 % over the last `MIN_EPOCHS` epochs."""
    return bool(values[-1] < 0.9 * values[max(0, len(values) - 1 - MIN_EPOCHS)])


def since(latents: LatentCurves, so: np.ndarray) -> float:
    """Return the epoch since which the mask `so` has been True without interruption."""
    before = np.flatnonzero(~so)
    return float(latents.epochs[before[-1] + 1 if len(before) else 0])


def format_kl(value: float) -> str:
    """Format the KL of a dimension, of two digits, without its unit."""
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def format_nats(value: float) -> str:
    """Format a loss without its unit."""
    return f"{value:.1f}"
