"""Symptoms in the losses: divergence, instability, overfitting, plateau, early end."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.diagnosis.check import check, finding, format_nats
from latentlab.session.diagnosis.evidence import MIN_EPOCHS
from latentlab.session.diagnosis.remedies import lower_learning_rate, remedy

if TYPE_CHECKING:
    from latentlab.session.diagnosis.evidence import Evidence
    from latentlab.session.diagnosis.finding import Finding

PLATEAU_EPOCHS = 10
"""Epochs without gain that count as a plateau."""


@check(10)
def diverging(run: Evidence) -> Finding | None:
    """Check for a training loss that grows or is not finite."""
    loss = run.train
    finite = np.isfinite(run.of("train", "loss"))
    if not finite.all():
        epoch = run.epochs[np.argmin(finite)]
        evidence = f"The training loss became infinite or NaN in epoch {epoch:.0f}."
    elif run.known and loss[-1] > loss[0] and loss[-1] - loss.min() > 0.5 * run.gain:
        evidence = (
            f"The training loss was {format_nats(loss[0])} at first and is "
            f"{format_nats(loss[-1])} now."
        )
    else:
        return None
    title = "The training loss grows instead of falling: the steps are too large."
    clip = remedy("Clip gradients at 1", training__clip=1.0)
    return finding(run, "diverging", "trouble", title, evidence, lower_learning_rate(run), clip)


@check(30)
def oscillating(run: Evidence) -> Finding | None:
    """Check for a training loss that oscillates."""
    loss = run.train
    if not run.known or not np.isfinite(loss).all() or diverging(run):
        return None
    rises = np.diff(loss[-PLATEAU_EPOCHS - 1 :])
    jumps = rises[rises > 0.1 * max(loss[0] - loss.min(), 1e-6)]
    if len(jumps) < 2:
        return None
    evidence = (
        f"In the last {len(rises)} epochs the training loss rose {len(jumps)} times, by up to "
        f"{format_nats(jumps.max())} nats; in total it fell by "
        f"{format_nats(loss[0] - loss.min())}."
    )
    title = "The training loss oscillates: the learning rate is too high."
    clip = remedy("Clip gradients at 1", training__clip=1.0)
    return finding(run, "jumping", "watch", title, evidence, lower_learning_rate(run), clip)


@check(80)
def overfitting(run: Evidence) -> Finding | None:
    """Check for a validation loss that rises while the training loss falls."""
    if not run.known or not np.isfinite(run.validation).all():
        return None
    best = int(run.validation.argmin())
    worse = run.validation[-1] - run.validation[best]
    gap = run.validation - run.train
    ago = len(gap) - 1 - best
    if ago <= MIN_EPOCHS or worse < 0.01 * run.gain or gap[-1] <= gap[best]:
        return None
    evidence = (
        f"The validation loss was lowest {ago} epochs ago, at "
        f"{format_nats(run.validation[best])}, and is {format_nats(run.validation[-1])} now; the "
        f"training loss is {format_nats(run.train[-1])}. The gap has grown from "
        f"{format_nats(gap[best])} to {format_nats(gap[-1])} nats."
    )
    return finding(
        run,
        "overfitting",
        "watch",
        "Overfitting: the model fits its training images better and better, and other images "
        "worse.",
        evidence,
        remedy("Stop after 5 epochs without improvement", training__patience=5),
        remedy("Set dropout to 0.1", model__dropout=0.1),
        remedy("Shift images at random", training__augment__shift=0.07),
    )


@check(110)
def plateau(run: Evidence) -> Finding | None:
    """Check for a validation loss that has stopped falling."""
    loss = run.validation
    if len(loss) <= PLATEAU_EPOCHS + MIN_EPOCHS or not np.isfinite(loss).all() or overfitting(run):
        return None
    gained = loss[:-PLATEAU_EPOCHS].min() - loss[-PLATEAU_EPOCHS:].min()
    if gained > 0.003 * run.gain:
        return None
    evidence = (
        f"The best validation loss fell by {max(0, gained):.2f} nats in the last {PLATEAU_EPOCHS} "
        "epochs."
    )
    title = "The validation loss no longer falls at this learning rate."
    return finding(run, "plateau", "advice", title, evidence, lower_learning_rate(run))


@check(100)
def unfinished(run: Evidence) -> Finding | None:
    """Check for a validation loss that was still falling when training ended."""
    planned, loss = int(run.get("training.epochs", 0)), run.validation
    if not 0 < planned <= run.epochs[-1] or not run.known or not np.isfinite(loss).all():
        return None
    gained = loss[-MIN_EPOCHS - 1] - loss[-1]
    if gained < 0.02 * run.gain or any(b > a for a, b in pairwise(loss[-MIN_EPOCHS - 1 :])):
        return None
    evidence = (
        f"The validation loss fell by {format_nats(gained)} nats in the last {MIN_EPOCHS} epochs."
    )
    title = "Training ended while the validation loss was still falling."
    more = remedy(f"Train for {2 * planned} epochs", training__epochs=2 * planned)
    return finding(run, "unfinished", "advice", title, evidence, more)
