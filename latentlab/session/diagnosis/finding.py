"""Findings of the diagnosis of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Remedy:
    """Suggested changes of the recipe: pairs of a dotted key and a value."""

    text: str
    changes: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one diagnostic check of a run.

    Parameters
    ----------
    key : str
        Name of the check, such as ``collapse``.
    level : str
        ``"fine"``, ``"advice"``, ``"watch"`` or ``"trouble"``.
    title : str
        One sentence.
    evidence : str
        Measurements that support it.
    remedies : tuple of Remedy
        Suggested remedies, the best first.
    """

    key: str
    level: str
    title: str
    evidence: str
    remedies: tuple[Remedy, ...] = ()
