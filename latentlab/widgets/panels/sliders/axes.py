"""Axes of the sliders in an order, and their titles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.axes import (
    MAX_AXES,
    Axis,
    AxisOrder,
    component_axis,
    dimension_axis,
    local_axis,
)
from latentlab.widgets.panels.sliders.row import AxisTitle

if TYPE_CHECKING:
    from latentlab.latent.codes import Codes
    from latentlab.session.axes import AxesAtPoint, DimensionStatistics

MIN_SHARE = 1e-4
"""Share of the variance, or of the change, below which an axis has no effect."""
LOCAL_LETTERS = {AxisOrder.LOCAL: "L", AxisOrder.JACOBIAN: "J"}
LOCAL_TIPS = {
    AxisOrder.LOCAL: "of the variance of the codes nearest to z lies along it.",
    AxisOrder.JACOBIAN: "of the squared change of the image around z is along it.",
}


def ordered_axes(
    codes: Codes, order: AxisOrder, measured: DimensionStatistics | None, layer: slice
) -> tuple[list[Axis], list[AxisTitle]]:
    """Return the axes and titles of at most `MAX_AXES` sliders of a layer, in order."""
    dimensions = range(codes.mu.shape[1])[layer][:MAX_AXES]
    if order is AxisOrder.COMPONENTS and measured:
        components = measured.components
        axes = [component_axis(codes, components, i) for i in dimensions]
        shares = components.shares.tolist()[:MAX_AXES]
        return axes, [_component(i, share) for i, share in enumerate(shares)]
    ordered = list(dimensions)
    if order is AxisOrder.KL and measured:
        ordered = measured.by_kl[:MAX_AXES]
    # Measurements of earlier codes do not apply to the current codes.
    current = measured if order is AxisOrder.KL or (measured and measured.codes is codes) else None
    axes = [dimension_axis(codes, dimension) for dimension in ordered]
    return axes, [_dimension(dimension, order, current) for dimension in ordered]


def local_axes(made: AxesAtPoint) -> tuple[list[Axis], list[AxisTitle]]:
    """Return the axes and titles of local axes, in descending order of importance."""
    letters, tip = LOCAL_LETTERS[made.order], LOCAL_TIPS[made.order]
    titles = [
        AxisTitle(i, letters, f"{share:.0%}", f"{share:.1%} {tip}", share < MIN_SHARE)
        for i, share in enumerate(made.found.shares.tolist())
    ]
    return [local_axis(made, i) for i in range(len(titles))], titles


def _dimension(dimension: int, order: AxisOrder, measured: DimensionStatistics | None) -> AxisTitle:
    if measured is None or np.isnan(measured.kl[dimension]):
        return AxisTitle(dimension)
    nats, dead = float(measured.kl[dimension]), bool(measured.dead[dimension])
    nothing = "It carries no information (under 0.01 nats): the decoder ignores it."
    tip = nothing if dead else f"It carries {nats:.2f} nats per image."
    return AxisTitle(dimension, "z", f"{nats:.2f}" if order is AxisOrder.KL else "", tip, dead)


def _component(i: int, share: float) -> AxisTitle:
    tip = f"{share:.1%} of the variance of the codes lies along it."
    return AxisTitle(i, "PC", f"{share:.0%}", tip, share < MIN_SHARE)
