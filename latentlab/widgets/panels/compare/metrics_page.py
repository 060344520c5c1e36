"""Page of the Compare panel with the metrics of both models side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
)

from latentlab.session.comparison import (
    ComparedMetrics,
    CompareMetrics,
    difference_of,
    nats_warning,
)
from latentlab.widgets.kit.labels import RIGHT, muted
from latentlab.widgets.kit.progress_bar import RequestProgressBar
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.compare.pages import ComparePage, SeveralPage, column_of

if TYPE_CHECKING:
    from latentlab.data.condition import Label
    from latentlab.session.comparison import Comparison
    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

HEADS = ("Metric", "A", "B", "B − A")
DIFFERENCE_TIP = (
    "Value of B minus value of A. Its error counts both models as independent, so on the same "
    "images it is too large; Summary has the error of the paired difference."
)
MEASURE = (
    "Measure ELBO, reconstruction, mutual information and marginal KL of both models on the same "
    "held-out images."
)
MOVING = "The model is in training. Both models can be measured when the run has ended."
INTRO = (
    "Metrics that both models have on equally many images with equal settings. Of two models with "
    "equal reconstruction, the one with the lower marginal KL has codes closer to the prior."
)


class MetricsPage(ComparePage):
    """Table of the metrics that were measured for both models."""

    title = "Metrics"
    tip = "Show the metrics of both models side by side, and measure those that say most."
    measured = Signal(object)
    """The `CompareMetrics` request to send."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._shown: ComparedMetrics | None = None
        self.start = QPushButton("Measure")
        self.start.setToolTip(MEASURE)
        self.work = RequestProgressBar(
            controller, CompareMetrics, "Stop. Metrics that were measured before are kept."
        )
        self.table = _make_table()
        self.teach = QLabel(INTRO)
        self.teach.setObjectName("muted")
        self.teach.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.teach.setWordWrap(True)
        self.note = muted(stretch=False)
        self.note.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(UNIT // 2)
        row.addWidget(self.start)
        row.addStretch(1)
        column = column_of(self)
        column.addLayout(row)
        column.addWidget(self.work)
        column.addWidget(self.teach, 1)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        self.start.clicked.connect(self._on_start)

    why_not = SeveralPage.why_not

    @override
    def wanted(self, state: State, known: Comparison, label: Label | None) -> Request[Any] | None:
        return CompareMetrics() if known.metrics is None else None

    @override
    def show_known(self, state: State, known: Comparison) -> None:
        is_following = state.training.run is not None and state.training.following
        self.start.setEnabled(not is_following and CompareMetrics not in state.working)
        self.start.setToolTip(MOVING if is_following else MEASURE)
        self.work.show_state(state)
        found = known.metrics
        has_numbers = found is not None and bool(found.pairs)
        self.teach.setText(MOVING if is_following else INTRO)
        self.teach.setVisible(not has_numbers)
        self.table.setVisible(has_numbers)
        if found is not self._shown:
            self._shown = found
            self._fill(found)
        warning = nats_warning(state.model, known.card) if state.model and known.card else ""
        notes = (found.note, *found.reasons) if found else ()
        self.note.setText("\n".join(filter(None, (warning, *notes))))
        self.note.setVisible(bool(self.note.text()))

    def _fill(self, found: ComparedMetrics | None) -> None:
        self.table.clear()
        for a, b in found.pairs if found else ():
            head = QTreeWidgetItem(self.table, [a.title])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setFirstColumnSpanned(True)
            font = head.font(0)
            font.setWeight(QFont.Weight.DemiBold)
            head.setFont(0, font)
            head.setToolTip(0, f"Computed on {a.on.text}")
            for mine, other in zip(a.values, b.values, strict=False):
                text = difference_of(mine, other)
                row = QTreeWidgetItem(head, [mine.name, mine.text, other.text, text])
                for col in range(len(HEADS)):
                    row.setToolTip(col, f"{mine.unit}. Computed on {a.on.text}".lstrip(". "))
                    if col:
                        row.setTextAlignment(col, RIGHT)
        self.table.expandAll()

    @Slot()
    def _on_start(self) -> None:
        self.measured.emit(CompareMetrics(measure=True))


def _make_table() -> QTreeWidget:
    made = QTreeWidget(columnCount=len(HEADS))
    made.setObjectName("numbers")
    made.setAccessibleName("Metrics of both models")
    made.setHeaderLabels(HEADS)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setRootIsDecorated(False)
    made.setIndentation(2 * UNIT)
    made.setUniformRowHeights(True)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    header = made.header()
    header.setSectionsMovable(False)
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for col in range(1, len(HEADS)):
        made.headerItem().setTextAlignment(col, RIGHT)
    made.headerItem().setToolTip(3, DIFFERENCE_TIP)
    return made
