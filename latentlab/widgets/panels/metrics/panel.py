"""The Metrics panel: numbers of the open model that can be compared with the literature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QPushButton, QSplitter, QWidget

from latentlab.metrics.measurement import Measurement
from latentlab.session.abilities import DECODER
from latentlab.session.scores.metrics import (
    FORMATS,
    ListMetrics,
    MeasuredMetrics,
    MeasureMetrics,
    ReadMeasurements,
    SaveMeasurements,
    as_text,
    newest,
)
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.progress_bar import RequestProgressBar
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable, make_undoable
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.metrics.detail import MetricDetail
from latentlab.widgets.panels.metrics.metric_tree import MetricTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PySide6.QtGui import QResizeEvent

    from latentlab.metrics.measurement import Outcome
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

PARTS = {"Held out": "", "Test": "test", "Validation": "validation"}
READY = "Measure the checked metrics; without any, the one of the current row."
TRAINING_TEXT = "The model is in training. Measure it when the run has ended."
NOTHING = "Check a metric, or select one."
IMAGES = 1000
SIDE_BY_SIDE = 80 * UNIT
"""Width in pixels from which the details are beside the list, not below it."""


class MetricsPanel(PanelWidget):
    """List of metrics with their numbers, and the details of one."""

    watches: Changes = frozenset({"model", "codes", "working", "is_training", "following"}) | {
        ListMetrics,
        MeasureMetrics,
        ReadMeasurements,
    }

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._settings: dict[str, dict[str, Any]] = {}
        self._fresh: tuple[Outcome, ...] = ()
        self._seen: MeasuredMetrics | None = None
        self._model = 0
        self._add_tools()
        self.work = RequestProgressBar(
            controller, MeasureMetrics, "Stop. Metrics that were measured before are kept."
        )
        self.tree, self.detail = MetricTree(), MetricDetail()
        self._hint = muted(stretch=False)
        self._hint.setWordWrap(True)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.tree)
        self._split.addWidget(self.detail)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        for widget in (self.work, self._hint, self._split):
            self.body.addWidget(widget, int(widget is self._split))
        self._connect()

    def _add_tools(self) -> None:
        self.start = QPushButton("Measure")
        self.images = IntegerBox(1, 99_999)
        self.images.setValue(IMAGES)
        self.images.setSuffix(" images")
        self.images.setAccessibleName("Images to measure on")
        self.images.setToolTip(
            "Images at most. Four times as many halve the standard error and take four times as "
            "long."
        )
        self.part = QComboBox()
        self.part.addItems(list(PARTS))
        self.part.setAccessibleName("Part of the data")
        self.part.setToolTip(
            "Images that the model was not trained on: the test images if there are any, else the "
            "validation images; or one of the two."
        )
        self.copy = IconButton("copy", "Copy the numbers as a table")
        self.export = IconButton("export", "Save the numbers as CSV or JSON")
        for widget in (self.start, self.images, self.part):
            self.tools.addWidget(widget)
        self.tools.addStretch(1)
        self.tools.addWidget(self.copy)
        self.tools.addWidget(self.export)

    def _connect(self) -> None:
        self.start.clicked.connect(self._start)
        self.copy.clicked.connect(self._copy)
        self.export.clicked.connect(self._save)
        self.images.refused.connect(self._show_start)
        self.tree.selected.connect(self._show_detail)
        self.tree.checked.connect(self._on_checked)
        self.tree.started.connect(self._measure_one)
        self.detail.changed.connect(self._on_settings)
        undo = self.controller.undo
        make_undoable(undo, images_of_metrics=self.images, part_of_metrics=self.part)
        self._record_checks = make_choice_undoable(
            undo, "checked metrics", self.tree.checked_kinds, self.tree.check
        )
        self._record_settings = make_choice_undoable(
            undo, "settings of metrics", lambda: dict(self._settings), self._restore_settings
        )

    # Content

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        number = state.model.number if state.model else 0
        if number != self._model or "codes" in changed:
            self._model, self._fresh, self._seen = number, (), None
        if ListMetrics in changed and (cards := state.answer(ListMetrics)):
            self.tree.show_cards(cards)
        self._take(state.answer(MeasureMetrics))
        self.work.show_state(state)
        self._show_start()
        if changed & {"model", "codes", ListMetrics, MeasureMetrics, ReadMeasurements}:
            self.tree.show_outcomes(self.outcomes())
            self._show_detail()
        has_numbers = bool(self.measurements())
        self.copy.setEnabled(has_numbers)
        self.export.setEnabled(has_numbers)

    def _take(self, measured: MeasuredMetrics | None) -> None:
        """Keep new outcomes; those that were saved are read again with all others of the run."""
        if measured is None or measured is self._seen:
            return
        self._seen = measured
        replaced = {each.metric for each in measured.outcomes}
        kept = tuple(each for each in self._fresh if each.metric not in replaced)
        self._fresh = (*kept, *measured.outcomes)
        if measured.saved:
            self.controller.ask(ReadMeasurements())

    def measurements(self) -> tuple[Measurement, ...]:
        """Return those in the run, then new ones that are not."""
        stored = self.controller.state.answer(ReadMeasurements) or ()
        fresh = (each for each in self._fresh if isinstance(each, Measurement))
        return (*stored, *(each for each in fresh if each not in stored))

    def outcomes(self) -> Mapping[str, Outcome]:
        """Return the newest outcome of each metric."""
        refused = (each for each in self._fresh if not isinstance(each, Measurement))
        return newest((*self.measurements(), *refused))

    @Slot()
    def _show_detail(self) -> None:
        kind = self.tree.kind()
        cards = {card.kind: card for card in self.controller.state.answer(ListMetrics) or ()}
        self.detail.show_card(cards.get(kind), self._settings.get(kind) or _defaults(cards, kind))
        self.detail.show_outcome(self.outcomes().get(kind))
        self._show_start()

    @Slot()
    def _show_start(self) -> None:
        state = self.controller.state
        is_following = state.is_training and state.training.following
        reason = TRAINING_TEXT if is_following else "" if self._chosen() else NOTHING
        reason = reason or self.images.problem or self.detail.problem
        self.start.setEnabled(not reason and MeasureMetrics not in state.working)
        self.start.setToolTip(reason or READY)
        count = len(self.tree.checked_kinds())
        self.start.setText(f"Measure {count}" if count > 1 else "Measure")
        self._hint.setText(TRAINING_TEXT if is_following else "")
        self._hint.setVisible(is_following)

    def _chosen(self) -> tuple[str, ...]:
        """Return the checked metrics, else that of the current row if it can be measured."""
        if checked := self.tree.checked_kinds():
            return checked
        cards = self.controller.state.answer(ListMetrics) or ()
        return tuple(
            card.kind for card in cards if card.kind == self.tree.kind() and not card.reason
        )

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= SIDE_BY_SIDE
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self._split.setOrientation(across if is_wide else down)

    # Requests

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if state.model and not (state.is_training and state.training.following):
            yield ListMetrics()
            yield ReadMeasurements()

    @Slot()
    def _start(self) -> None:
        self._measure(self._chosen())

    @Slot(str)
    def _measure_one(self, kind: str) -> None:
        if self.start.isEnabled():
            self._measure((kind,))

    def _measure(self, kinds: tuple[str, ...]) -> None:
        settings = {kind: self._settings[kind] for kind in kinds if kind in self._settings}
        self.controller.store.dismiss_failure()
        part = PARTS[self.part.currentText()]
        self.controller.ask(MeasureMetrics(kinds, settings, self.images.value(), part))

    @Slot()
    def _on_checked(self) -> None:
        self._record_checks()
        self._show_start()

    @Slot(str, object)
    def _on_settings(self, kind: str, values: dict[str, Any]) -> None:
        self._settings = {**self._settings, kind: values}
        self._record_settings()
        self._show_start()

    def _restore_settings(self, settings: dict[str, dict[str, Any]]) -> None:
        self._settings = settings
        self._show_detail()

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self.measurements()))
        self.controller.store.say("Copied the metrics as a table")

    @Slot()
    def _save(self) -> None:
        if path := ask_save_path(self, "metrics", FORMATS):
            self.controller.files.save(SaveMeasurements(self.measurements(), path))


def _defaults(cards: Mapping[str, Any], kind: str) -> dict[str, Any]:
    fields = cards[kind].fields if kind in cards else ()
    return {field.name: field.default for field in fields if field.default is not None}


PANEL = Panel(
    key="metrics",
    title="Metrics",
    places={
        "analyse": Place(Area.CENTRE, 1, is_behind=True),
    },
    help="Measures the open model on held-out images, and says of each number what it was "
    "computed on: the part, the number of images, the draws <b>k</b>, the network of the features "
    "and the seed. Check metrics and press <b>Measure</b>, or double-click one. The "
    "importance-weighted log-likelihood estimates <b>−log p(x)</b> by <b>−log 1/k Σ p(x, zᵢ) / "
    "q(zᵢ|x)</b>, a bound that falls with k, shown as a curve. Metrics that need what "
    "model or data lack are greyed with the reason. The numbers are kept in the run and are in "
    "its report.",
    widget=MetricsPanel,
    needs=DECODER,
)
