"""Symptoms that the KL of the dimensions shows: too little of it, or too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.learning.events import ACTIVE, is_active
from latentlab.session.diagnosis.check import check, finding, nats, shrinks, since
from latentlab.session.diagnosis.remedies import (
    anneal,
    heavier,
    remedy,
    set_beta,
    shrink_decoder,
    train_longer,
)

if TYPE_CHECKING:
    from latentlab.session.diagnosis.evidence import Evidence
    from latentlab.session.runs import Finding

SPEECHLESS = 2.0
"""Nats of KL that cannot even tell ten classes apart: log 10 is 2.3."""
CROWDED = 5.0
"""Nats per active dimension that put its codes far outside the bell, or make them points."""
FULL = 2.5
"""Nats per dimension from which one more would relieve it."""


@check(20)
def collapse(run: Evidence) -> Finding | None:
    """Look whether any dimension carries anything."""
    if run.latents is None or run.beta == 0:
        return None
    silent = run.latents.active == 0
    if not silent[-1]:
        return None
    evidence = (
        f"All {run.latents.kl.shape[1]} dimensions carry less than {ACTIVE} nats since epoch "
        f"{since(run.latents, silent):.0f}; KL is {run.kl:.3f} nats per image."
    )
    title = "Posterior collapse: the decoder ignores z, so every image is rebuilt as the same one."
    lower = [set_beta(1.0)] if run.beta > 1 else []
    bits = remedy("Give each dimension 0.1 nats for nothing", objective__free_bits=0.1)
    return finding(
        run, "collapse", "trouble", title, evidence, *lower, *anneal(run), bits, shrink_decoder(run)
    )


@check(90)
def dead(run: Evidence) -> Finding | None:
    """Look for dimensions that carry nothing."""
    if run.latents is None or run.beta == 0:
        return None
    kl = run.latents.kl
    active = is_active(kl)
    gone = np.flatnonzero(~active[-1])
    size = kl.shape[1]
    if not 0 < len(gone) < size:
        return None
    times = [(since(run.latents, ~active[:, d]), f"z{d + 1}") for d in gone]
    parts = [f"{name} since epoch {epoch:.0f}" for epoch, name in times[:6]]
    parts += [f"{len(gone) - 6} more"] if len(gone) > 6 else []
    evidence = f"Less than {ACTIVE} nats: {', '.join(parts)}."
    number = "One dimension has" if len(gone) == 1 else f"{len(gone)} dimensions have"
    title = f"{number} died, of {size}: z is longer than the model finds use for."
    return finding(
        run,
        "dead",
        "watch" if len(gone) > size / 4 else "fine",
        title,
        evidence,
        remedy(f"Take {_dimensions(size - len(gone))}", model__latent_dim=size - len(gone)),
        remedy("Give each dimension 0.1 nats for nothing", objective__free_bits=0.1),
        *anneal(run),
    )


def _dimensions(count: int) -> str:
    return "1 dimension" if count == 1 else f"{count} dimensions"


@check(50)
def blurry(run: Evidence) -> Finding | None:
    """Look for codes that say too little to tell images apart."""
    if not run.known or run.beta == 0 or run.kl >= SPEECHLESS or collapse(run):
        return None
    kinds = max(1, int(np.exp(run.kl)))
    told = f"enough to tell {kinds} kinds of image apart, no more"
    if kinds < 2:
        told = "not even enough to tell two kinds of image apart"
    evidence = (
        f"KL is {run.kl:.2f} nats: {told}. "
        f"Reconstruction stands at {nats(run.of('validation', 'reconstruction')[-1])} nats."
    )
    title = "KL weighs too much: the codes say little, and images are blurred into their mean."
    lower = 1.0 if run.beta > 1 else run.beta / 4
    return finding(run, "blurry", "watch", title, evidence, set_beta(lower), *anneal(run))


@check(40)
def hole(run: Evidence) -> Finding | None:
    """Look for codes that lie where the prior does not."""
    if not run.known or run.latents is None:
        return None
    information, marginal = run.latents.mutual_information[-1], run.latents.marginal_kl[-1]
    if shrinks(run.latents.marginal_kl):
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
    return finding(run, "hole", "watch", title, evidence, heavier(run), shrink_decoder(run))


@check(120)
def full(run: Evidence) -> Finding | None:
    """Look whether every dimension carries all it can."""
    if not run.known or run.latents is None or hole(run) or run.latents.kl[-1].min() < FULL:
        return None
    size = run.latents.kl.shape[1]
    evidence = f"Each carries {run.latents.kl[-1].min():.1f} nats or more."
    title = f"All {size} dimensions are full: with more, images would be sharper."
    return finding(run, "full", "fine", title, evidence, train_longer(size))
