"""Symptoms in the geometry of the codes: overlapping classes and uneven interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.diagnosis.check import check, finding
from latentlab.session.diagnosis.check_kl import collapse, low_kl
from latentlab.session.diagnosis.evidence import MIN_EPOCHS
from latentlab.session.diagnosis.remedies import (
    increase_beta,
    more_dimensions,
    remedy,
    widen_network,
)

if TYPE_CHECKING:
    from latentlab.session.diagnosis.evidence import Evidence
    from latentlab.session.diagnosis.finding import Finding

MIN_PIXEL_GAIN = 0.2
"""Minimum gain over chance of the nearest-neighbour class by pixels, for codes to be checked."""
MIN_CODE_GAIN_RATIO = 0.15
"""Fraction of that gain up to which codes separate classes hardly better than chance.

Measured on the bundled digits (pixels 84 %, chance 10 %): 10 % to 18 % of the images, a fraction
of 0 to 0.11, with one hidden layer of 4 units and one dimension in epochs 3 to 12 at a learning
rate of 3e-3; 40 % with two layers of 512 and 256 and one dimension, 60 % with two, 82 % with 16.
"""
MIN_PIXEL_ADVANTAGE = 0.1
"""Advantage of pixels over codes, in the fraction of neighbours of the same class, above which
classes overlap in the codes."""
MAX_UNEVENNESS = 1.25
"""Unevenness above which it is visible; a linear decoder has 1, and at 1.25 the step lengths along
a line have a standard deviation of half of their mean.

Measured with two hidden layers of 512 and 256 units, at epoch 30, rounded:

=======================  ========  ===========  ========
images, dimensions       beta = 0  beta = 0.01  beta = 1
=======================  ========  ===========  ========
digits, 2                    1.50         1.39      1.11
digits, 16                   1.06         1.05      1.06
MNIST, 2 (epoch 5)           1.50                   1.13
=======================  ========  ===========  ========

After 60 epochs with 2 dimensions it is 1.43, 1.32 and 1.13; with beta 1 it stayed below 1.15 for
150. The shipped models have 1.14 (digits, 2 dimensions), 1.02 (conditional, 20) and 1.08 (faces).
In 16 dimensions an autoencoder is even as well: its interpolations fail in other ways.
"""
MIN_RECENT_GAIN = 0.1
"""Fraction of the total gain within the last epochs above which the loss is still falling."""


@check(60)
def overlap(run: Evidence) -> Finding | None:
    """Check for classes that overlap in the codes although pixels separate them."""
    if run.latents is None or not _may_overlap(run):
        return None
    by_codes, by_chance, by_pixels = (
        values[-MIN_EPOCHS - 1 :]
        for values in (run.latents.same_class, run.latents.by_chance, run.latents.by_pixels)
    )
    gain = by_pixels - by_chance
    if (
        not (gain > MIN_PIXEL_GAIN).all()
        or not (by_codes - by_chance < MIN_CODE_GAIN_RATIO * gain).all()
    ):
        return None
    evidence = (
        f"For {by_codes[-1]:.0%} of the images the nearest other code is of the same class; by "
        f"chance it would be {by_chance[-1]:.0%}, and by pixels it is {by_pixels[-1]:.0%}."
    )
    title = (
        "The codes of the classes overlap almost entirely: the latent space has too little room."
    )
    more = more_dimensions(run.latents.kl.shape[1])
    return finding(run, "overlap", "watch", title, evidence, more, widen_network(run))


@check(130)
def partial_overlap(run: Evidence) -> Finding | None:
    """Check for classes whose codes overlap partly, although pixels separate them."""
    if run.latents is None or not _may_overlap(run) or overlap(run):
        return None
    by_codes, by_pixels = run.latents.same_class[-1], run.latents.by_pixels[-1]
    if not by_pixels - by_codes > MIN_PIXEL_ADVANTAGE:
        return None
    evidence = (
        f"For {by_codes:.0%} of the images the nearest other code is of the same class; by pixels "
        f"it is {by_pixels:.0%}."
    )
    title = "The codes of some classes overlap, although their images differ."
    more = more_dimensions(run.latents.kl.shape[1])
    return finding(run, "partial", "advice", title, evidence, more)


@check(70)
def uneven_interpolation(run: Evidence) -> Finding | None:
    """Check for interpolations along which images hardly change and then jump."""
    if not run.known or run.latents is None or collapse(run):
        return None
    uneven = run.latents.unevenness[-MIN_EPOCHS - 1 :]
    if not (uneven > MAX_UNEVENNESS).all():
        return None
    variation, limit = np.sqrt(uneven[-1] - 1), np.sqrt(MAX_UNEVENNESS - 1)
    evidence = (
        "Along straight lines between codes the distances between successive images vary by "
        f"{variation:.0%} of their mean; up to {limit:.0%} is smooth."
    )
    title = "Interpolation is uneven: along a line images hardly change, then jump."
    norm = remedy("Use batch normalization", model__norm="batch")
    return finding(run, "jagged", "watch", title, evidence, increase_beta(run), norm)


def _may_overlap(run: Evidence) -> bool:
    """Return whether an overlap of the classes would have no other cause that is known."""
    if not run.known or run.latents is None or collapse(run) or _is_falling(run):
        return False
    # Otherwise the cause is the weight of KL, which `low_kl` reports.
    return not (run.beta > 1 and low_kl(run))


def _is_falling(run: Evidence) -> bool:
    """Return whether the validation loss is still falling."""
    return bool(run.validation[-MIN_EPOCHS - 1] - run.validation[-1] > MIN_RECENT_GAIN * run.gain)
