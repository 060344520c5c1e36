"""Progress of long work, with a Cancel button."""

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


class RequestProgressBar(QFrame):
    """Progress of some request types, one at a time; hidden while none is running.

    Parameters
    ----------
    controller : Controller
        Cancels the work.
    kinds : type of Request, or tuple of them
        Request types to watch.
    tip : str
        Tooltip of the Cancel button: what is left after cancelling.
    parent : QWidget, optional
        Widget to overlay without a layout; the bar then sets its own size.
    """

    def __init__(
        self,
        controller: Controller,
        kinds: type[Request[Any]] | tuple[type[Request[Any]], ...],
        tip: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._is_overlay = controller, parent is not None
        self._kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        self._kind: type[Request[Any]] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(*(UNIT, UNIT // 2, UNIT // 2, UNIT // 2) if parent else (0, 0, 0, 0))
        row.setSpacing(UNIT)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setFixedWidth((6 if parent else 12) * UNIT)
        self.progress.setAccessibleName("Progress")
        self.text = muted(stretch=parent is None, elided=parent is None)
        self.stop = QPushButton("Cancel")
        self.stop.setToolTip(tip)
        row.addWidget(self.progress)
        row.addWidget(self.text, 1)
        row.addWidget(self.stop)
        self.stop.clicked.connect(self._cancel)
        self.hide()

    def show_state(self, state: State) -> None:
        """Show the progress, or hide the bar."""
        self._kind = next((kind for kind in self._kinds if kind in state.working), None)
        loading = state.working[self._kind] if self._kind else None
        self.setVisible(loading is not None)
        if loading:
            # A range from 0 to 0 makes the bar indeterminate.
            self.progress.setRange(0, 0 if loading.fraction is None else 1000)
            self.progress.setValue(round(1000 * (loading.fraction or 0)))
            self.text.setText(loading.message)
            if self._is_overlay:
                self._fit_width()

    def _fit_width(self) -> None:
        """Fit the width to the content and the parent; shorten the text first."""
        self.text.setMaximumWidth(self.text.sizeHint().width())
        parent = self.parentWidget()
        available = parent.width() - self.x() - UNIT if parent else self.sizeHint().width()
        missing = self.sizeHint().width() - available
        if missing > 0:
            self.text.setMaximumWidth(max(0, self.text.sizeHint().width() - missing))
        self.adjustSize()
        self.raise_()

    @Slot()
    def _cancel(self) -> None:
        if self._kind:
            self._controller.cancel(self._kind)
