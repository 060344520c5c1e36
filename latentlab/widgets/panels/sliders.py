"""The Sliders panel: one slider per latent dimension, and the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QWidget,
)

from latentlab.widgets.icons import IconButton
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.theme import UNIT, small

if TYPE_CHECKING:
    from latentlab.session.scene import ModelCard
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

REACH = 3.5
"""Standard deviations of the data's codes that a slider reaches to either side."""
TICKS = 700
MANY_CLASSES = 12


class SlidersPanel(PanelWidget):
    """Moves z along each dimension, in units of the data's own spread along it."""

    watches = frozenset({"model", "codes", "point"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.label = LabelPicker()
        self.random = QPushButton("Random")
        self.random.setToolTip("Draw z anew from the prior N(0, 1)  (R)")
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("Move every slider to the mean of the data's codes  (Home)")
        self.tools.addWidget(self.random)
        self.tools.addWidget(self.reset)
        self.tools.addStretch(1)
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, 0, UNIT, 0)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(UNIT // 2)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self.label)
        self.body.addWidget(area, 1)
        self.rows: list[SliderRow] = []
        self.random.clicked.connect(controller.randomize)
        self.reset.clicked.connect(controller.go_home)
        self.label.chosen.connect(controller.set_label)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Make as many sliders as there are dimensions, and set them."""
        if "model" in changed and state.model:
            self.label.offer(state.model)
            self._make_rows(state.model.latent_dim)
        if state.point is None or state.codes is None or len(state.point.z) != len(self.rows):
            return
        self.label.show_label(state.point.label)
        center, spread = state.codes.center.tolist(), state.codes.spread.tolist()
        for row, value, middle, unit in zip(self.rows, state.point.z, center, spread, strict=True):
            row.show_value(value, middle, unit)
        self.reset.setEnabled(any(row.is_moved for row in self.rows))

    def _make_rows(self, count: int) -> None:
        while len(self.rows) > count:
            self.rows.pop().remove()
        for dimension in range(len(self.rows), count):
            row = SliderRow(dimension, self._grid, self)
            row.moved.connect(self._on_moved)
            row.settled.connect(self._on_settled)
            self.rows.append(row)
        self._grid.setRowStretch(len(self.rows), 0)
        self._grid.setRowStretch(512, 1)

    @Slot(int, float)
    def _on_moved(self, dimension: int, value: float) -> None:
        self._move({dimension: value}, settled=False)

    @Slot(int, float)
    def _on_settled(self, dimension: int, value: float) -> None:
        self._move({dimension: value}, settled=True)

    def _move(self, values: dict[int, float], *, settled: bool) -> None:
        point = self.controller.state.point
        if point:
            self.controller.set_point(point.along(values), settled=settled)


class SliderRow(QObject):
    """Name, slider, value and reset of one dimension.

    Parameters
    ----------
    dimension : int
        Which, from 0.
    grid : QGridLayout
        Where to stand.
    parent : QWidget
        The panel.
    """

    moved = Signal(int, float)
    settled = Signal(int, float)

    def __init__(self, dimension: int, grid: QGridLayout, parent: QWidget) -> None:
        super().__init__(parent)
        self.dimension = dimension
        self._center, self._spread, self._dragged = 0.0, 1.0, False
        name = QLabel(f"z<sub>{dimension + 1}</sub>")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-TICKS, TICKS)
        self.slider.setPageStep(TICKS // 7)
        self.slider.setMinimumWidth(80)
        self.slider.setAccessibleName(f"z {dimension + 1}")
        self.slider.setToolTip(
            f"Dimension {dimension + 1}, in standard deviations of the data's codes. "
            "Right-click to reset."
        )
        self._value = QLabel()
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("+0.00 σ"))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setFont(small(self._value.font()))
        self._reset = IconButton("reset", f"Reset dimension {dimension + 1}")
        self._widgets = (name, self.slider, self._value, self._reset)
        for column, widget in enumerate(self._widgets):
            grid.addWidget(widget, dimension, column)
        grid.setColumnStretch(1, 1)
        self.slider.valueChanged.connect(self._on_value)
        self.slider.sliderPressed.connect(self._on_pressed)
        self.slider.sliderReleased.connect(self._on_released)
        self.slider.installEventFilter(self)
        self._reset.clicked.connect(self.reset)

    @property
    def is_moved(self) -> bool:
        """Whether the slider stands elsewhere than in its middle."""
        return self.slider.value() != 0

    def show_value(self, value: float, center: float, spread: float) -> None:
        """Set the slider without announcing it."""
        self._center, self._spread = center, spread
        sigmas = (value - center) / spread
        tick = round(max(-REACH, min(REACH, sigmas)) / REACH * TICKS)
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(tick)
            self.slider.blockSignals(False)
        self._value.setText(f"{sigmas:+.2f} σ")
        self._value.setToolTip(f"z = {value:.4f}")
        self._reset.setEnabled(self.is_moved)

    def remove(self) -> None:
        """Take the row away."""
        for widget in self._widgets:
            widget.deleteLater()
        self.deleteLater()

    @Slot()
    def reset(self) -> None:
        """Go back to the mean of the data's codes."""
        self.settled.emit(self.dimension, self._center)

    def _latent(self) -> float:
        return self._center + self.slider.value() / TICKS * REACH * self._spread

    @Slot(int)
    def _on_value(self, _tick: int) -> None:
        self._dragged = self.slider.isSliderDown()
        signal = self.moved if self._dragged else self.settled
        signal.emit(self.dimension, self._latent())

    @Slot()
    def _on_pressed(self) -> None:
        self._dragged = False

    @Slot()
    def _on_released(self) -> None:
        # A touch alone must not round z to the slider's steps.
        if self._dragged:
            self.settled.emit(self.dimension, self._latent())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Reset on a right click; leave the wheel to scrolling unless the slider has focus."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.RightButton:
            if event.type() == QEvent.Type.MouseButtonPress:
                self.reset()
            return True
        if event.type() == QEvent.Type.Wheel and not self.slider.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class LabelPicker(QWidget):
    """A button per class, or a list where there are many; hidden where none is asked for."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, UNIT // 2)
        row.setSpacing(0)
        caption = QLabel("label")
        caption.setObjectName("muted")
        row.addWidget(caption)
        row.addSpacing(UNIT)
        self._buttons = QButtonGroup(self)
        self._row = QHBoxLayout()
        self._row.setSpacing(0)
        row.addLayout(self._row)
        self._list = QComboBox()
        self._list.setToolTip("Make it another class, with the same z")
        row.addWidget(self._list, 1)
        row.addStretch(1)
        self._names: tuple[str, ...] = ()
        self._buttons.idClicked.connect(self.chosen)
        self._list.activated.connect(self.chosen)

    def offer(self, card: ModelCard) -> None:
        """Show the classes of a model."""
        self.setVisible(card.conditional)
        if card.spec.class_names == self._names:
            return
        self._names = card.spec.class_names
        for button in self._buttons.buttons():
            self._buttons.removeButton(button)
            button.deleteLater()
        short = len(self._names) <= MANY_CLASSES and all(len(name) <= 2 for name in self._names)
        for i, name in enumerate(self._names if short else ()):
            button = QToolButton()
            button.setText(name)
            button.setCheckable(True)
            button.setToolTip(f"Make it a {name}, with the same z")
            button.setFixedWidth(22)
            self._buttons.addButton(button, i)
            self._row.addWidget(button)
        self._list.clear()
        self._list.addItems(list(self._names))
        self._list.setVisible(not short)

    def show_label(self, label: int | None) -> None:
        """Mark a class without announcing it."""
        if label is None:
            return
        button = self._buttons.button(label)
        if button:
            button.setChecked(True)
        self._list.setCurrentIndex(label)


PANEL = Panel(
    key="sliders",
    title="Sliders",
    area=Area.RIGHT,
    order=1,
    shortcut="Alt+2",
    help="One slider per latent dimension. 0 σ is the mean of the data's codes along it and 1 σ "
    "their standard deviation, so every slider covers what the data uses. Move one alone and "
    "watch what changes: slant, thickness, a smile. One that changes nothing is a dimension "
    "the model does not use. A conditional model also takes the <i>label</i>.",
    widget=SlidersPanel,
    share=2,
)
