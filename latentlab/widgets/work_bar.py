"""How far long work is, and a way out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from latentlab.widgets.labels import muted
from latentlab.widgets.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.requests.base import Request
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller


class WorkBar(QWidget):
    """Progress of one kind of request; hidden while there is none.

    Parameters
    ----------
    controller : Controller
        Gives the work up on request.
    kind : type of Request
        Whose work.
    tip : str
        What giving it up leaves.
    """

    def __init__(self, controller: Controller, kind: type[Request], tip: str) -> None:
        super().__init__()
        self._controller, self._kind = controller, kind
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setFixedWidth(12 * UNIT)
        self.text = muted()
        self.stop = QPushButton("Cancel")
        self.stop.setToolTip(tip)
        row.addWidget(self.progress)
        row.addWidget(self.text, 1)
        row.addWidget(self.stop)
        self.stop.clicked.connect(self._cancel)
        self.hide()

    def show_state(self, state: State) -> None:
        """Show how far the work is, or hide."""
        loading = state.working.get(self._kind)
        self.setVisible(loading is not None)
        if loading:
            # A range from 0 to 0 moves without an end.
            self.progress.setRange(0, 0 if loading.fraction is None else 1000)
            self.progress.setValue(round(1000 * (loading.fraction or 0)))
            self.text.setText(loading.message)

    @Slot()
    def _cancel(self) -> None:
        self._controller.cancel(self._kind)
