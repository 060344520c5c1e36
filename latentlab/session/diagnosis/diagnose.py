"""Diagnosis of a run from its metrics: symptoms, evidence and remedies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.session.curves.latent_curves import NOT_MEASURED, is_measured
from latentlab.session.diagnosis.check import find_checks, format_kl, format_nats
from latentlab.session.diagnosis.check_kl import is_carrying
from latentlab.session.diagnosis.evidence import MIN_EPOCHS, Evidence
from latentlab.session.diagnosis.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.learning.events import Change
    from latentlab.session.curves.curves import Curves
    from latentlab.session.curves.latent_curves import LatentCurves

NOT_LOGGED = (
    "Posterior collapse and overlapping classes were not checked: the log of this run has no KL of "
    "each dimension. Latents measures it now, on the images of the map."
)
LEVELS = ("trouble", "watch", "advice", "fine")


def diagnose(
    curves: Curves,
    latents: LatentCurves | None,
    recipe: Mapping[str, Any],
    changes: tuple[Change, ...] = (),
) -> tuple[Finding, ...]:
    """Check a run for common failures of variational autoencoders.

    Parameters
    ----------
    curves : Curves
        Losses, nats per image.
    latents : LatentCurves or None
        Latent statistics, if measured.
    recipe : dict
        Plain values including defaults; remedies only change keys that it has.
    changes : tuple of Change
        Changes of settings during training.

    Returns
    -------
    tuple of Finding
        Findings in descending order of severity; a ``"fine"`` one if nothing is wrong; empty in
        the first `MIN_EPOCHS` epochs.
    """
    run = Evidence(curves, latents, recipe, changes)
    if len(run.epochs) <= MIN_EPOCHS:
        return ()
    found = [finding for check in find_checks() if (finding := check(run))]
    levels = {finding.level for finding in found}
    if "trouble" in levels:
        # Advice on further improvement is premature.
        found = [finding for finding in found if finding.level != "advice"]
    elif "watch" not in levels:
        found.append(_fine(run))
    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))


def _fine(run: Evidence) -> Finding:
    parts = [f"training loss {format_nats(run.of('train', 'loss')[-1])}"]
    parts += [f"validation {format_nats(run.of('validation', 'loss')[-1])}"]
    title = "Losses and latent dimensions show no problem."
    if run.latents is not None:
        size = run.latents.kl.shape[1]
        parts.append(f"{run.latents.active[-1]} of {size} dimensions active")
    else:
        title = "The losses show no problem."
    evidence = f"{', '.join(parts)}, after {run.epochs[-1]:.0f} epochs."
    return Finding("fine", "fine", title, f"{evidence.capitalize()} {_about_collapse(run)}".strip())


def _about_collapse(run: Evidence) -> str:
    """Return a sentence on posterior collapse, so that its absence is found as well."""
    if run.latents is None:
        return NOT_LOGGED if is_measured(run.recipe) else NOT_MEASURED
    if run.beta == 0 or not is_carrying(run.latents.kl[-1]).all():
        return ""
    least = format_kl(run.latents.kl[-1].min())
    return f"No posterior collapse: each dimension carries {least} nats or more."
