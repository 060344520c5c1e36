"""Grouped list of metrics with check boxes, and their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem

from latentlab.metrics.measurement import Measurement
from latentlab.widgets.kit.theme import UNIT, colours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtCore import QEvent

    from latentlab.metrics.measurement import Outcome, Value
    from latentlab.session.scores.metrics import MetricCard

KIND = Qt.ItemDataRole.UserRole
TITLE, RESULT = range(2)
TITLE_SHARE = 0.46
MAX_TITLE_WIDTH = 36 * UNIT


class MetricTree(QTreeWidget):
    """Metrics by group: a check box, and the numbers, else a sentence or the reason against it."""

    selected = Signal(str)
    """Kind of the metric of the current row."""
    checked = Signal()
    started = Signal(str)
    """Kind of a metric that was double-clicked."""

    def __init__(self) -> None:
        super().__init__(columnCount=2)
        self.setObjectName("numbers")
        self.setAccessibleName("Metrics")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIndentation(2 * UNIT)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setExpandsOnDoubleClick(False)
        header = self.header()
        header.hide()
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._cards: dict[str, MetricCard] = {}
        self._outcomes: Mapping[str, Outcome] = {}
        self.currentItemChanged.connect(self._on_current)
        self.itemChanged.connect(self._on_item_changed)
        self.itemDoubleClicked.connect(self._on_double_clicked)

    def show_cards(self, cards: tuple[MetricCard, ...]) -> None:
        """Show metrics; checks and the current row are kept."""
        before, current = self.checked_kinds(), self.kind()
        self._cards = {card.kind: card for card in cards}
        with QSignalBlocker(self):
            self.clear()
            self._rows = {}
            groups: dict[str, QTreeWidgetItem] = {}
            for card in cards:
                if card.group not in groups:
                    groups[card.group] = self._add_group(card.group)
                self._rows[card.kind] = self._add_card(groups[card.group], card, before)
            self.expandAll()
            if self._rows:
                self.setCurrentItem(self._rows.get(current) or next(iter(self._rows.values())))
        self.show_outcomes(self._outcomes)
        self.selected.emit(self.kind())

    def _add_group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self, [title])
        font = group.font(TITLE)
        font.setWeight(QFont.Weight.DemiBold)
        group.setFont(TITLE, font)
        group.setFlags(
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsUserCheckable
            | Qt.ItemFlag.ItemIsAutoTristate
        )
        return group

    def _add_card(
        self, group: QTreeWidgetItem, card: MetricCard, checked: tuple[str, ...]
    ) -> QTreeWidgetItem:
        row = QTreeWidgetItem(group, [card.title])
        row.setData(TITLE, KIND, card.kind)
        flags = Qt.ItemFlag.ItemIsSelectable
        if not card.reason:
            flags |= Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable
        row.setFlags(flags)
        is_on = card.kind in checked and not card.reason
        row.setCheckState(TITLE, Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
        return row

    def show_outcomes(self, outcomes: Mapping[str, Outcome]) -> None:
        """Show the numbers of each metric by kind."""
        self._outcomes = outcomes
        with QSignalBlocker(self):
            for kind, row in self._rows.items():
                row.takeChildren()
                self._fill(row, self._cards[kind], outcomes.get(kind))
        self.viewport().update()

    def _fill(self, row: QTreeWidgetItem, card: MetricCard, outcome: Outcome | None) -> None:
        tip = f"{card.sentence}\n{card.reason}".strip()
        muted = QColor(colours().muted)
        row.setData(RESULT, Qt.ItemDataRole.ForegroundRole, None)
        if isinstance(outcome, Measurement):
            first, *others = outcome.values
            row.setText(RESULT, f"{value_text(first)} · {outcome.on.text}")
            tip = f"{tip}\n{first.name}: {value_text(first)}\n{outcome.on.text}"
            for value in others:
                child = QTreeWidgetItem(row, [value.name, value_text(value)])
                child.setData(TITLE, KIND, card.kind)
                child.setForeground(TITLE, muted)
            row.setExpanded(True)
        else:
            row.setText(RESULT, outcome.reason if outcome else card.reason or card.sentence)
            row.setForeground(RESULT, muted)
        for column in (TITLE, RESULT):
            row.setToolTip(column, tip)

    def kind(self) -> str:
        """Return the kind of the current row; empty for a group."""
        current = self.currentItem()
        return str(current.data(TITLE, KIND) or "") if current else ""

    def checked_kinds(self) -> tuple[str, ...]:
        """Return the kinds that are checked, in the order of the list."""
        return tuple(
            kind
            for kind, row in self._rows.items()
            if row.checkState(TITLE) is Qt.CheckState.Checked
        )

    def check(self, kinds: tuple[str, ...]) -> None:
        """Check these metrics and no others."""
        with QSignalBlocker(self):
            for kind, row in self._rows.items():
                is_on = kind in kinds and not self._cards[kind].reason
                row.setCheckState(
                    TITLE, Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
                )
        self.viewport().update()
        self.checked.emit()

    @Slot()
    def _on_current(self) -> None:
        self.selected.emit(self.kind())

    @Slot(QTreeWidgetItem, int)
    def _on_item_changed(self, _item: QTreeWidgetItem, column: int) -> None:
        if column == TITLE:
            self.checked.emit()

    @Slot(QTreeWidgetItem, int)
    def _on_double_clicked(self, item: QTreeWidgetItem, _column: int) -> None:
        if kind := item.data(TITLE, KIND):
            self.started.emit(kind)

    def resizeEvent(self, event: object) -> None:
        """Give the titles a share of the width."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        width = min(MAX_TITLE_WIDTH, round(TITLE_SHARE * self.viewport().width()))
        self.header().resizeSection(TITLE, width)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the colours."""
        super().changeEvent(event)
        if event.type() == event.Type.PaletteChange:
            self.show_outcomes(self._outcomes)


def value_text(value: Value) -> str:
    """Return a number with its error and unit."""
    return f"{value.text} {value.unit}".strip()
