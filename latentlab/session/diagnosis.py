"""The diagnosis of a run from its own numbers: symptom, evidence, and what to try."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.session.evidence import EARLY, Evidence
from latentlab.session.remedies import anneal, attempt, set_beta, slower, weaker
from latentlab.session.reports import Finding, Remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latentlab.learning.events import Change
    from latentlab.session.curves import Curves
    from latentlab.session.latents import LatentCurves

LEVELS = ("trouble", "watch", "fine")
DEAD = 0.01
"""Nats under which a dimension carries nothing."""
SPEECHLESS = 2.0
"""Nats of KL that cannot even tell ten classes apart: log 10 is 2.3."""
CROWDED = 5.0
"""Nats per active dimension that put its codes far outside the bell, or make them points."""
FULL = 2.5
"""Nats per dimension from which one more would relieve it."""
AWHILE = 10
"""Epochs without gain that make a plateau."""


def diagnose(
    curves: Curves,
    latents: LatentCurves | None,
    recipe: Mapping[str, Any],
    changes: tuple[Change, ...] = (),
) -> tuple[Finding, ...]:
    """Look for the known symptoms of variational autoencoders.

    Parameters
    ----------
    curves : Curves
        Losses, nats per image.
    latents : LatentCurves or None
        What the latents carry, where it was measured.
    recipe : dict
        Plain values, defaults included: remedies are offered for keys that it has.
    changes : tuple of Change
        What was changed under way.

    Returns
    -------
    tuple of Finding
        The gravest first; one of level ``"fine"`` where nothing is wrong; none in the first
        two epochs.
    """
    run = Evidence(curves, latents, recipe, changes)
    if len(run.epochs) <= EARLY:
        return ()
    found = [finding for check in CHECKS if (finding := check(run))]
    levels = {finding.level for finding in found}
    if "trouble" in levels:
        # Whether it could learn more, or wants more room, is no question yet.
        found = [finding for finding in found if finding.level != "fine"]
    elif "watch" not in levels:
        found.append(_fine(run))
    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))


def _finding(
    run: Evidence, key: str, level: str, title: str, evidence: str, *remedies: Remedy
) -> Finding:
    return Finding(key, level, title, evidence, tuple(r for r in remedies if run.can(r)))


# The checks, each on what it needs


def _diverging(run: Evidence) -> Finding | None:
    loss = run.train
    finite = np.isfinite(run.of("train", "loss"))
    if not finite.all():
        epoch = run.epochs[np.argmin(finite)]
        evidence = f"In epoch {epoch:.0f} it was no longer a number."
    elif run.known and loss[-1] > loss[0] and loss[-1] - loss.min() > 0.5 * run.gain:
        evidence = f"Training loss {_nats(loss[0])} at first, {_nats(loss[-1])} now."
    else:
        return None
    title = "The loss grows instead of falling: steps are too large."
    clip = attempt("Clip gradients at 1", training__clip=1.0)
    return _finding(run, "diverging", "trouble", title, evidence, slower(run), clip)


def _jumping(run: Evidence) -> Finding | None:
    loss = run.train
    if not run.known or not np.isfinite(loss).all() or _diverging(run):
        return None
    rises = np.diff(loss[-AWHILE - 1 :])
    jumps = rises[rises > 0.1 * max(loss[0] - loss.min(), 1e-6)]
    if len(jumps) < 2:
        return None
    evidence = (
        f"In the last {len(rises)} epochs the training loss rose {len(jumps)} times, by up to "
        f"{_nats(jumps.max())} nats, of {_nats(loss[0] - loss.min())} gained in all."
    )
    title = "The loss jumps up and down: the learning rate is too high."
    clip = attempt("Clip gradients at 1", training__clip=1.0)
    return _finding(run, "jumping", "watch", title, evidence, slower(run), clip)


def _collapse(run: Evidence) -> Finding | None:
    if run.latents is None or run.beta == 0:
        return None
    dead = (run.latents.kl < DEAD).all(1)
    if not dead[-1]:
        return None
    evidence = (
        f"All {run.latents.kl.shape[1]} dimensions carry less than {DEAD} nats since epoch "
        f"{_since(run.latents, dead):.0f}; KL is {run.kl:.3f} nats per image."
    )
    title = "Posterior collapse: the decoder ignores z, so every image is rebuilt as the same one."
    lower = [set_beta(1.0)] if run.beta > 1 else []
    bits = attempt("Give each dimension 0.1 nats for nothing", objective__free_bits=0.1)
    return _finding(
        run, "collapse", "trouble", title, evidence, *lower, *anneal(run), bits, weaker(run)
    )


def _dead(run: Evidence) -> Finding | None:
    if run.latents is None or run.beta == 0:
        return None
    kl = run.latents.kl
    dead = np.flatnonzero(kl[-1] < DEAD)
    size = kl.shape[1]
    if not 0 < len(dead) < size:
        return None
    since = [(_since(run.latents, kl[:, d] < DEAD), f"z{d + 1}") for d in dead]
    parts = [f"{name} since epoch {epoch:.0f}" for epoch, name in since[:6]]
    parts += [f"{len(dead) - 6} more"] if len(dead) > 6 else []
    evidence = f"Less than {DEAD} nats: {', '.join(parts)}."
    number = "One dimension has" if len(dead) == 1 else f"{len(dead)} dimensions have"
    title = f"{number} died, of {size}: z is longer than the model finds use for."
    return _finding(
        run,
        "dead",
        "watch" if len(dead) > size / 4 else "fine",
        title,
        evidence,
        attempt(f"Take {size - len(dead)} dimensions", model__latent_dim=size - len(dead)),
        attempt("Give each dimension 0.1 nats for nothing", objective__free_bits=0.1),
        *anneal(run),
    )


def _blurry(run: Evidence) -> Finding | None:
    if not run.known or run.beta == 0 or run.kl >= SPEECHLESS or _collapse(run):
        return None
    kinds = max(1, int(np.exp(run.kl)))
    evidence = (
        f"KL is {run.kl:.2f} nats: enough to tell {kinds} kinds of image apart, no more. "
        f"Reconstruction stands at {_nats(run.of('validation', 'reconstruction')[-1])} nats."
    )
    title = "KL weighs too much: the codes say little, and images are blurred into their mean."
    lower = 1.0 if run.beta > 1 else run.beta / 4
    return _finding(run, "blurry", "watch", title, evidence, set_beta(lower), *anneal(run))


def _hole(run: Evidence) -> Finding | None:
    if not run.known or run.latents is None:
        return None
    information, marginal = run.latents.mutual_information[-1], run.latents.marginal_kl[-1]
    if _shrinks(run.latents.marginal_kl):
        return None
    each = run.kl / max(1, int(run.latents.active[-1]))
    # Near log N, what looks like marginal KL is information that N images cannot show.
    shown = information < 0.9 * np.log(max(2, run.latents.images))
    if shown and marginal > max(1.5, 0.3 * run.kl):
        evidence = f"KL(q(z) ‖ p(z)) is {marginal:.1f} of {run.kl:.1f} nats of KL."
    elif each > CROWDED:
        evidence = f"KL is {each:.1f} nats per active dimension, {run.kl:.1f} in all."
    else:
        return None
    title = "Samples will look random: the codes of real images lie far from the prior."
    higher = 1.0 if run.beta < 1 else 2 * run.beta
    return _finding(run, "hole", "watch", title, evidence, set_beta(higher), weaker(run))


def _overfitting(run: Evidence) -> Finding | None:
    if not run.known or not np.isfinite(run.validation).all():
        return None
    best = int(run.validation.argmin())
    worse = run.validation[-1] - run.validation[best]
    gap = run.validation - run.train
    since = len(gap) - 1 - best
    if since <= EARLY or worse < 0.01 * run.gain or gap[-1] <= gap[best]:
        return None
    evidence = (
        f"Validation was best {since} epochs ago, {_nats(run.validation[best])}, and is "
        f"{_nats(run.validation[-1])} now, while training is at {_nats(run.train[-1])}: the gap "
        f"has grown from {_nats(gap[best])} to {_nats(gap[-1])} nats."
    )
    return _finding(
        run,
        "overfitting",
        "watch",
        "It learns its images by heart: good on those it trains on, worse on others.",
        evidence,
        attempt("Stop after 5 epochs without gain", training__patience=5),
        attempt("Drop out a tenth of the units", model__dropout=0.1),
        attempt("Shift images at random", training__augment__shift=0.07),
    )


def _plateau(run: Evidence) -> Finding | None:
    loss = run.validation
    if len(loss) <= AWHILE + EARLY or not np.isfinite(loss).all() or _overfitting(run):
        return None
    gained = loss[:-AWHILE].min() - loss[-AWHILE:].min()
    if gained > 0.003 * run.gain:
        return None
    evidence = f"The best validation loss fell by {max(0, gained):.2f} nats in {AWHILE} epochs."
    title = "It has learned what it can at this pace."
    return _finding(run, "plateau", "fine", title, evidence, slower(run))


def _unfinished(run: Evidence) -> Finding | None:
    planned, loss = int(run.get("training.epochs", 0)), run.validation
    if not 0 < planned <= run.epochs[-1] or not run.known or not np.isfinite(loss).all():
        return None
    gained = loss[-EARLY - 1] - loss[-1]
    if gained < 0.02 * run.gain or any(b > a for a, b in pairwise(loss[-EARLY - 1 :])):
        return None
    evidence = f"The validation loss fell by {_nats(gained)} nats in the last {EARLY} epochs."
    title = "It was still learning when it ended."
    more = attempt(f"Train for {2 * planned} epochs", training__epochs=2 * planned)
    return _finding(run, "unfinished", "fine", title, evidence, more)


def _full(run: Evidence) -> Finding | None:
    if not run.known or run.latents is None or _hole(run) or run.latents.kl[-1].min() < FULL:
        return None
    size = run.latents.kl.shape[1]
    evidence = f"Each carries {run.latents.kl[-1].min():.1f} nats or more."
    title = f"All {size} dimensions are full: with more, images would be sharper."
    more = attempt(f"Take {4 * size} dimensions", model__latent_dim=4 * size)
    return _finding(run, "full", "fine", title, evidence, more)


def _fine(run: Evidence) -> Finding:
    parts = [f"training loss {_nats(run.of('train', 'loss')[-1])}"]
    parts += [f"validation {_nats(run.of('validation', 'loss')[-1])}"]
    if run.latents is not None:
        size = run.latents.kl.shape[1]
        parts.append(f"{run.latents.active[-1]} of {size} dimensions active")
    evidence = f"{', '.join(parts)}, after {run.epochs[-1]:.0f} epochs."
    return Finding("fine", "fine", "Nothing looks wrong.", evidence.capitalize())


CHECKS: tuple[Callable[[Evidence], Finding | None], ...] = (
    _diverging,
    _collapse,
    _jumping,
    _hole,
    _blurry,
    _overfitting,
    _dead,
    _unfinished,
    _plateau,
    _full,
)


def _shrinks(values: np.ndarray) -> bool:
    """Say whether something is getting better by itself."""
    return bool(values[-1] < 0.9 * values[max(0, len(values) - 1 - EARLY)])


def _since(latents: LatentCurves, so: np.ndarray) -> float:
    """Return the epoch from which on something has been so without a break."""
    before = np.flatnonzero(~so)
    return float(latents.epochs[before[-1] + 1 if len(before) else 0])


def _nats(value: float) -> str:
    return f"{value:.1f}"
