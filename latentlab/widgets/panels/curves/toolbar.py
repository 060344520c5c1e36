"""Display settings of the curves: smoothing, epochs shown, outliers; saved in the settings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.number_box import NumberBox
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT, small
from latentlab.widgets.panels.curves.loss_plot import CurvesView

SMOOTHING_WIDTH = 120
MAX_SMOOTHING_EPOCHS = 50.0
"""Maximum time constant in epochs."""
LAST_EPOCHS = {"All epochs": 0, "Last 100": 100, "Last 20": 20}
LOG, SMOOTHING, LAST_KEY, OUTLIERS = (
    f"curves/{name}" for name in ("log", "smoothing", "last", "outliers")
)


class CurvesToolbar(QWidget):
    """Row of controls for `view`, the current display settings."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = _saved_view()
        self.smoothing = NumberBox(0.0, MAX_SMOOTHING_EPOCHS)
        self.smoothing.setSingleStep(0.5)
        self.smoothing.setSpecialValueText("No smoothing")
        self.smoothing.setPrefix("Smooth ")
        self.smoothing.setSuffix(" epochs")
        self.smoothing.setMaximumWidth(SMOOTHING_WIDTH)
        self.smoothing.setKeyboardTracking(False)
        self.smoothing.setValue(self.view.smoothing)
        self.smoothing.setToolTip(
            "Draw an exponential moving average over this many epochs. The original lines stay "
            "visible behind it."
        )
        self.smoothing.setAccessibleName("Smoothing")
        self.last = QComboBox()
        self.last.addItems(list(LAST_EPOCHS))
        self.last.setCurrentIndex([*LAST_EPOCHS.values()].index(self.view.last))
        self.last.setToolTip("Which epochs are shown")
        self.last.setAccessibleName("Epochs shown")
        self.outliers = toggle_button(
            "Full range", "Show all values, including the steep first epochs and outliers"
        )
        self.outliers.setChecked(self.view.outliers)
        self.alone = IconButton(
            "close", "Stop the comparison and remove the curves of the other runs"
        )
        self.save = IconButton("export", "Save the curves as an image, or as numbers (CSV)")
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        for widget in (self.alone, self.smoothing, self.last, self.outliers, self.save):
            widget.setFont(small(self.font()))
            row.addWidget(widget)
        self.smoothing.valueChanged.connect(self._on_edited)
        self.last.currentIndexChanged.connect(self._on_edited)
        self.outliers.toggled.connect(self._on_edited)

    def show_view(self, view: CurvesView) -> None:
        """Set the display settings, and show them in the tools."""
        self.smoothing.setValue(view.smoothing)
        self.last.setCurrentIndex([*LAST_EPOCHS.values()].index(view.last))
        self.outliers.setChecked(view.outliers)
        self.set_view(view)

    def set_view(self, view: CurvesView) -> None:
        """Set and save the display settings."""
        if view == self.view:
            return
        self.view = view
        stored = settings()
        stored.setValue(LOG, " ".join(sorted(view.log)))
        stored.setValue(SMOOTHING, view.smoothing)
        stored.setValue(LAST_KEY, view.last)
        stored.setValue(OUTLIERS, view.outliers)
        self.changed.emit()

    @Slot()
    def _on_edited(self) -> None:
        last = LAST_EPOCHS[self.last.currentText()]
        view = replace(self.view, smoothing=self.smoothing.value(), last=last)
        self.set_view(replace(view, outliers=self.outliers.isChecked()))


def toggle_button(text: str, tip: str) -> QToolButton:
    """Return a small checkable flat button."""
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setCheckable(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setFont(small(button.font()))
    return button


def _saved_view() -> CurvesView:
    stored = settings()
    last, smoothing = stored.value(LAST_KEY, 0), stored.value(SMOOTHING, 0.0)
    return CurvesView(
        log=frozenset(stored.value(LOG, "").split()),
        smoothing=smoothing if 0 <= smoothing <= MAX_SMOOTHING_EPOCHS else 0.0,
        last=last if last in LAST_EPOCHS.values() else 0,
        outliers=stored.value(OUTLIERS, False),
    )
