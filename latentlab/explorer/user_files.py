"""Where stands what a person keeps of a model."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from latentlab.directories import home, resources, runs

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.points import ModelCard


def place_of(card: ModelCard, what: str) -> Path:
    """Return the file that keeps something, such as ``directions``, of a model.

    In its own folder where that is one of the user's runs; else in the user's folder.
    """
    source = card.source
    if source is None:
        return home() / what / f"{card.kind}-{card.latent_dim}.json"
    if source.parent.resolve() == runs().resolve():
        return source / f"{what}.json"
    if source.parent.resolve() == (resources() / "models").resolve():
        return home() / what / f"{source.name}.json"
    # Folders elsewhere may share a name.
    mark = hashlib.sha256(str(source).encode()).hexdigest()[:8]
    return home() / what / f"{source.name}-{mark}.json"
