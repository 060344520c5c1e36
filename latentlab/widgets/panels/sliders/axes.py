"""Axes of the sliders in an order, and their titles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.axes import (
    LOCAL_ORDERS,
    MAX_AXES,
    AxisOrder,
    component_axis,
    dimension_axis,
    local_axis,
)
from latentlab.widgets.panels.sliders.row import AxisTitle
from latentlab.widgets.panels.sliders.search import matching

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latentlab.latent.codes import Codes
    from latentlab.session.axes import AxesAtPoint, Axis, DimensionStatistics

MIN_SHARE = 1e-4
"""Share of the variance, or of the change, below which an axis has no effect."""
LOCAL_LETTERS = {AxisOrder.LOCAL: "L", AxisOrder.JACOBIAN: "J"}
LOCAL_TIPS = {
    AxisOrder.LOCAL: "of the variance of the codes nearest to z lies along it.",
    AxisOrder.JACOBIAN: "of the squared change of the image around z is along it.",
}


@dataclass(frozen=True, eq=False)
class SliderAxes:
    """Axes of the sliders in order, each made when its slider is shown.

    Parameters
    ----------
    places : sequence of int
        Dimension or component of each slider, from 0.
    axis, title : callable
        Return the axis and the title of a dimension or component.
    """

    places: Sequence[int]
    axis: Callable[[int], Axis]
    title: Callable[[int], AxisTitle]

    @property
    def widest(self) -> AxisTitle | None:
        """Title at least as wide as those of all sliders; None without sliders."""
        if not self.places:
            return None
        # The first axis is the most important one, whose note has most digits.
        return replace(self.title(self.places[0]), dimension=max(self.places))

    def found_by(self, text: str) -> SliderAxes:
        """Return the axes whose numbers a search finds."""
        found = [place for place in self.places if matching(text, place + 1)]
        return replace(self, places=found)


NO_AXES = SliderAxes((), lambda place: NotImplemented, AxisTitle)


def ordered_axes(
    codes: Codes, order: AxisOrder, measured: DimensionStatistics | None, layer: slice
) -> SliderAxes:
    """Return the axes of a layer in order; at most `MAX_AXES` if they stand for local axes."""
    dimensions: Sequence[int] = range(codes.mu.shape[1])[layer]
    if order is AxisOrder.COMPONENTS and measured:
        components, shares = measured.components, measured.components.shares.tolist()
        return SliderAxes(
            dimensions,
            lambda place: component_axis(codes, components, place),
            lambda place: _component(place, shares[place]),
        )
    if order is AxisOrder.KL and measured:
        dimensions = measured.by_kl
    if order in LOCAL_ORDERS:
        dimensions = dimensions[:MAX_AXES]
    # Measurements of earlier codes do not apply to the current codes.
    current = measured if order is AxisOrder.KL or (measured and measured.codes is codes) else None
    return SliderAxes(
        dimensions,
        lambda dimension: dimension_axis(codes, dimension),
        lambda dimension: _dimension(dimension, order, current),
    )


def local_axes(made: AxesAtPoint) -> SliderAxes:
    """Return local axes, in descending order of importance."""
    letters, tip = LOCAL_LETTERS[made.order], LOCAL_TIPS[made.order]
    shares = made.found.shares.tolist()
    return SliderAxes(
        range(len(shares)),
        lambda place: local_axis(made, place),
        lambda place: AxisTitle(
            place,
            letters,
            f"{shares[place]:.0%}",
            f"{shares[place]:.1%} {tip}",
            shares[place] < MIN_SHARE,
        ),
    )


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
