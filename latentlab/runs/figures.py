"""Matplotlib figures of the curves and the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError
from latentlab.runs.image_files import save_image
from latentlab.runs.plot_figure import raster, vector_bytes
from latentlab.session.curves.curves import TRAIN, VALIDATION, unit_of
from latentlab.session.export import FIGURES, PICTURES, TABLES, VECTORS, check_suffix
from latentlab.session.files.tables import write_table
from latentlab.session.palette import TRAIN_COLOUR, VALIDATION_COLOUR, class_colour

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.session.points import ModelCard
    from latentlab.session.runs import ComparedRun

COLUMNS = ("run", "split", "term", "epoch", "nats_per_image")


def save_curves(compared: Sequence[ComparedRun], out: Path) -> None:
    """Plot the losses of one run, or the validation losses of several, or write them as CSV.

    Parameters
    ----------
    compared : sequence of Compared
        The runs.
    out : Path
        Output file; its ending sets the format: an image, vectors or a table.

    Raises
    ------
    RunError
        If no run has metrics, or `out` cannot be written.
    """
    ending = check_suffix(out, FIGURES)
    names = list(dict.fromkeys(name for run in compared for _, name in run.curves))
    if not names:
        raise RunError("There are no losses to save yet.", "Train for at least one epoch.")
    if ending in TABLES:
        write_table(out, COLUMNS, _rows(compared))
        return
    figure = Figure(figsize=(4 * len(names), 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for label, colour, points in _lines(compared, name):
            axes.plot(*points, color=colour, label=label)
        axes.set(title=name.replace("_", " "), xlabel="epoch", ylabel=unit_of(name))
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    _save(figure, out, {"picture": "curves", "runs": [run.name for run in compared]})


def _lines(compared: Sequence[ComparedRun], name: str) -> Iterator[tuple[str, str, Any]]:
    if len(compared) == 1:
        for split, colour in ((TRAIN, TRAIN_COLOUR), (VALIDATION, VALIDATION_COLOUR)):
            if (split, name) in compared[0].curves:
                yield split, colour, compared[0].curves[split, name]
        return
    for i, run in enumerate(compared):
        if (VALIDATION, name) in run.curves:
            yield run.name, class_colour(i), run.curves[VALIDATION, name]


def _rows(compared: Sequence[ComparedRun]) -> Iterator[tuple[str | float, ...]]:
    for run in compared:
        for (split, name), (epochs, values) in run.curves.items():
            for epoch, value in zip(epochs, values, strict=True):
                number = float(f"{epoch:g}")
                at = int(number) if number.is_integer() else number
                yield run.name, split, name, at, round(float(value), 5)


def draw_map(codes: Codes, card: ModelCard, out: Path) -> None:
    """Plot the codes over the first two dimensions, coloured by class.

    Raises
    ------
    RunError
        If `out` cannot be written.
    """
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = figure.subplots()
    x, y = codes.mu[:, 0], codes.mu[:, min(1, codes.mu.shape[1] - 1)]
    labels = codes.labels if codes.labels is not None else np.zeros(len(codes), int)
    for label in np.unique(labels):
        rows = labels == label
        name = card.spec.class_names[label] if card.spec.classes else None
        axes.scatter(
            x[rows], y[rows], s=4, linewidths=0, color=class_colour(int(label)), label=name
        )
    axes.set(title=f"{card.name}: {len(codes):,} codes", xlabel="z1", ylabel="z2", aspect="equal")
    axes.spines[["top", "right"]].set_visible(False)
    if card.spec.classes:
        axes.legend(
            frameon=False, markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9
        )
    _save(figure, out, {"picture": "map", "model": card.name, "weights": card.weights})


def _save(figure: Figure, out: Path, info: Mapping[str, Any]) -> None:
    kind = check_suffix(out, PICTURES)
    if kind in VECTORS:
        write_atomically(out, vector_bytes(figure, kind, info))
    else:
        save_image(raster(figure), out, info)
