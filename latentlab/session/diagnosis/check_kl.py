"""Symptoms in the KL of the dimensions: too little or too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import counted
from latentlab.learning.events import ACTIVE_KL, WEAK_KL, is_active, is_weak
from latentlab.session.diagnosis.check import (
    check,
    finding,
    format_kl,
    format_nats,
    is_decreasing,
    since,
)
from latentlab.session.diagnosis.remedies import (
    anneal,
    increase_beta,
    more_dimensions,
    remedy,
    set_beta,
    shrink_decoder,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.session.curves.latent_curves import LatentCurves
    from latentlab.session.diagnosis.evidence import Evidence
    from latentlab.session.diagnosis.finding import Finding, Remedy

MIN_KL = 2.0
"""KL in nats below which codes cannot distinguish ten classes: log 10 is 2.3."""
MAX_KL_PER_DIMENSION = 5.0
"""KL in nats per active dimension above which codes are far outside the prior or nearly points."""
FULL_KL_PER_DIMENSION = 2.5
"""KL in nats per dimension from which more dimensions would help."""


@check(20)
def collapse(run: Evidence) -> Finding | None:
    """Check whether all dimensions are inactive."""
    if run.latents is None or run.beta == 0:
        return None
    inactive = run.latents.active == 0
    if not inactive[-1]:
        return None
    evidence = (
        f"All {run.latents.kl.shape[1]} dimensions have carried less than {ACTIVE_KL} nats since "
        f"epoch {since(run.latents, inactive):.0f}; KL is {run.kl:.3f} nats per image."
    )
    title = "Posterior collapse: the decoder ignores z and decodes every code to the same image."
    lower = [set_beta(1.0)] if run.beta > 1 else []
    bits = remedy("Set free bits to 0.1 nats per dimension", objective__free_bits=0.1)
    return finding(
        run, "collapse", "trouble", title, evidence, *lower, *anneal(run), bits, shrink_decoder(run)
    )


@check(90)
def partial_collapse(run: Evidence) -> Finding | None:
    """Check for inactive and weak dimensions."""
    if run.latents is None or run.beta == 0 or collapse(run):
        return None
    kl = run.latents.kl[-1]
    size, little = len(kl), int((~is_carrying(kl)).sum())
    if not little:
        return None
    title = f"{little} of {size} dimensions carry less than {WEAK_KL} nats"
    if not is_weak(kl).any():
        title = f"{little} of {size} dimensions {'is' if little == 1 else 'are'} inactive"
    evidence = " ".join((*_inactive(run.latents), *_weak(kl)))
    return finding(
        run,
        "partial collapse",
        "watch" if little > size / 4 else "advice",
        f"{title}: partial posterior collapse.",
        evidence,
        *([set_beta(1.0)] if run.beta > 1 else []),
        *_fewer_dimensions(size, size - little),
        remedy("Set free bits to 0.1 nats per dimension", objective__free_bits=0.1),
        *anneal(run),
    )


def is_carrying(kl: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which dimensions are active and not weak."""
    return is_active(kl) & ~is_weak(kl)


def _inactive(latents: LatentCurves) -> list[str]:
    """Return a sentence on the inactive dimensions, if there are any."""
    active = is_active(latents.kl)
    names = [
        f"z{d + 1} since epoch {since(latents, ~active[:, d]):.0f}"
        for d in np.flatnonzero(~active[-1])
    ]
    return [f"Inactive, less than {ACTIVE_KL} nats: {_list(names)}."] if names else []


def _weak(kl: NDArray[np.float64]) -> list[str]:
    """Return a sentence on the weak dimensions, the weakest first, if there are any."""
    weak = [d for d in np.argsort(kl, kind="stable") if is_weak(kl)[d]]
    names = [f"z{d + 1} {format_kl(kl[d])}" for d in weak]
    if not names:
        return []
    rest = kl[is_carrying(kl)].sum()
    share = f" The others carry {rest:.1f} of {kl.sum():.1f} nats." if rest else ""
    return [f"Weak, less than {WEAK_KL} nats: {_list(names)}.{share}"]


def _list(names: list[str]) -> str:
    return ", ".join(names[:6] + ([f"{len(names) - 6} more"] if len(names) > 6 else []))


def _fewer_dimensions(size: int, left: int) -> list[Remedy]:
    """Return the remedy of only the dimensions that carry information, if there are any."""
    if not 0 < left < size:
        return []
    return [remedy(f"Use {counted(left, 'dimension')}", model__latent_dim=left)]


@check(50)
def low_kl(run: Evidence) -> Finding | None:
    """Check for codes with too little information to distinguish images."""
    # Deterministic codes have no KL, so that it is NaN.
    if not run.known or run.beta == 0 or not run.kl < MIN_KL or collapse(run):
        return None
    kinds = max(1, int(np.exp(run.kl)))
    capacity = f"enough to distinguish {kinds} kinds of images"
    if kinds < 2:
        capacity = "not enough to distinguish two kinds of images"
    evidence = (
        f"KL is {run.kl:.2f} nats: {capacity}. Reconstruction is at "
        f"{format_nats(run.of('validation', 'reconstruction')[-1])} nats."
    )
    title = "The weight of KL is too large: codes carry little information, and images are blurred."
    lower = 1.0 if run.beta > 1 else run.beta / 4
    return finding(run, "blurry", "watch", title, evidence, set_beta(lower), *anneal(run))


@check(40)
def prior_mismatch(run: Evidence) -> Finding | None:
    """Check for codes outside the prior."""
    if not run.known or run.latents is None:
        return None
    information, marginal = run.latents.mutual_information[-1], run.latents.marginal_kl[-1]
    if is_decreasing(run.latents.marginal_kl):
        return None
    each = run.kl / max(1, int(run.latents.active[-1]))
    # The estimate of the mutual information saturates at log N; the excess counts as marginal KL.
    reliable = information < 0.9 * np.log(max(2, run.latents.images))
    if reliable and marginal > max(1.5, 0.3 * run.kl):
        evidence = f"KL(q(z) ‖ p(z)) is {marginal:.1f} of {run.kl:.1f} nats of KL."
    elif each > MAX_KL_PER_DIMENSION:
        evidence = f"KL is {each:.1f} nats per active dimension, {run.kl:.1f} in all."
    else:
        return None
    title = "Samples will look wrong: the codes of real images are far from the prior."
    return finding(run, "hole", "watch", title, evidence, increase_beta(run), shrink_decoder(run))


@check(120)
def at_capacity(run: Evidence) -> Finding | None:
    """Check whether every dimension has reached its capacity."""
    if (
        not run.known
        or run.latents is None
        or prior_mismatch(run)
        or run.latents.kl[-1].min() < FULL_KL_PER_DIMENSION
    ):
        return None
    size = run.latents.kl.shape[1]
    evidence = f"Each dimension carries {run.latents.kl[-1].min():.1f} nats or more."
    title = f"All {size} dimensions are in full use: with more dimensions images would be sharper."
    return finding(run, "full", "advice", title, evidence, more_dimensions(size))
