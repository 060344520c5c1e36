"""The Curves panel: loss, reconstruction and KL as training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from latentlab.session.colours import CLASS_COLOURS
from latentlab.session.curves import RUNNING, TRAIN, VALIDATION
from latentlab.widgets.labels import muted
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.plots import Plot
from latentlab.widgets.theme import UNIT, colours, faint

if TYPE_CHECKING:
    from latentlab.session.curves import Curves
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

TITLES = {"loss": "Loss", "reconstruction": "Reconstruction", "kl": "KL"}
SPLIT_COLOURS = {TRAIN: CLASS_COLOURS[0], VALIDATION: CLASS_COLOURS[6]}
SPLITS = (RUNNING, TRAIN, VALIDATION)
ENOUGH_EPOCHS = 3
REDRAW_MS = 250


class CurvesPanel(PanelWidget):
    """One plot per loss, so that each has its own scale."""

    watches = frozenset({"curves", "run"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._legend = muted()
        self._best = muted(stretch=False)
        self.tools.addWidget(self._legend, 1)
        self.tools.addWidget(self._best)
        self._empty = QLabel("Train a model, and its losses appear here as it learns.")
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._row = QHBoxLayout()
        self._row.setSpacing(UNIT)
        self.body.addWidget(self._empty, 1)
        self.body.addLayout(self._row, 1)
        self.plots: dict[str, LossPlot] = {}
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REDRAW_MS)
        self._later.timeout.connect(self._draw)
        self._dress()

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Draw at once, but while training only a few times a second: drawing costs time."""
        if state.run is None:
            self._draw()
        elif not self._later.isActive():
            self._later.start()

    @Slot()
    def _draw(self) -> None:
        state = self.controller.state
        names = list(dict.fromkeys(name for _, name in state.curves))
        self._empty.setVisible(not names)
        for name in [name for name in self.plots if name not in names]:
            self.plots.pop(name).deleteLater()
        for name in names:
            if name not in self.plots:
                self.plots[name] = LossPlot(TITLES.get(name, name))
                self._row.addWidget(self.plots[name])
            self.plots[name].show_curves(state.curves, name)
        self._best.setText(_best(state.curves))

    def changeEvent(self, event: QEvent) -> None:
        """Write the legend in the new colours."""
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()
        super().changeEvent(event)

    def _dress(self) -> None:
        dash = '<span style="color:{}">━</span> {}'
        parts = [dash.format(colour, split) for split, colour in SPLIT_COLOURS.items()]
        unit = f'<span style="color:{colours().muted}">nats per image</span>'
        self._legend.setText("&nbsp;&nbsp;".join([*parts, unit]))


class LossPlot(Plot):
    """One loss: faint within the epochs, solid at their ends."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setMouseEnabled(x=False, y=False)
        colour = SPLIT_COLOURS[TRAIN]
        pens = {
            RUNNING: pg.mkPen(faint(colour, 0.35), width=1),
            TRAIN: pg.mkPen(colour, width=2),
            VALIDATION: pg.mkPen(SPLIT_COLOURS[VALIDATION], width=2),
        }
        self.curves = {split: self.plot(pen=pen) for split, pen in pens.items()}
        self.curves[RUNNING].setDownsampling(auto=True, method="peak")

    def show_curves(self, curves: Curves, name: str) -> None:
        """Draw one loss of each split, the range set by what comes after the first plunge."""
        for split in SPLITS:
            x, y = curves.get((split, name), ((), ()))
            single = len(x) == 1
            self.curves[split].setData(x, y, symbol="o" if single else None, symbolSize=5)
        low, high = _range(curves, name)
        self.setYRange(low, high, padding=0.06)


def _range(curves: Curves, name: str) -> tuple[float, float]:
    """Return limits that leave out the steep beginning, which would flatten all the rest."""
    whole = len(curves.get((TRAIN, name), ((), ()))[0])
    splits = (TRAIN, VALIDATION) if whole >= ENOUGH_EPOCHS else SPLITS
    values = np.concatenate([curves[split, name][1] for split in splits if (split, name) in curves])
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(np.quantile(finite, 0.98))
    return (low, high) if high > low else (low - 1, low + 1)


def _best(curves: Curves) -> str:
    epochs, losses = curves.get((VALIDATION, "loss"), (np.array([]), np.array([])))
    if not len(losses):
        return ""
    best = int(np.nanargmin(losses)) if np.isfinite(losses).any() else 0
    return f"best {losses[best]:.1f} at epoch {epochs[best]:.0f}"


PANEL = Panel(
    key="curves",
    title="Curves",
    area=Area.BOTTOM,
    order=0,
    shortcut="Alt+5",
    help="What training makes small, in nats per image: <b>loss = reconstruction + beta · KL</b>. "
    "Reconstruction, −log p(x|z), is how badly the image is rebuilt; KL(q(z|x) ‖ p(z)) is how "
    "much the code says about the image. They pull against each other. A KL that falls to 0 "
    "early means the decoder ignores z: posterior collapse.",
    widget=CurvesPanel,
    share=5,
)
