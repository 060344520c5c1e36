"""Pages of the Compare panel: same z, one image, several images, summary table."""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from latentlab.session.comparison import (
    CompareImage,
    CompareImages,
    ComparePoint,
    CompareSummary,
    Reconstruction,
    are_nats_comparable,
    image_incompatibility,
    nats_warning,
    point_incompatibility,
    training_data_note,
)
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.progress_bar import RequestProgressBar
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.compare.image_columns import ImageColumns
from latentlab.widgets.panels.compare.side_by_side import ImageComparisonRow
from latentlab.widgets.panels.compare.summary_table import SummaryTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.session.comparison import Comparison
    from latentlab.session.points import ModelCard
    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

RANDOM = SystemRandom()
IMAGE_COUNT = 8
MIN_IMAGES = 2
NO_IMAGES = (
    "There are no images on the map, because the data set of the open model is not on this machine."
)
NO_IMAGE = "z is not the code of an image. Click an image on the map, or open an image of your own."
MEASURES = "reconstruction, nats\nKL, nats\nsquared error"
MOVING = "The model is in training. Both models can be measured when the run has ended."
MEASURE = "Measure both models on the same held-out images, with the same draws of noise."
INTRO = (
    "Which model reconstructs images better, and at what KL? Both are measured on the same images; "
    "the differences have a standard error over images."
)


class ComparePage(QWidget):
    """Page that shows A beside B."""

    title = ""
    tip = ""

    def why_not(self, state: State, b: ModelCard) -> str:
        """Return why the page is unavailable for these models; empty if it is available."""
        del state, b
        return ""

    def wanted(self, state: State, known: Comparison, label: Label | None) -> Request[Any] | None:
        """Return the request for what the page shows, or None if `known` has the answer."""
        del state, known, label
        return None

    def show_known(self, state: State, known: Comparison) -> None:
        """Show the answers in `known`."""
        raise NotImplementedError


class PointPage(ComparePage):
    """The same z, decoded by both models."""

    title = "Same z"
    tip = "Decode the same z with both models. It follows the map, the sliders and the cursor."

    def __init__(self) -> None:
        super().__init__()
        self.pictures = ImageComparisonRow(2)
        column_of(self).addWidget(self.pictures, 1)
        self.pictures.columns[1].caption.setToolTip(
            "Mean squared difference of all pixels; pixels are 0 to 1."
        )

    @override
    def why_not(self, state: State, b: ModelCard) -> str:
        return point_incompatibility(state.model, b) if state.model else ""

    @override
    def wanted(self, state: State, known: Comparison, label: Label | None) -> Request[Any] | None:
        point = state.preview.point if state.preview else state.point
        if point is None:
            return None
        is_known = known.twins and (known.twins.point, known.twins.label) == (point, label)
        return None if is_known else ComparePoint(point, label)

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        pair = known.twins
        names, difference = model_names(state, known), pair.difference if pair else None
        text = "" if difference is None else f"difference {difference:.4f} MSE"
        a, b = self.pictures.columns
        a.show_picture(names[0], pair.first if pair else None)
        b.show_picture(names[1], pair.second if pair else None, text)


class ImagePage(ComparePage):
    """The image that z is the code of, reconstructed by both models."""

    title = "Image"
    tip = "Encode and reconstruct the image at z with both models."

    def __init__(self) -> None:
        super().__init__()
        self.pictures = ImageComparisonRow(3, lines=3)
        column_of(self).addWidget(self.pictures, 1)
        for column in self.pictures.columns:
            column.caption.setToolTip(
                "Reconstruction (distortion): E[−log p(x|z)], the loss given the code. KL (rate): "
                "KL(q(z|x) ‖ p(z)), how much the code says about the image. Squared error: of "
                "the decoded mean of the posterior; pixels are 0 to 1."
            )

    @override
    def why_not(self, state: State, b: ModelCard) -> str:
        return image_incompatibility(state.model, b) if state.model else ""

    @override
    def wanted(self, state: State, known: Comparison, label: Label | None) -> Request[Any] | None:
        original = state.original
        if original is None:
            return None
        label = label if original.row is None else None
        comparison = known.judgement
        is_known = comparison and (comparison.original, comparison.label) == (original, label)
        return None if is_known else CompareImage(original, label)

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        comparison, names = known.judgement, model_names(state, known)
        # The previous comparison stays, complete, until the next one arrives.
        original = comparison.original if comparison else state.original
        self.pictures.show_text("" if state.original else NO_IMAGE)
        image, *sides = self.pictures.columns
        if original:
            image.show_picture(original.name, original.picture, MEASURES if comparison else "")
        both = (comparison.first, comparison.second) if comparison else (None, None)
        for column, name, side in zip(sides, names, both, strict=True):
            column.show_picture(name, side.pixels if side else None, _numbers(side))


class SeveralPage(ComparePage):
    """Several images, reconstructed by both models."""

    title = "Images"
    tip = (
        "Reconstruct several images with both models: the selected ones, otherwise some of the "
        "map. Click one to set z to its code."
    )

    def __init__(self) -> None:
        super().__init__()
        self.strip = ImageColumns()
        self.others = QPushButton("Other images")
        self.others.setToolTip("Choose other images at random, from the selection if there is one.")
        self.text = muted()
        self._rows: tuple[int, ...] = ()
        self._chosen: NDArray[np.int64] | None = None
        self._count = 0
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.text, 1)
        row.addWidget(self.others)
        column = column_of(self)
        column.addWidget(self.strip, 1)
        column.addLayout(row)

    @override
    def why_not(self, state: State, b: ModelCard) -> str:
        empty = state.codes is None or not len(state.codes)
        reason = image_incompatibility(state.model, b) if state.model else ""
        return reason or (NO_IMAGES if empty else "")

    @override
    def wanted(self, state: State, known: Comparison, label: Label | None) -> Request[Any] | None:
        is_known = known.columns and known.columns.rows == self._rows
        return None if is_known else CompareImages(self._rows)

    def draw(self) -> None:
        """Draw other images at random, first of those that are not shown."""
        pool = range(self._count) if self._chosen is None else self._chosen
        drawn = RANDOM.sample(range(len(pool)), min(2 * IMAGE_COUNT, len(pool)))
        rows = sorted((int(pool[i]) for i in drawn), key=lambda row: row in self._rows)
        self._rows = tuple(sorted(rows[:IMAGE_COUNT]))
        self.others.setEnabled(len(pool) > IMAGE_COUNT)

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        self._update_rows(state)
        self.strip.show_columns(known.columns)
        if known.columns is None:
            self.text.setText("")
        # Until the requested images arrive, the text describes those shown.
        elif known.columns.rows == self._rows:
            a, b = known.columns.errors.mean(1)
            self.text.setText(f"{self._description()} · MSE of A {a:.4f}, of B {b:.4f}")

    def _update_rows(self, state: State) -> None:
        """Draw again if the selection or the data set changed."""
        count = len(state.codes) if state.codes is not None else 0
        chosen = state.selection.rows if state.selection else None
        if chosen is not self._chosen or count != self._count:
            self._chosen, self._count, self._rows = chosen, count, ()
            self.draw()

    def _description(self) -> str:
        shown = len(self._rows)
        if self._chosen is None:
            return f"{shown} at random"
        some = f"{shown} of {len(self._chosen):,}" if shown < len(self._chosen) else f"All {shown}"
        return f"{some} selected"


class SummaryPage(ComparePage):
    """Measurements of both models on the same held-out images."""

    title = "Summary"
    tip = "Measure both models on the same held-out images."
    measured = Signal(object)
    """The `CompareSummary` request to send."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.images = IntegerBox(MIN_IMAGES, 10_000)
        self.images.setSuffix(" images")
        self.images.setValue(CompareSummary().images)
        self.images.setAccessibleName("Images to measure")
        self.images.setToolTip(
            "Number of held-out images. Four times as many images halve the standard error."
        )
        self._may_start = True
        self.start = QPushButton("Measure")
        self.start.setToolTip(MEASURE)
        self.work = RequestProgressBar(
            controller, CompareSummary, "Stop. The results measured before are kept."
        )
        self.teach = QLabel(INTRO)
        self.teach.setObjectName("muted")
        self.teach.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.teach.setWordWrap(True)
        self.table = SummaryTable()
        row = QHBoxLayout()
        row.setSpacing(UNIT // 2)
        row.addWidget(self.images)
        row.addWidget(self.start)
        row.addStretch(1)
        column = column_of(self)
        column.addLayout(row)
        column.addWidget(self.work)
        column.addWidget(self.teach, 1)
        column.addWidget(self.table, 1)
        self.start.clicked.connect(self._on_start)
        self.images.refused.connect(self._show_start)

    why_not = SeveralPage.why_not

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        is_following = state.training.run is not None and state.training.following
        self._may_start = not is_following and CompareSummary not in state.working
        self._show_start()
        available = known.held_out or (len(state.codes) if state.codes is not None else 0)
        self.images.setMaximum(max(MIN_IMAGES, available))
        self.work.show_state(state)
        self.teach.setText(MOVING if is_following else INTRO)
        self.teach.setVisible(known.summary is None)
        self.table.setVisible(known.summary is not None)
        if known.summary and known.card and state.model:
            a, b = state.model, known.card
            self.table.show_summary(
                known.summary, model_names(state, known), are_nats_comparable(a, b)
            )
            self.table.note.setText(
                f"{training_data_note(a, b, known.held_out)} {nats_warning(a, b)}".strip()
            )

    @Slot()
    def _show_start(self) -> None:
        problem = self.images.problem
        self.start.setEnabled(self._may_start and not problem)
        self.start.setToolTip(problem or (MEASURE if self._may_start else MOVING))

    @Slot()
    def _on_start(self) -> None:
        self.measured.emit(CompareSummary(self.images.value()))


def column_of(page: QWidget) -> QVBoxLayout:
    """Give a page a column without margins, and return it."""
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(UNIT // 2)
    return column


def model_names(state: State, known: Comparison) -> tuple[str, str]:
    """Return the names of A and B with their letters."""
    a = state.model.name if state.model else ""
    return f"Model A · {a}", f"Model B · {known.card.name if known.card else ''}"


def _numbers(side: Reconstruction | None) -> str:
    return f"{side.distortion:.1f}\n{side.rate:.1f}\n{side.error:.4f}" if side else ""
