"""Symptoms that the place of the codes shows: classes that overlap, lines that are jagged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.diagnosis.check import check, finding
from latentlab.session.diagnosis.check_kl import blurry, collapse
from latentlab.session.diagnosis.evidence import EARLY
from latentlab.session.diagnosis.remedies import heavier, remedy, train_longer, widen_network

if TYPE_CHECKING:
    from latentlab.session.diagnosis.evidence import Evidence
    from latentlab.session.runs import Finding

SEEN = 0.2
"""How much better than chance pixels must tell classes, for codes to be asked the same of."""
APART = 0.15
"""Share of that, up to which codes tell hardly more than chance.

Measured on the bundled digits, of which pixels tell 84% where chance tells 10%: 10% to 18% of the
images, a share of 0 to 0.11, with one hidden layer of 4 units and one dimension in epochs 3 to 12
at a rate of 3e-3; 40% with two layers of 512 and 256 and one dimension, 60% with two, 82% with 16.
"""
JAGGED = 1.25
"""Unevenness, of which a decoder that is linear has 1, above which one sees it: the steps of a line
vary by half of their mean.

Measured with two hidden layers of 512 and 256 units; rounded, and as it was in epoch 30:

=======================  ========  ===========  ========
images, dimensions       beta = 0  beta = 0.01  beta = 1
=======================  ========  ===========  ========
digits, 2                    1.50         1.39      1.11
digits, 16                   1.06         1.05      1.06
MNIST, 2 (epoch 5)           1.50                   1.13
=======================  ========  ===========  ========

After 60 epochs with 2 dimensions it is 1.43, 1.32 and 1.13; with beta 1 it never passed 1.15 in
150. The shipped models have 1.14 (digits, 2 dimensions), 1.02 (conditional, 20) and 1.08 (faces).
In 16 dimensions an autoencoder is even, too: what is wrong with its lines is not their pace.
"""
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
        f"The nearest other code is of the same class for {told[-1]:.0%} of the images; by chance "
        f"it would be for {by_chance[-1]:.0%}, and by pixels it is for {by_pixels[-1]:.0%}."
    )
    title = "Clusters overlap entirely: there is too little room to keep classes apart."
    more = train_longer(run.latents.kl.shape[1])
    return finding(run, "overlap", "watch", title, evidence, more, widen_network(run))


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
    norm = remedy("Normalise each batch", model__norm="batch")
    return finding(run, "jagged", "watch", title, evidence, heavier(run), norm)


def _falls(run: Evidence) -> bool:
    """Say whether the model is still on its way."""
    return bool(run.validation[-EARLY - 1] - run.validation[-1] > STILL_FALLS * run.gain)
