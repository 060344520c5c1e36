"""The ways to look at two models: one z, one image, several images, and in numbers."""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from latentlab.session.comparison import (
    LinkImage,
    LinkPoint,
    Reconstruction,
    ShowColumns,
    Summarise,
    caution,
    in_nats,
    seen,
    why_no_image,
    why_no_point,
)
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import WholeBox
from latentlab.widgets.kit.progress_bar import ProgressBar
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.compare.image_columns import ImageColumns
from latentlab.widgets.panels.compare.side_by_side import SideBySide
from latentlab.widgets.panels.compare.summary_table import SummaryTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.comparison import Comparison
    from latentlab.session.points import ModelCard
    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

RANDOM = SystemRandom()
SEVERAL = 8
LEAST = 2
NO_IMAGES = "There are no images on the map: the open model's data set is not on this machine."
NO_IMAGE = "z is not the code of an image now. Click one on the map, or bring your own picture."
MEASURES = "distortion, nats\nrate, nats\nsquared error"
MOVING = "The model is learning. Both can be measured once the run is over."
MEASURE = "Measure both on the same held-out images, with the same draws of noise."
TEACH = (
    "Which of the two keeps more of an image, and at what rate? Measure both on the same images: "
    "the differences come with their standard error, image by image."
)


class ComparePage(QWidget):
    """One way to look at A beside B."""

    title = ""
    tip = ""

    def why_not(self, state: State, b: ModelCard) -> str:
        """Return why it cannot be had for this pair of models; empty where it can."""
        del state, b
        return ""

    def wanted(self, state: State, known: Comparison, label: int | None) -> Request[Any] | None:
        """Return what must be asked for what is to be shown; None where all is known."""
        del state, known, label
        return None

    def show_known(self, state: State, known: Comparison) -> None:
        """Show what is known."""
        raise NotImplementedError


class PointPage(ComparePage):
    """The same z, decoded by both."""

    title = "Same z"
    tip = "Decode one z with both; it follows the map, the sliders and the cursor."

    def __init__(self) -> None:
        super().__init__()
        self.pictures = SideBySide(2)
        _column(self).addWidget(self.pictures, 1)
        self.pictures.columns[1].caption.setToolTip(
            "Mean squared difference of all values, black 0 and white 1."
        )

    @override
    def why_not(self, state: State, b: ModelCard) -> str:
        return why_no_point(state.model, b) if state.model else ""

    @override
    def wanted(self, state: State, known: Comparison, label: int | None) -> Request[Any] | None:
        point = state.preview.point if state.preview else state.point
        if point is None:
            return None
        there = known.twins and (known.twins.point, known.twins.label) == (point, label)
        return None if there else LinkPoint(point, label)

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        twins = known.twins
        names, away = _names(state, known), twins.difference if twins else None
        said = "" if away is None else f"differs by {away:.4f} MSE"
        a, b = self.pictures.columns
        a.show_picture(names[0], twins.first if twins else None)
        b.show_picture(names[1], twins.second if twins else None, said)


class ImagePage(ComparePage):
    """The image that z came from, rebuilt by both."""

    title = "Image"
    tip = "Encode the image that z came from with both, and rebuild it."

    def __init__(self) -> None:
        super().__init__()
        self.pictures = SideBySide(3, lines=3)
        _column(self).addWidget(self.pictures, 1)
        for column in self.pictures.columns:
            column.caption.setToolTip(
                "Distortion: E[-log p(x|z)], what telling the image takes once its code is known. "
                "Rate: KL(q(z|x) ‖ p(z)), what the code takes. Squared error: that of the "
                "decoded mean, white being 1."
            )

    @override
    def why_not(self, state: State, b: ModelCard) -> str:
        return why_no_image(state.model, b) if state.model else ""

    @override
    def wanted(self, state: State, known: Comparison, label: int | None) -> Request[Any] | None:
        original = state.original
        if original is None:
            return None
        label = label if original.row is None else None
        judged = known.judgement
        there = judged and (judged.original, judged.label) == (original, label)
        return None if there else LinkImage(original, label)

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        judged, names = known.judgement, _names(state, known)
        # The former one stays, whole, until there is another.
        original = judged.original if judged else state.original
        self.pictures.show_text("" if state.original else NO_IMAGE)
        image, *sides = self.pictures.columns
        if original:
            image.show_picture(original.name, original.picture, MEASURES if judged else "")
        both = (judged.first, judged.second) if judged else (None, None)
        for column, name, side in zip(sides, names, both, strict=True):
            column.show_picture(name, side.pixels if side else None, _numbers(side))


class SeveralPage(ComparePage):
    """Some images, rebuilt by both."""

    title = "Several"
    tip = "Rebuild images with both: selected ones, else some of the map. Click one to go there."

    def __init__(self) -> None:
        super().__init__()
        self.strip = ImageColumns()
        self.others = QPushButton("Others")
        self.others.setToolTip(
            "Take other images at random; of the selected ones, where there are."
        )
        self.text = muted()
        self._rows: tuple[int, ...] = ()
        self._chosen: NDArray[np.int64] | None = None
        self._count = 0
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.text, 1)
        row.addWidget(self.others)
        column = _column(self)
        column.addWidget(self.strip, 1)
        column.addLayout(row)

    @override
    def why_not(self, state: State, b: ModelCard) -> str:
        empty = state.codes is None or not len(state.codes)
        why = why_no_image(state.model, b) if state.model else ""
        return why or (NO_IMAGES if empty else "")

    @override
    def wanted(self, state: State, known: Comparison, label: int | None) -> Request[Any] | None:
        there = known.columns and known.columns.rows == self._rows
        return None if there else ShowColumns(self._rows)

    def draw(self) -> None:
        """Take other images: those that were not shown before come first."""
        pool = range(self._count) if self._chosen is None else self._chosen
        drawn = RANDOM.sample(range(len(pool)), min(2 * SEVERAL, len(pool)))
        rows = sorted((int(pool[i]) for i in drawn), key=lambda row: row in self._rows)
        self._rows = tuple(sorted(rows[:SEVERAL]))
        self.others.setEnabled(len(pool) > SEVERAL)

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        self._choose_from(state)
        self.strip.show_columns(known.columns)
        if known.columns is None:
            self.text.setText("")
        # Until those that were asked for are there, the text is of those that are shown.
        elif known.columns.rows == self._rows:
            a, b = known.columns.errors.mean(1)
            self.text.setText(f"{self._which()} · MSE of A {a:.4f}, of B {b:.4f}")

    def _choose_from(self, state: State) -> None:
        """Draw anew where there are other images to draw from: another selection, or set."""
        count = len(state.codes) if state.codes is not None else 0
        chosen = state.selection.rows if state.selection else None
        if chosen is not self._chosen or count != self._count:
            self._chosen, self._count, self._rows = chosen, count, ()
            self.draw()

    def _which(self) -> str:
        shown = len(self._rows)
        if self._chosen is None:
            return f"{shown} at random"
        some = f"{shown} of {len(self._chosen):,}" if shown < len(self._chosen) else f"All {shown}"
        return f"{some} selected"


class SummaryPage(ComparePage):
    """Both in numbers, over the same held-out images."""

    title = "Summary"
    tip = "Measure both on the same held-out images."
    measured = Signal(object)
    """A `Summarise` request."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.images = WholeBox(LEAST, 10_000)
        self.images.setSuffix(" images")
        self.images.setValue(Summarise().images)
        self.images.setAccessibleName("Images to measure")
        self.images.setToolTip(
            "How many held-out images both are measured on: four times as many halve the error."
        )
        self._may_start = True
        self.start = QPushButton("Measure")
        self.start.setToolTip(MEASURE)
        self.work = ProgressBar(controller, Summarise, "Stop; what was measured before stays.")
        self.teach = QLabel(TEACH)
        self.teach.setObjectName("muted")
        self.teach.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.teach.setWordWrap(True)
        self.table = SummaryTable()
        row = QHBoxLayout()
        row.setSpacing(UNIT // 2)
        row.addWidget(self.images)
        row.addWidget(self.start)
        row.addStretch(1)
        column = _column(self)
        column.addLayout(row)
        column.addWidget(self.work)
        column.addWidget(self.teach, 1)
        column.addWidget(self.table, 1)
        self.start.clicked.connect(self._on_start)
        self.images.refused.connect(self._show_start)

    why_not = SeveralPage.why_not

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        moving = state.training.run is not None and state.training.following
        self._may_start = not moving and Summarise not in state.working
        self._show_start()
        whole = known.held_out or (len(state.codes) if state.codes is not None else 0)
        self.images.setMaximum(max(LEAST, whole))
        self.work.show_state(state)
        self.teach.setText(MOVING if moving else TEACH)
        self.teach.setVisible(known.summary is None)
        self.table.setVisible(known.summary is not None)
        if known.summary and known.card and state.model:
            a, b = state.model, known.card
            self.table.show_summary(known.summary, _names(state, known), in_nats(a, b))
            self.table.note.setText(f"{seen(a, b, known.held_out)} {caution(a, b)}".strip())

    @Slot()
    def _show_start(self) -> None:
        wrong = self.images.problem
        self.start.setEnabled(self._may_start and not wrong)
        self.start.setToolTip(wrong or (MEASURE if self._may_start else MOVING))

    @Slot()
    def _on_start(self) -> None:
        self.measured.emit(Summarise(self.images.value()))


def _column(page: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(UNIT // 2)
    return column


def _names(state: State, known: Comparison) -> tuple[str, str]:
    a = state.model.name if state.model else ""
    return f"A · {a}", f"B · {known.card.name if known.card else ''}"


def _numbers(side: Reconstruction | None) -> str:
    return f"{side.distortion:.1f}\n{side.rate:.1f}\n{side.error:.4f}" if side else ""
