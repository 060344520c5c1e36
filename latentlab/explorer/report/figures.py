"""Figures of a report as text of HTML: SVG drawings and embedded PNG images."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from latentlab.config import words
from latentlab.session.curves.curves import TRAIN, VALIDATION, unit_of
from latentlab.session.files.mosaic import tile
from latentlab.session.palette import TRAIN_COLOUR, VALIDATION_COLOUR, class_colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.session.curves.curves import Curves

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "latentlab",
    "font.size": 9,
    "text.parse_math": False,  # a dollar sign in a name is no formula
}
"""Text stays text, so that it can be searched; equal figures have equal names inside."""
MAX_MAP_POINTS = 10_000
MAX_BARS = 64


def images_png(pictures: NDArray[np.uint8], columns: int, gap: int = 1) -> str:
    """Return images in a grid as a data URI.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        Images in row-major order.
    columns : int
        Images per row.
    gap : int
        Pixels between the images.
    """
    content = io.BytesIO()
    Image.fromarray(tile(pictures, columns, gap, ground=128)).save(content, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def curves_svg(curves: Curves) -> str:
    """Return the losses of training and validation over the epochs; empty without any."""
    names = list(dict.fromkeys(name for split, name in curves if split in (TRAIN, VALIDATION)))
    if not names:
        return ""
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 2.6 * -(-len(names) // 3)), layout="constrained")
        axes = figure.subplots(-(-len(names) // 3), min(3, len(names)), squeeze=False).ravel()
        for each in axes[len(names) :]:
            each.set_visible(False)
        for each, name in zip(axes, names, strict=False):
            for split, colour in ((TRAIN, TRAIN_COLOUR), (VALIDATION, VALIDATION_COLOUR)):
                if (split, name) in curves:
                    each.plot(*curves[split, name], color=colour, label=split)
            each.set(title=words(name), xlabel="epoch", ylabel=unit_of(name))
            each.spines[["top", "right"]].set_visible(False)
        axes[0].legend(frameon=False)
        return _svg(figure)


def map_svg(
    xy: NDArray[np.float32],
    codes: Codes,
    class_names: Sequence[str],
    titles: tuple[str, str],
) -> str:
    """Return the codes on a plane, coloured by class; points are an image within the drawing.

    Parameters
    ----------
    xy : ndarray, shape (N, 2)
        Positions of the first N codes.
    codes : Codes
        Source of the labels.
    class_names : sequence of str
        Names of the classes.
    titles : tuple of str
        Titles of both axes.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(6.6, 5.2), layout="constrained")
        axes = figure.subplots()
        shown = xy[:MAX_MAP_POINTS]
        labels = np.zeros(len(shown), int) if codes.labels is None else codes.labels[: len(shown)]
        colours = class_colours(max(1, len(class_names)))
        for label in np.unique(labels).tolist():
            rows = labels == label
            name = class_names[label] if class_names else None
            x, y = shown[rows].T
            axes.scatter(x, y, s=5, lw=0, color=colours[label], label=name, rasterized=True)
        axes.set(xlabel=titles[0], ylabel=titles[1])
        axes.set_aspect("equal", adjustable="datalim")
        axes.spines[["top", "right"]].set_visible(False)
        if class_names:
            axes.legend(
                frameon=False, markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8
            )
        return _svg(figure)


def bars_svg(kl: NDArray[np.float64]) -> str:
    """Return the KL of each dimension, in descending order, nats per image; at most `MAX_BARS`."""
    order = np.argsort(-kl, kind="stable")[:MAX_BARS]
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 2.2), layout="constrained")
        axes = figure.subplots()
        axes.bar([f"z{i + 1}" for i in order.tolist()], kl[order], color=TRAIN_COLOUR)
        axes.set(ylabel="KL, nats per image")
        axes.tick_params(axis="x", labelrotation=90 if len(order) > 20 else 0)
        axes.spines[["top", "right"]].set_visible(False)
        return _svg(figure)


def _svg(figure: Figure) -> str:
    content = io.StringIO()
    figure.savefig(content, format="svg", dpi=150, metadata={"Date": None})
    text = content.getvalue()
    return text[text.index("<svg") :]
