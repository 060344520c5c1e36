"""The Train panel: form of the recipe, steering of the current run, and start buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QWidget

from latentlab.session.export import DescribeForm
from latentlab.widgets.kit.form.form import FormWidget
from latentlab.widgets.kit.labels import muted, problem
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.sweep_dialog import ask_sweep
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.train.steering import SteeringCard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.session.form import Field
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

RECIPE_KEY = "train/recipe"


class TrainPanel(PanelWidget):
    """Form generated from the recipe's schema, below the steering card of the current run."""

    watches = frozenset({DescribeForm, "run", "failure", "draft"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.form: FormWidget | None = None
        self._problem_key = ""
        self.card = SteeringCard(controller)
        self.stop, self.cancel = self.card.stop, self.card.cancel
        self._next_label = muted("NEXT RUN")
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setMinimumWidth(200)
        self._area.setWidget(muted("Loading what can be trained…"))
        self.problem = problem()
        self.body.addWidget(self.card)
        self.body.addWidget(self._next_label)
        self.body.addWidget(self._area, 1)
        self.body.addWidget(self.problem)
        self.body.addLayout(self._buttons())
        self._show_busy(False)

    def _buttons(self) -> QHBoxLayout:
        self.start = QPushButton("Train")
        self.start.setObjectName("primary")
        self.start.setToolTip("Train this model in the background  (Ctrl+T)")
        self.queue = QPushButton("Add to queue")
        self.queue.setToolTip("Train this model after the run under way  (Ctrl+Shift+T)")
        self.sweep = QPushButton("Sweep…")
        self.sweep.setToolTip("Train it once for each of several values of one number")
        self._tips = {b: b.toolTip() for b in (self.start, self.queue, self.sweep)}
        self.start.clicked.connect(self.controller.training.start)
        self.queue.clicked.connect(self._enqueue)
        self.sweep.clicked.connect(self._ask_sweep)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.start, 2)
        row.addWidget(self.queue, 2)
        row.addWidget(self.sweep, 1)
        return row

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        """Show the form, the current run, the applicable buttons, and problems."""
        fields = state.answer(DescribeForm)
        if DescribeForm in changed and fields:
            self._make_form(fields, state)
        if "draft" in changed and state.draft.values and self.form:
            self._show_draft(state.draft.values)
        if changed & {"run", DescribeForm, "failure"}:
            self._show_busy(state.training.run is not None)
            self.card.show_run(state, changed)
        self._show_ready(state)
        if "failure" in changed:
            self._show_problems(state)

    def _show_ready(self, state: State) -> None:
        """Enable training of the draft, or show its problem as tooltip."""
        for button, tip in self._tips.items():
            button.setEnabled(self.form is not None and not state.draft.problem)
            button.setToolTip(state.draft.problem or tip)

    def _show_busy(self, busy: bool) -> None:
        visible = {self.start: not busy, self.queue: busy, self.card: busy, self._next_label: busy}
        # Hide widgets before showing others: all at once would stretch the column.
        for widget in sorted(visible, key=visible.__getitem__):
            widget.setVisible(visible[widget])

    @Slot()
    def _enqueue(self) -> None:
        self.controller.training.enqueue()

    @Slot()
    def _ask_sweep(self) -> None:
        ask_sweep(self, self.controller)

    def _make_form(self, fields: tuple[Field, ...], state: State) -> None:
        self.form = FormWidget(fields)
        self.form.setContentsMargins(0, 0, UNIT, 0)
        self._area.setWidget(self.form)
        self.form.set_values(state.draft.values or settings().value(RECIPE_KEY, {}))
        self.form.changed.connect(self._on_edited)
        self._on_edited()

    def _show_draft(self, draft: Mapping[str, Any]) -> None:
        if self.form and draft != self.form.values():
            # Without the blocker each field would emit another draft.
            with QSignalBlocker(self.form):
                self.form.set_values(draft, whole=True)
            self._on_edited()

    @Slot()
    def _on_edited(self) -> None:
        if self.form:
            draft = self.form.values()
            settings().setValue(RECIPE_KEY, draft)
            self.controller.training.set_draft(draft, self.form.wrong())

    def _show_problems(self, state: State) -> None:
        if self.form is None:
            return
        self.form.clear_problems()
        other_problems = []
        for key, text in state.failure.problems if state.failure else ():
            row = self.form.row(key)
            if row:
                row.show_problem(text)
                self._problem_key = key
                # After the layout of the text and of the sections unfolded for it.
                QTimer.singleShot(0, self._scroll)
            else:
                other_problems.append(f"{key}: {text}")
        self.problem.setText("\n".join(other_problems))
        self.problem.setVisible(bool(other_problems))

    @Slot()
    def _scroll(self) -> None:
        row = self.form.row(self._problem_key) if self.form else None
        if row:
            self._area.ensureWidgetVisible(row)


PANEL = Panel(
    key="train",
    title="Train",
    places={
        "train": Place(Area.LEFT),
    },
    help="A recipe: which <i>data</i>, which <i>model</i>, what <i>objective</i> to make small, "
    "how long. The loss is reconstruction + beta · KL, in nats per image. Press Train and watch "
    "the map form. Things to try: two latent dimensions against twenty; beta 0 and beta 10; a "
    "linear schedule, and the bend in the curves where it ends. While a run goes on, beta, the "
    "learning rate and free bits can be changed above: Enter applies. The form below then "
    "prepares the next run. A sweep trains one number at several values, to be compared.",
    widget=TrainPanel,
)
