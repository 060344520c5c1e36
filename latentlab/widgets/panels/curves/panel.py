"""The Curves panel: loss, reconstruction, KL and other training metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import QLabel, QWidget

from latentlab.session.curves.bits import bits_text
from latentlab.session.curves.curves import VALIDATION
from latentlab.session.export import FIGURES
from latentlab.session.runs import Compare
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.few_lines import FewLines
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.curves.loss_cell import LossCell, legend, nearest_epoch
from latentlab.widgets.panels.curves.loss_plot import best_epoch
from latentlab.widgets.panels.curves.plot_grid import PlotGrid
from latentlab.widgets.panels.curves.toolbar import CurvesToolbar

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from latentlab.session.state import Changes, State
    from latentlab.widgets.panels.curves.loss_plot import CurvesView, LossPlot
    from latentlab.workers.controller import Controller

REDRAW_MS = 400
WIDEST_BEST = "best -00000.0 at epoch 000"
"""Placeholder of the best epoch, so that the legend does not move when there is one."""


class CurvesPanel(PanelWidget):
    """One plot per loss, each with its own scale."""

    watches = frozenset({"curves", "changes", Compare, "model", "is_training"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._cells: dict[str, LossCell] = {}
        self._epoch: float | None = None
        self._beside, self._wrapped = muted(rich=True), muted(rich=True)
        # Centred, its first line is cut while it is higher than its place.
        self._wrapped.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._wrapped.setWordWrap(True)
        self._below = FewLines(self._wrapped)
        self._is_below = False
        self.options = CurvesToolbar()
        self.tools.addWidget(self._beside, 1)
        self.tools.addWidget(self.options)
        self.body.addWidget(self._below)
        self._empty = QLabel("Train a model. Its losses appear here in every epoch.")
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.grid = PlotGrid()
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self.grid, 1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REDRAW_MS)
        self._later.timeout.connect(self._draw)
        self.options.changed.connect(self._draw)
        record = make_choice_undoable(
            controller.undo, "view of the curves", lambda: self.options.view, self._set_view
        )
        self.options.changed.connect(record)
        self.options.save.clicked.connect(self._save)
        self.options.alone.clicked.connect(self._stop_comparing)

    @property
    def plots(self) -> dict[str, LossPlot]:
        """Plot of each loss by name."""
        return {name: cell.plot for name, cell in self._cells.items()}

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        """Draw at once; during training at most every 400 ms, because drawing takes time."""
        if not state.is_training or Compare in changed:
            self._draw()
        elif changed != {"model"} and not self._later.isActive():
            self._later.start()

    @Slot()
    def _draw(self) -> None:
        state = self.controller.state
        all_curves = [state.log.curves, *(run.curves for run in (state.answer(Compare) or ()))]
        names = list(dict.fromkeys(name for curves in all_curves for _, name in curves))
        self._empty.setVisible(not names)
        self.grid.setVisible(bool(names))
        self.options.setVisible(bool(names))
        self.options.alone.setVisible(bool(state.answer(Compare) or ()))
        self._make_cells(names)
        for cell in self._cells.values():
            cell.show_curves(state, self.options.view)
        self._place_legend()

    def _make_cells(self, names: list[str]) -> None:
        removed = [name for name in self._cells if name not in names]
        old = [self._cells.pop(name) for name in removed]
        for name in names:
            if name not in self._cells:
                cell = self._cells[name] = LossCell(name)
                cell.plot.hovered.connect(self._on_hovered)
                cell.log.setChecked(name in self.options.view.log)
                cell.log.toggled.connect(self._on_log)
        self.grid.show_widgets([self._cells[name] for name in names])
        for cell in old:
            cell.deleteLater()

    @Slot()
    def _on_log(self) -> None:
        kept = self.options.view.log - self._cells.keys()
        log = kept | {name for name, cell in self._cells.items() if cell.log.isChecked()}
        self.options.set_view(replace(self.options.view, log=frozenset(log)))

    def _set_view(self, view: CurvesView) -> None:
        for name, cell in self._cells.items():
            with QSignalBlocker(cell.log):
                cell.log.setChecked(name in view.log)
        self.options.show_view(view)

    @Slot(object)
    def _on_hovered(self, epoch: float | None) -> None:
        self._epoch = nearest_epoch(self.controller.state.log.curves, epoch)
        self._show_values()

    def _show_values(self) -> None:
        """Show the values at the epoch under the cursor, else the best epoch."""
        state = self.controller.state
        for cell in self._cells.values():
            cell.read_out(state, self._epoch)
        text = _best_text(state) if self._epoch is None else f"epoch {self._epoch:.4g}"
        if bits := _bits_text(state, self._epoch):
            text = f"{text}, {bits}"
        self._beside.setText("" if self._is_below else legend(state, text))
        self._wrapped.setText(legend(state, text) if self._is_below else "")

    def _place_legend(self) -> None:
        """Show the legend beside the tools if it fits there, else in lines below them."""
        state = self.controller.state
        self._beside.setText(legend(state, WIDEST_BEST))
        room = self.width() - self.options.sizeHint().width() - 3 * UNIT
        self._is_below = self._beside.sizeHint().width() > room
        self._below.setVisible(self._is_below and bool(self._cells))
        self._show_values()
        if self._is_below:
            self._below.fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place_legend()

    @Slot()
    def _save(self) -> None:
        path = ask_save_path(self, "curves", FIGURES)
        if path:
            self.controller.runs.export_curves(path)

    @Slot()
    def _stop_comparing(self) -> None:
        self.controller.runs.compare(())

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_later"):
            self._later.start()


def _best_text(state: State) -> str:
    best_point = best_epoch(state.log.curves, state.log.changes)
    return "" if best_point is None else f"best {best_point[1]:.1f} at epoch {best_point[0]:.0f}"


def _bits_text(state: State, epoch: float | None) -> str:
    """Return the bits per dimension of held-out images at an epoch, by default the best."""
    best_point = best_epoch(state.log.curves, state.log.changes)
    if state.model is None or best_point is None:
        return ""
    at = best_point[0] if epoch is None else epoch
    losses = {
        name: float(y[int(np.abs(x - at).argmin())])
        for (split, name), (x, y) in state.log.curves.items()
        if split == VALIDATION and len(x)
    }
    return bits_text(state.model.recipe, state.model.spec.pixels, losses)


PANEL = Panel(
    key="curves",
    title="Curves",
    places={
        "train": Place(Area.CENTRE),
        "compare": Place(Area.BOTTOM, 0, 5),
    },
    help="What training minimises, in nats per image: <b>loss = reconstruction + beta · KL</b>. "
    "Reconstruction, −log p(x|z), measures how far the decoded image is from the original; "
    "KL(q(z|x) ‖ p(z)) measures how much the code says about the image. One can fall only "
    "while the other rises. A KL that falls to 0 early means that the decoder ignores z: "
    "posterior collapse, which <b>Log</b> shows first. With a Gaussian likelihood "
    "losses can be negative, because a density can exceed 1; lower is still better. The "
    "ring marks the best epoch since the last change of the objective; dashed lines mark "
    "your changes during the run. A star is the loss of the test images, which are scored "
    "once, at the end. With a discretized likelihood the legend has the negative ELBO in bits per "
    "dimension as well. A discriminator, which some extra terms have, has a loss that is no part "
    "of the model's: ½ · cross-entropy, ln 2 if it cannot tell codes apart. Select several runs "
    "in the Library to compare their validation curves.",
    widget=CurvesPanel,
)
