"""Figures for paper and screen, drawn by matplotlib: curves and the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from latentlab.errors import RunError
from latentlab.session.colours import CLASS_COLOURS
from latentlab.session.curves import TRAIN, VALIDATION, read_curves

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.session.state import ModelCard

DPI = 150


def draw_curves(run: Path, out: Path) -> None:
    """Draw a run's losses over its epochs; the suffix of `out` says as what (png, svg, pdf).

    Raises
    ------
    RunError
        Where the run has no metrics, or `out` cannot be written.
    """
    curves = read_curves(run)
    names = list(dict.fromkeys(name for _, name in curves))
    if not names:
        raise RunError(f"{run} has no metrics to draw.", "Train it for at least one epoch.")
    figure = Figure(figsize=(4 * len(names), 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for split, colour in ((TRAIN, "#3f90da"), (VALIDATION, "#e76300")):
            if (split, name) in curves:
                axes.plot(*curves[split, name], color=colour, label=split)
        axes.set(title=name, xlabel="epoch", ylabel="nats per image")
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    _save(figure, out)


def draw_map(codes: Codes, card: ModelCard, out: Path) -> None:
    """Draw the codes over the first two dimensions, coloured by class.

    Raises
    ------
    RunError
        Where `out` cannot be written.
    """
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = figure.subplots()
    x, y = codes.mu[:, 0], codes.mu[:, min(1, codes.mu.shape[1] - 1)]
    labels = codes.labels if codes.labels is not None else np.zeros(len(codes), int)
    for label in np.unique(labels):
        rows = labels == label
        name = card.spec.class_names[label] if card.spec.classes else None
        axes.scatter(x[rows], y[rows], s=4, linewidths=0, color=_colour(int(label)), label=name)
    axes.set(title=f"{card.name}: {len(codes):,} codes", xlabel="z1", ylabel="z2", aspect="equal")
    axes.spines[["top", "right"]].set_visible(False)
    if card.spec.classes:
        axes.legend(
            frameon=False, markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9
        )
    _save(figure, out)


def _colour(label: int) -> str:
    return CLASS_COLOURS[label % len(CLASS_COLOURS)]


def _save(figure: Figure, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out, dpi=DPI)
    except (OSError, ValueError) as error:
        raise RunError(f"{out} cannot be written: {error}.", "Choose another file.") from error
