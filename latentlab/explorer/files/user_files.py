"""Paths of the user's files about a model."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from latentlab.atomic_write import check_present
from latentlab.directories import home, resources, runs

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.points import ModelCard


def path_for(card: ModelCard, what: str) -> Path:
    """Return the path of a file about a model, such as its ``directions``.

    It is in the run folder if that is one of the user's runs, else in the user's folder.

    Raises
    ------
    RunError
        If that run folder is gone.
    """
    # Codes without a model have a file instead of a run folder.
    source = card.source or card.file
    if source is None:
        return home() / what / f"{card.kind}-{card.latent_dim}.json"
    if source.parent.resolve() == runs().resolve():
        check_present(source, what)
        return source / f"{what}.json"
    if source.parent.resolve() == (resources() / "models").resolve():
        return home() / what / f"{source.name}.json"
    # Folders in different locations may have the same name.
    suffix = hashlib.sha256(str(source).encode()).hexdigest()[:8]
    return home() / what / f"{source.name}-{suffix}.json"
