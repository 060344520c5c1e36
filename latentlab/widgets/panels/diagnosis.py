"""The Diagnosis panel: findings about a run, with evidence and remedies."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from latentlab.widgets.kit.flow_layout import FlowLayout
from latentlab.widgets.kit.theme import UNIT, colours, small
from latentlab.widgets.panel import Area, Panel, Place, ThrottledPanel

if TYPE_CHECKING:
    from latentlab.session.diagnosis.finding import Finding, Remedy
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

LEVEL_SYMBOLS = {"trouble": "✕", "watch": "!", "advice": "i", "fine": "✓"}
"""Symbol of each level, for users who cannot distinguish the colours."""
EMPTY = "Train a model. Checks of its losses and codes appear here."
TOO_EARLY = "The checks start after three epochs."


class DiagnosisPanel(ThrottledPanel):
    """One card per finding, the most severe on top."""

    watches = frozenset({"findings", "is_training"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Findings")
        inside = QWidget()
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(0, 0, UNIT // 2, 0)
        self._layout.setSpacing(0)
        self._layout.addStretch(1)
        self._scroll.setWidget(inside)
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self._scroll, 1)
        self.cards: list[FindingCard] = []

    @override
    def draw(self, state: State) -> None:
        """Keep unchanged cards, so that no button moves under the cursor."""
        self._empty.setText(TOO_EARLY if state.is_training else EMPTY)
        self._empty.setVisible(not state.log.findings)
        self._scroll.setVisible(bool(state.log.findings))
        kept = {card.finding.key: card for card in self.cards if card.finding in state.log.findings}
        for card in [card for card in self.cards if card not in kept.values()]:
            self._layout.removeWidget(card)
            card.deleteLater()
        self.cards = [kept.get(finding.key) or self._new(finding) for finding in state.log.findings]
        for row, card in enumerate(self.cards):
            self._layout.insertWidget(row, card)

    def _new(self, finding: Finding) -> FindingCard:
        card = FindingCard(finding)
        for button in card.buttons:
            button.clicked.connect(self._on_clicked)
        return card

    @Slot()
    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, RemedyButton):
            self.controller.training.apply_remedy(button.remedy)


class FindingCard(QFrame):
    """One finding: level, title, evidence, and a button for each remedy."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self.setObjectName("card")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, UNIT // 2, 0, UNIT // 2)
        row.setSpacing(UNIT)
        row.addWidget(LevelDot(finding.level), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(UNIT // 2)
        row.addLayout(column, 1)
        title = QLabel(finding.title)
        font = title.font()
        font.setWeight(QFont.Weight.DemiBold)
        title.setFont(font)
        evidence = QLabel(finding.evidence)
        evidence.setObjectName("muted")
        evidence.setFont(small(evidence.font()))
        for label in (title, evidence):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        self.buttons = [RemedyButton(remedy) for remedy in finding.remedies]
        if self.buttons:
            flow = FlowLayout(UNIT // 2)
            for button in self.buttons:
                flow.addWidget(button)
            column.addLayout(flow)


class RemedyButton(QPushButton):
    """Button that applies a remedy."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy.text)
        self.remedy = remedy
        changes = ", ".join(f"{key} = {_text(value)}" for key, value in remedy.changes)
        self.setToolTip(
            f"Sets {changes}: in the current run if it can be changed during training, otherwise "
            "in the form, for the next run."
        )
        self.setFont(small(self.font()))


class LevelDot(QWidget):
    """Level as a coloured dot with a symbol."""

    SIDE = 16

    def __init__(self, level: str) -> None:
        super().__init__()
        self._level = level
        self.setFixedSize(self.SIDE, self.SIDE)
        self.setFont(small(self.font()))
        self.setAccessibleName(level)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        c = colours()
        shades = {"trouble": c.error, "watch": c.watch, "advice": c.accent, "fine": c.fine}
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(shades[self._level]))
        painter.drawEllipse(self.rect().adjusted(1, 1, -1, -1))
        painter.setPen(QColor(c.base))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, LEVEL_SYMBOLS[self._level])


def badge(state: State) -> str:
    """Return the number of problems, without advice; empty for none."""
    count = sum(finding.level in ("trouble", "watch") for finding in state.log.findings)
    return str(count) if count else ""


def _text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{_text(each)}" for each in value.values())
    return str(value)


PANEL = Panel(
    key="diagnosis",
    title="Diagnosis",
    places={
        "train": Place(Area.RIGHT, 1, 2),
        "analyse": Place(Area.RIGHT, 2, 2),
    },
    help="Checks of the losses, the KL of each dimension and the codes. Each finding names the "
    "problem, its evidence and changes to try. The loss alone is not enough: when the "
    "posterior collapses, <b>KL(q(z|x) ‖ p(z)) → 0</b>, the loss falls smoothly while the "
    "decoder makes the same image of every z. Train with beta 50 for a few epochs to see "
    "this. A change is applied to the form, never to a run that has ended.",
    scrolls=True,
    widget=DiagnosisPanel,
    badge=badge,
)
