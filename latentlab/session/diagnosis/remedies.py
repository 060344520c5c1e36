"""Remedies of more than one symptom, as changes of the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.session.diagnosis.finding import Remedy

if TYPE_CHECKING:
    from latentlab.session.diagnosis.evidence import Evidence


def remedy(text: str, **changes: Any) -> Remedy:
    """Return a remedy; double underscores in keyword names stand for dots."""
    pairs = ((key.replace("__", "."), value) for key, value in changes.items())
    return Remedy(text, tuple(pairs))


def anneal(run: Evidence) -> list[Remedy]:
    """Return the remedy of KL warm-up, unless the recipe has a schedule."""
    if run.get("objective.schedule.kind") != "constant":
        return []
    schedule = {"kind": "linear", "epochs": 10}
    return [remedy("KL warm-up: beta from 0 over 10 epochs", objective__schedule=schedule)]


def shrink_decoder(run: Evidence) -> Remedy:
    """Return the remedy of a smaller decoder, which depends more on z."""
    width = run.get("model.width")
    if width:
        return remedy("Halve the channels", model__width=max(4, int(width) // 2))
    hidden = [max(16, int(width) // 2) for width in run.get("model.hidden", ())]
    return remedy("Halve the hidden layers", model__hidden=hidden)


def widen_network(run: Evidence) -> Remedy:
    """Return the remedy of a wider network."""
    width = run.get("model.width")
    if width:
        return remedy("Double the channels", model__width=min(1024, 2 * int(width)))
    hidden = [min(8192, max(64, 2 * int(width))) for width in run.get("model.hidden", ())]
    return remedy("Double the hidden layers", model__hidden=hidden)


def more_dimensions(size: int) -> Remedy:
    """Return the remedy of four times as many latent dimensions, at most 512."""
    more = max(size, min(512, 4 * size))
    return remedy(f"Use {more} dimensions", model__latent_dim=more)


def increase_beta(run: Evidence) -> Remedy:
    """Return the remedy of a larger weight of KL."""
    return set_beta(1.0 if run.beta < 1 else 2 * run.beta)


def set_beta(beta: float) -> Remedy:
    """Return the remedy of another weight of KL."""
    return remedy(f"Set beta to {beta:g}", objective__beta=beta)


def lower_learning_rate(run: Evidence) -> Remedy:
    """Return the remedy of a lower learning rate."""
    rate = float(f"{float(run.get('training.learning_rate', 1e-3)) / 3:.1g}")
    return remedy(f"Lower the learning rate to {rate:g}", training__learning_rate=rate)
