"""What a metric measures, its settings, and the plot and the notes of its measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from latentlab.metrics.measurement import Measurement
from latentlab.widgets.kit.form.form import FormWidget
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.metrics.series_plot import SeriesPlot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.metrics.measurement import Outcome
    from latentlab.session.scores.metrics import MetricCard

PLOT_HEIGHT = 24 * UNIT


class MetricDetail(QScrollArea):
    """The metric of the current row."""

    changed = Signal(str, object)
    """Kind of the metric, and the values of its settings."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Details of the metric")
        self._card: MetricCard | None = None
        self.form: FormWidget | None = None
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(UNIT // 2, 0, UNIT, 0)
        self._column.setSpacing(UNIT // 2)
        self.title = QLabel()
        font = self.title.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(font)
        self.sentence, self.on, self.notes = (muted(stretch=False) for _ in range(3))
        for label in (self.title, self.sentence, self.on, self.notes):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = SeriesPlot()
        self.plot.setFixedHeight(PLOT_HEIGHT)
        for widget in (self.title, self.sentence, self.on, self.plot, self.notes):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        self.setWidget(inside)

    def show_card(self, card: MetricCard | None, values: Mapping[str, Any]) -> None:
        """Show a metric with the values of its settings."""
        if card != self._card:
            self._card = card
            self._make_form()
        if self.form and self.form.values() != values:
            self.form.set_values(values, whole=True)
        self.title.setText(card.title if card else "")
        self.sentence.setText(f"{card.sentence} {card.reason}".strip() if card else "")

    def _make_form(self) -> None:
        if self.form:
            self._column.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        if self._card and self._card.fields and not self._card.reason:
            self.form = FormWidget(self._card.fields, grouped=False)
            self._column.insertWidget(2, self.form)
            self.form.changed.connect(self._on_changed)

    def show_outcome(self, outcome: Outcome | None) -> None:
        """Show what was measured, or the reason why there is no number."""
        self.on.setText("")
        self.notes.setText("")
        if isinstance(outcome, Measurement):
            settings = ", ".join(f"{key} = {value}" for key, value in outcome.settings.items())
            lines = (f"Computed on {outcome.on.text}", f"Settings: {settings}" if settings else "")
            self.on.setText("\n".join(filter(None, lines)))
            self.notes.setText("\n".join(outcome.notes))
        elif outcome is not None:
            self.on.setText(f"Not measured. {outcome.reason}")
        self.plot.show_measurement(outcome if isinstance(outcome, Measurement) else None)
        for label in (self.on, self.notes):
            label.setVisible(bool(label.text()))

    @property
    def problem(self) -> str:
        """Why the settings cannot be used; empty if they can."""
        return self.form.wrong() if self.form else ""

    @Slot()
    def _on_changed(self) -> None:
        if self._card and self.form:
            self.changed.emit(self._card.kind, self.form.values())
