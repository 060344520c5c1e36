"""The Train panel: what to train, and the buttons that start and stop it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QWidget

from latentlab.widgets.form import FormWidget
from latentlab.widgets.labels import muted, problem
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.settings import settings
from latentlab.widgets.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

REMEMBERED = "train/recipe"


class TrainPanel(PanelWidget):
    """A form generated from the recipe's own description."""

    watches = frozenset({"form", "run", "failure", "draft"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.form: FormWidget | None = None
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setMinimumWidth(200)
        self._area.setWidget(muted("Loading what can be trained…"))
        self.problem = problem()
        self.start = QPushButton("Train")
        self.start.setObjectName("primary")
        self.start.setToolTip("Train this model in the background  (Ctrl+T)")
        self.stop = QPushButton("Stop and keep")
        self.stop.setToolTip("End training now and keep what was learned  (Ctrl+.)")
        self.cancel = QPushButton("Cancel and discard")
        self.cancel.setToolTip("End training now and throw the run away")
        buttons = QHBoxLayout()
        buttons.setSpacing(UNIT)
        for button in (self.start, self.stop, self.cancel):
            buttons.addWidget(button)
        self._show_buttons(busy=False)
        self.body.addWidget(self._area, 1)
        self.body.addWidget(self.problem)
        self.body.addLayout(buttons)
        self.start.clicked.connect(controller.start_training)
        self.stop.clicked.connect(controller.stop_training)
        self.cancel.clicked.connect(controller.cancel_training)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Show the form, the buttons that make sense now, and what is wrong."""
        if "form" in changed and state.form:
            self._make_form(state)
        if "draft" in changed and state.draft and self.form:
            self._show_draft(state.draft)
        busy = state.run is not None
        self._area.setEnabled(not busy)
        self._show_buttons(busy=busy)
        self.start.setEnabled(self.form is not None)
        stopping = bool(state.run and state.run.phase == "stopping")
        self.stop.setEnabled(not stopping)
        self.cancel.setEnabled(not stopping)
        if "failure" in changed:
            self._show_problems(state)

    def _show_buttons(self, *, busy: bool) -> None:
        wanted = {self.start: not busy, self.stop: busy, self.cancel: busy}
        # Never all three at once, even for a moment: they would widen the whole column.
        for button in sorted(wanted, key=wanted.__getitem__):
            button.setVisible(wanted[button])

    def _make_form(self, state: State) -> None:
        self.form = FormWidget(state.form)
        self.form.setContentsMargins(0, 0, UNIT, 0)
        self._area.setWidget(self.form)
        self.form.set_values(state.draft or _read(str(settings().value(REMEMBERED, ""))))
        self.form.changed.connect(self._on_edited)
        self._on_edited()

    def _show_draft(self, draft: Mapping[str, Any]) -> None:
        if self.form and draft != self.form.values():
            self.form.set_values(draft)

    @Slot()
    def _on_edited(self) -> None:
        if self.form:
            draft = self.form.values()
            settings().setValue(REMEMBERED, json.dumps(draft))
            self.controller.set_draft(draft)

    def _show_problems(self, state: State) -> None:
        if self.form is None:
            return
        self.form.clear_problems()
        homeless = []
        for key, text in state.failure.problems if state.failure else ():
            row = self.form.row(key)
            if row:
                row.show_problem(text)
                self._area.ensureWidgetVisible(row)
            else:
                homeless.append(f"{key}: {text}")
        self.problem.setText("\n".join(homeless))
        self.problem.setVisible(bool(homeless))


def _read(stored: str) -> dict[str, Any]:
    try:
        values = json.loads(stored)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


PANEL = Panel(
    key="train",
    title="Train",
    area=Area.LEFT,
    order=1,
    shortcut="Alt+9",
    help="A recipe: which <i>data</i>, which <i>model</i>, what <i>objective</i> to make small, "
    "how long. The loss is reconstruction + beta · KL, in nats per image. Press Train and watch "
    "the map form. Things to try: two latent dimensions against twenty; beta 0 and beta 10; a "
    "linear schedule, and the bend in the curves where it ends.",
    widget=TrainPanel,
    share=5,
)
