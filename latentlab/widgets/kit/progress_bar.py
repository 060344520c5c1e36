"""How far long work is, and a way out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller


class ProgressBar(QFrame):
    """Progress of some kinds of request, one at a time; hidden while there is none.

    Parameters
    ----------
    controller : Controller
        Gives the work up on request.
    kinds : type of Request, or tuple of them
        Whose work.
    tip : str
        What giving it up leaves.
    parent : QWidget, optional
        Where it is laid over without a layout; it takes the room that it needs.
    """

    def __init__(
        self,
        controller: Controller,
        kinds: type[Request[Any]] | tuple[type[Request[Any]], ...],
        tip: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._is_laid_over = controller, parent is not None
        self._kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        self._kind: type[Request[Any]] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(*(UNIT, UNIT // 2, UNIT // 2, UNIT // 2) if parent else (0, 0, 0, 0))
        row.setSpacing(UNIT)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setFixedWidth((6 if parent else 12) * UNIT)
        self.progress.setAccessibleName("Progress")
        self.text = muted(stretch=parent is None)
        self.stop = QPushButton("Cancel")
        self.stop.setToolTip(tip)
        row.addWidget(self.progress)
        row.addWidget(self.text, 1)
        row.addWidget(self.stop)
        self.stop.clicked.connect(self._cancel)
        self.hide()

    def show_state(self, state: State) -> None:
        """Show how far the work is, or hide."""
        self._kind = next((kind for kind in self._kinds if kind in state.working), None)
        loading = state.working[self._kind] if self._kind else None
        self.setVisible(loading is not None)
        if loading:
            # A range from 0 to 0 moves without an end.
            self.progress.setRange(0, 0 if loading.fraction is None else 1000)
            self.progress.setValue(round(1000 * (loading.fraction or 0)))
            self.text.setText(loading.message)
            if self._is_laid_over:
                self._take_room()

    def _take_room(self) -> None:
        """Be as wide as there is need and room; the text is cut off first."""
        self.text.setMaximumWidth(self.text.sizeHint().width())
        parent = self.parentWidget()
        room = parent.width() - self.x() - UNIT if parent else self.sizeHint().width()
        missing = self.sizeHint().width() - room
        if missing > 0:
            self.text.setMaximumWidth(max(0, self.text.sizeHint().width() - missing))
        self.adjustSize()
        self.raise_()

    @Slot()
    def _cancel(self) -> None:
        if self._kind:
            self._controller.cancel(self._kind)
