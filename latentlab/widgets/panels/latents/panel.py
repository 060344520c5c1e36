"""The Latents panel: KL of each latent dimension, and distributions of the posteriors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from latentlab.learning.events import is_active, is_weak
from latentlab.session.abilities import KL, POSTERIORS, STANDARD_PRIOR, why_not
from latentlab.session.curves.latent_curves import ACTIVE_TIP, NOT_MEASURED, WEAK_TIP
from latentlab.session.directions import MeasureDimensions
from latentlab.widgets.kit.colour_bar import ColourBar
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, Place, ThrottledPanel
from latentlab.widgets.panels.latents.plots import (
    Cell,
    Distribution,
    HeatMap,
    KlBars,
    KlSplitPlot,
    max_kl,
    standard_normal_pdf,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from latentlab.session.axes import DimensionStatistics
    from latentlab.session.curves.latent_curves import LatentCurves
    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

ONE_ROW_ASPECT = 3.2
"""Width / height above which all plots are in one row."""
MAX_IMAGES = 1000
"""Images on the map whose mu and sigma are shown."""
EMPTY = (
    "Train a model. This panel then shows how much information each latent dimension carries in "
    "each epoch."
)


class LatentsPanel(ThrottledPanel):
    """Heat map and split of the KL, and histograms of mu and sigma."""

    watches = frozenset({"model", "latents", "portrait", "codes", "is_training", MeasureDimensions})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.text = muted(elided=True)
        self.bar = ColourBar(unit="")
        self.bar.setToolTip(
            "KL that each dimension carries, in nats per image. Dark dimensions are inactive."
        )
        self.dimension = QComboBox()
        self.dimension.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.dimension.setAccessibleName("Dimension")
        self.dimension.setToolTip(
            "Show mu and sigma of all dimensions together, or of one dimension."
        )
        self.tools.addWidget(self.text, 1)
        self.tools.addWidget(self.bar)
        self.tools.addWidget(self.dimension)
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.heat = HeatMap()
        self.split = KlSplitPlot()
        self.bars = KlBars()
        self.mu = Distribution("mu", "N(0, 1)", standard_normal_pdf, (-4.0, 4.0))
        self.sigma = Distribution("sigma", "1", 1.0, (0.0, 1.5))
        self._name_plots()
        self._plots = QWidget()
        self._grid = QGridLayout(self._plots)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(UNIT // 2)
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self._plots, 1)
        StaleOverlay(self._plots, controller, MeasureDimensions)
        self._wide: bool | None = None
        self._arrange(wide=False)
        self.dimension.currentIndexChanged.connect(self._show_distributions)
        for plot in (self.heat, self.bars):
            plot.pointed.connect(self._on_pointed)
            plot.chosen.connect(self._on_chosen)

    def _name_plots(self) -> None:
        tips = {
            self.heat: "KL of each dimension (row) in each epoch (column). Click a row to show "
            "its mu and sigma.",
            self.bars: "KL of each dimension over the images on the map. Grey ones are inactive, "
            "pale ones weak. "
            "Click a bar to show its mu and sigma.",
            self.split: "The mean KL is the sum of two parts. Information: the mutual information "
            "I(x; z), which is what codes say about their images. KL to prior: "
            "KL(q(z) ‖ p(z)), the distance of the aggregate posterior, all codes together, from "
            "the prior. The estimate of I cannot exceed the log of the number of images, the "
            "dotted line: above it, I is larger than shown.",
            self.mu: "Means of the posteriors over the data. Together they should fill the "
            "dashed bell of the prior.",
            self.sigma: "Standard deviations of the posteriors of all images. A dimension with "
            "sigma 1, as in the prior, carries no information; one with sigma near 0 "
            "is exact.",
        }
        for plot, tip in tips.items():
            plot.setToolTip(tip)
            plot.setAccessibleName(tip.partition(".")[0])

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if state.log.latents is None and state.codes is not None and not state.is_training:
            yield MeasureDimensions()

    @override
    def draw(self, state: State) -> None:
        latents, kl = state.log.latents, _kl(state)
        posteriors = _posteriors(state)
        is_empty = kl is None and (posteriors is None or not why_not(KL, state.model))
        for widget in (self._plots, self.dimension):
            widget.setVisible(not is_empty)
        for widget in (self.heat, self.split, self.bar):
            widget.setVisible(latents is not None)
        self.bars.setVisible(latents is None and kl is not None)
        self._empty.setVisible(is_empty)
        has_prior = not why_not(STANDARD_PRIOR, state.model)
        for plot in (self.mu, self.sigma):
            plot.show_prior(has_prior=has_prior)
        self._share_width(has_kl=kl is not None)
        self._on_pointed(None)
        if kl is None:
            if posteriors is not None and not is_empty:
                self._list_dimensions(posteriors[0].shape[1])
                self._show_distributions()
            return
        self._list_dimensions(len(kl))
        if latents is not None:
            self.bar.set_top(max_kl(latents))
            self.heat.show_latents(latents)
            self.split.show_latents(latents)
        else:
            self.bars.show_kl(kl)
        self._show_distributions()

    def _list_dimensions(self, size: int) -> None:
        if self.dimension.count() == size + 1:
            return
        with QSignalBlocker(self.dimension):
            self.dimension.clear()
            self.dimension.addItems(["all z", *(f"z{i + 1}" for i in range(size))])

    @Slot()
    def _show_distributions(self) -> None:
        posteriors = _posteriors(self.controller.state)
        for plot in (self.mu, self.sigma):
            plot.setVisible(posteriors is not None)
        if posteriors is None:
            return
        mu, sigma = posteriors
        # They may still be those of another model, with fewer dimensions.
        d = min(self.dimension.currentIndex(), mu.shape[1]) - 1
        columns = slice(None) if d < 0 else slice(d, d + 1)
        self.mu.show_values(mu[:, columns])
        self.sigma.show_values(sigma[:, columns])

    @Slot(object)
    def _on_pointed(self, cell: Cell | None) -> None:
        """Show the values of the cell under the cursor, else those of the last epoch."""
        state = self.controller.state
        latents, kl = state.log.latents, _kl(state)
        if cell:
            epoch = "" if cell.epoch is None else f"epoch {cell.epoch:.0f} · "
            text = f"z{cell.dimension + 1} · {epoch}{cell.nats:.3f} nats"
        elif kl is not None:
            text = summary(kl)
            # The scale and the choice of a dimension move to another line if it does not fit.
            self.text.setMinimumWidth(self.text.fontMetrics().horizontalAdvance(text) + 1)
        else:
            text = why_not(KL, state.model) and NOT_MEASURED
        self.text.setText(text)
        geometry = geometry_text(latents) if latents is not None else ""
        tip = f"{ACTIVE_TIP} {WEAK_TIP} {geometry}".rstrip()
        self.text.setToolTip(tip if kl is not None else text)

    @Slot(int)
    def _on_chosen(self, dimension: int) -> None:
        is_selected = self.dimension.currentIndex() == dimension + 1
        self.dimension.setCurrentIndex(0 if is_selected else dimension + 1)

    @override
    def resizeEvent(self, event: QEvent) -> None:
        self._arrange(wide=self.width() > ONE_ROW_ASPECT * self.height())

    def _arrange(self, *, wide: bool) -> None:
        if wide == self._wide:
            return
        self._wide = wide
        # In the place of the heat map and the split of the KL, of which a model has no log.
        self._grid.addWidget(self.bars, 0, 0, *((1, 2) if wide else (2, 1)))
        plots = (self.heat, self.split, self.mu, self.sigma)
        cells = ((0, 0), (0, 1), (0, 2), (0, 3)) if wide else ((0, 0), (1, 0), (0, 1), (1, 1))
        for plot, (row, column) in zip(plots, cells, strict=True):
            self._grid.addWidget(plot, row, column)
        # Stacked plots share the epoch axis of the lower one.
        self.heat.showAxis("bottom", wide)
        self.heat.getPlotItem().setContentsMargins(0, 0, 2 * UNIT, 0 if wide else UNIT)
        self._share_width(has_kl=self.bars.isVisible() or self.heat.isVisible())
        for row, stretch in enumerate((1, 0) if wide else (1, 1)):
            self._grid.setRowStretch(row, stretch)

    def _share_width(self, *, has_kl: bool) -> None:
        """Divide the width between the plots of the KL, if there is one, and the others."""
        stretches = (5, 4, 3, 3) if self._wide else (4, 3, 0, 0)
        of_kl = range(2 if self._wide else 1)
        for column, stretch in enumerate(stretches):
            self._grid.setColumnStretch(column, stretch if has_kl or column not in of_kl else 0)


def _measured(state: State) -> DimensionStatistics | None:
    """Return the statistics of the codes of a model without a log."""
    measured = state.answer(MeasureDimensions)
    has_images = state.codes is not None and len(state.codes) > 0
    return measured if state.log.latents is None and has_images else None


def _kl(state: State) -> NDArray[np.float64] | None:
    """Return the KL of each dimension by the log, else over the map; None if it is unknown."""
    if state.log.latents is not None:
        last: NDArray[np.float64] = state.log.latents.kl[-1]
        return last
    measured = _measured(state)
    return None if measured is None or np.isnan(measured.kl).any() else measured.kl


def _posteriors(state: State) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return mu and sigma of held-out images, else of some images on the map."""
    if state.portrait is not None:
        return state.portrait.mu, state.portrait.sigma
    measured = _measured(state)
    if measured is None:
        return None
    step = max(1, len(measured.codes) // MAX_IMAGES)
    return measured.codes.mu[::step], measured.codes.sigma[::step]


def summary(kl: NDArray[np.float64]) -> str:
    """Return how many dimensions are active and weak, and their KL, from the KL of each."""
    weak = int(is_weak(kl).sum())
    parts = [f"{is_active(kl).sum()} of {len(kl)} active"]
    parts += [f"{weak} weak"] if weak else []
    return " · ".join((*parts, f"{kl.sum():.1f} nats"))


def geometry_text(latents: LatentCurves) -> str:
    """Return a text about the geometry of the codes, as far as it was measured."""
    same, by_chance, unevenness = (
        float(values[-1]) for values in (latents.same_class, latents.by_chance, latents.unevenness)
    )
    parts = []
    if not math.isnan(same):
        parts.append(
            f"For {same:.0%} of the held-out images the nearest other code is of the same class; "
            f"by chance it would be {by_chance:.0%}."
        )
    if not math.isnan(unevenness):
        parts.append(
            "Along straight lines between codes the distances between successive images vary by "
            f"{math.sqrt(max(0.0, unevenness - 1)):.0%} of their mean; a linear decoder has 0%."
        )
    return " ".join(parts)


PANEL = Panel(
    key="latents",
    title="Latents",
    places={
        "train": Place(Area.BOTTOM, 0, 5),
        "analyse": Place(Area.RIGHT, 1, 3),
    },
    help="What each latent dimension carries. Each row of the heat map is one dimension, each "
    "column one epoch, and the mean KL is their sum. A row that stays dark is an inactive or "
    "weak dimension: partial posterior collapse. If all rows are dark, the posterior has "
    "collapsed. The mean KL has two "
    "parts: <b>E[KL(q(z|x) ‖ p(z))] = I(x; z) + KL(q(z) ‖ p(z))</b>. I(x; z) is what a code "
    "says about its image. KL(q(z) ‖ p(z)) is the distance of the aggregate posterior q(z), "
    "all codes together, from the prior; where they differ, samples look wrong. Try beta "
    "10, then 0.",
    scrolls=True,
    widget=LatentsPanel,
    needs=POSTERIORS,
)
