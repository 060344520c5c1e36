"""Symptoms that the place of the codes shows: classes that overlap, ways that are jagged.

What was measured on the bundled digits and on MNIST, by which the limits were set, stands in the
table of `JAGGED` and at `APART`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.checks.base import check, finding
from latentlab.session.checks.rate import blurry, collapse
from latentlab.session.evidence import EARLY
from latentlab.session.remedies import attempt, heavier, longer, wider

if TYPE_CHECKING:
    from latentlab.session.evidence import Evidence
    from latentlab.session.reports import Finding

SEEN = 0.2
"""How much better than chance pixels must tell classes, for codes to be asked the same of."""
APART = 0.15
"""Share of that, up to which codes tell hardly more than chance."""
JAGGED = 1.25
STILL_FALLS = 0.1
"""Share of all its gain that a loss makes in the last epochs while it is on its way."""


@check(60)
def overlap(run: Evidence) -> Finding | None:
    """Look for classes that lie on one another, though pixels tell them apart."""
    if not run.known or run.latents is None or collapse(run) or _falls(run):
        return None
    if run.beta > 1 and blurry(run):
        # It is the weight of KL that leaves no room.
        return None
    told, by_chance, by_pixels = (
        values[-EARLY - 1 :]
        for values in (run.latents.same_class, run.latents.by_chance, run.latents.by_pixels)
    )
    seen = by_pixels - by_chance
    if not (seen > SEEN).all() or not (told - by_chance < APART * seen).all():
        return None
    evidence = (
        f"Of {told[-1]:.0%} of the images the nearest other code is of the same class: by chance "
        f"it would be of {by_chance[-1]:.0%}, and the nearest by pixels is of {by_pixels[-1]:.0%}."
    )
    title = "Clusters overlap entirely: there is too little room to keep classes apart."
    more = longer(run.latents.kl.shape[1])
    return finding(run, "overlap", "watch", title, evidence, more, wider(run))


@check(70)
def jagged(run: Evidence) -> Finding | None:
    """Look for pictures that stand still along a line, and then jump."""
    if not run.known or run.latents is None or collapse(run):
        return None
    uneven = run.latents.unevenness[-EARLY - 1 :]
    if not (uneven > JAGGED).all():
        return None
    variation, limit = np.sqrt(uneven[-1] - 1), np.sqrt(JAGGED - 1)
    evidence = (
        f"Along straight lines between codes the steps of the pictures vary by {variation:.0%} of "
        f"their mean; up to {limit:.0%} is smooth."
    )
    title = "Interpolation is jagged: along a line pictures hardly change, then jump."
    norm = attempt("Normalise each batch", model__norm="batch")
    return finding(run, "jagged", "watch", title, evidence, heavier(run), norm)


def _falls(run: Evidence) -> bool:
    """Say whether the model is still on its way."""
    return bool(run.validation[-EARLY - 1] - run.validation[-1] > STILL_FALLS * run.gain)
