"""The Train panel: form of the recipe, steering of the current run, and start buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from latentlab.errors import counted
from latentlab.session.export import DescribeForm
from latentlab.session.form import with_titles
from latentlab.session.recipes import (
    EstimateTime,
    ListPresets,
    TimePresets,
    describe_estimate,
    describe_fast,
    fast_schedule,
)
from latentlab.widgets.kit.form.form import FormWidget
from latentlab.widgets.kit.labels import muted, problem
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.start_training import current_estimate, start_training
from latentlab.widgets.kit.sweep_dialog import ask_sweep
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.train.presets_button import PresetsButton
from latentlab.widgets.panels.train.steering import SteeringCard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latentlab.session.form import Field
    from latentlab.session.recipes import Preset
    from latentlab.session.request import Request
    from latentlab.session.runs import TrainingStatus
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

RECIPE_KEY = "train/recipe"
FAST = (
    "A fifth of the epochs, with four times the learning rate, which rises first and falls to 0 at "
    "the end. The price: the loss ends one to two percent above that of the long run (measured on "
    "digits), more epochs afterwards raise the rate again, and a model that diverges needs a lower "
    "rate"
)
FAST_ALREADY = "This recipe is as short as the fast schedule"
IN_LIBRARY = "The Library lists the runs of the queue, and stops or removes each."
OFFERED = {"data.conditions": "attributes", "data.leave_out": "classes"}
"""Fields whose words the data set offers, and where an estimate has these words."""


class TrainPanel(PanelWidget):
    """Form of the next run, below the steering card of the current run."""

    watches = frozenset(
        {DescribeForm, ListPresets, EstimateTime, "run", "failure", "draft", "queue", "beside"}
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.form: FormWidget | None = None
        self._problem_key = ""
        self._is_timing = False
        self.card = SteeringCard(controller)
        self.stop, self.cancel = self.card.stop, self.card.cancel
        self.next_label = muted(elided=True)
        self.next_label.setToolTip(IN_LIBRARY)
        self._make_tools()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setMinimumWidth(200)
        self._area.setWidget(muted("Loading…"))
        self.problem = problem()
        self.body.addWidget(self.card)
        self.body.addWidget(self.next_label)
        self.body.addWidget(self._area, 1)
        self.body.addWidget(self.problem)
        self.time = muted("")
        self.time.setWordWrap(True)
        self.body.addWidget(self.time)
        self.body.addLayout(self._buttons())
        self._show_busy(False)

    def _make_tools(self) -> None:
        self.presets = PresetsButton()
        self.presets.opened.connect(self._measure_presets)
        self.presets.chosen.connect(self._use_preset)
        self.fast = QPushButton("Fast")
        self.fast.clicked.connect(self._use_fast)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a setting")
        self.search.setToolTip("Show only the settings whose name, key or description has a word")
        self.search.setAccessibleName("Find a setting")
        self.search.setClearButtonEnabled(True)
        for button in self.search.findChildren(QToolButton):
            button.setToolTip("Show all settings")
        self.search.textChanged.connect(self._search)
        self.tools.addWidget(self.presets)
        self.tools.addWidget(self.fast)
        self.tools.addWidget(self.search, 1)

    def _buttons(self) -> QHBoxLayout:
        self.start = QPushButton("Train")
        self.start.setObjectName("primary")
        self.start.setToolTip("Train this model  (Ctrl+T)")
        self.queue = QPushButton("Add to queue")
        self.queue.setToolTip("Train this model after the current run  (Ctrl+Shift+T)")
        self.sweep = QPushButton("Sweep…")
        self.sweep.setToolTip("Train once for each of several values of one setting")
        self._tips = {b: b.toolTip() for b in (self.start, self.queue, self.sweep)}
        self.start.clicked.connect(self._start)
        self.queue.clicked.connect(self._enqueue)
        self.sweep.clicked.connect(self._ask_sweep)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.start, 2)
        row.addWidget(self.queue, 2)
        row.addWidget(self.sweep, 1)
        return row

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        """Return the presets and the time of the draft; a run would disturb a measurement."""
        yield ListPresets()
        idle = state.training.run is None and not state.training.beside
        if idle and state.draft.values and not state.draft.problem:
            yield EstimateTime(state.draft.values)
        if idle and self._is_timing:
            yield TimePresets()

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        """Show the form, the current run, the applicable buttons, and problems."""
        fields = state.answer(DescribeForm)
        if DescribeForm in changed and fields:
            self._make_form(fields, state)
        elif "draft" in changed and self.form:
            # Without a draft, as undo leaves it where a file was dropped first: the defaults.
            self._show_draft(state.draft.values or {})
        if changed & {"run", DescribeForm, "failure"}:
            self._show_busy(state.training.run is not None)
            self.card.show_run(state, changed)
        if ListPresets in changed:
            self.presets.show_presets(state.answer(ListPresets) or ())
        self.next_label.setText(_next_run(state.training))
        self._show_ready(state)
        if "failure" in changed:
            self._show_problems(state)

    def _show_ready(self, state: State) -> None:
        """Enable training of the draft, or show its problem as tooltip."""
        for button, tip in self._tips.items():
            button.setEnabled(self.form is not None and not state.draft.problem)
            button.setToolTip(state.draft.problem or tip)
        can_be_faster = fast_schedule(state.draft.values or {}) is not None
        self.fast.setEnabled(can_be_faster)
        self.fast.setToolTip(FAST if can_be_faster else FAST_ALREADY)
        estimate = current_estimate(state) if state.training.run is None else None
        self.time.setText(describe_estimate(estimate))
        for key, words in OFFERED.items() if estimate else ():
            if self.form and (row := self.form.row(key)):
                row.offer(getattr(estimate, words))

    def _show_busy(self, busy: bool) -> None:
        visible = {self.start: not busy, self.queue: busy, self.card: busy, self.next_label: busy}
        # Hide widgets before showing others: all at once would stretch the column.
        for widget in sorted(visible, key=visible.__getitem__):
            widget.setVisible(visible[widget])

    @Slot()
    def _measure_presets(self) -> None:
        self._is_timing = True
        self.controller.demand.renew()

    @Slot(object)
    def _use_preset(self, preset: Preset) -> None:
        self.controller.training.use_recipe(preset.values, preset.title)

    @Slot()
    def _use_fast(self) -> None:
        if made := fast_schedule(self.controller.state.draft.values or {}):
            self.controller.training.use_recipe(made, describe_fast(made))

    @Slot(str)
    def _search(self, text: str) -> None:
        if self.form:
            self.form.search(text)

    @Slot()
    def _start(self) -> None:
        start_training(self, self.controller)

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
        self.form.search(self.search.text())
        self._set_draft(is_edit=False)

    def _show_draft(self, draft: Mapping[str, Any]) -> None:
        if self.form and draft != self.form.values():
            # Without the blocker each field would emit another draft.
            with QSignalBlocker(self.form):
                self.form.set_values(draft, whole=True)
            self._set_draft(is_edit=False)

    @Slot()
    def _on_edited(self) -> None:
        self._set_draft(is_edit=True)

    def _set_draft(self, *, is_edit: bool) -> None:
        if self.form:
            draft = self.form.values()
            settings().setValue(RECIPE_KEY, draft)
            self.controller.training.set_draft(draft, self.form.wrong(), is_edit=is_edit)

    def _show_problems(self, state: State) -> None:
        if self.form is None:
            return
        self.form.clear_problems()
        fields = state.answer(DescribeForm) or ()
        other_problems = []
        for key, text in state.failure.problems if state.failure else ():
            row = self.form.row(key)
            if row:
                self.search.clear()
                self.form.show_problem(row, text)
                self._problem_key = key
                # After the layout of the text and of the sections unfolded for it.
                QTimer.singleShot(0, self._scroll)
            else:
                other_problems.append(with_titles(f"{key}: {text}", fields))
        self.problem.setText("\n".join(other_problems))
        self.problem.setVisible(bool(other_problems))

    @Slot()
    def _scroll(self) -> None:
        row = self.form.row(self._problem_key) if self.form else None
        if row:
            self._area.ensureWidgetVisible(row)


def _next_run(training: TrainingStatus) -> str:
    """Return the heading of the form during a run, with what the queue holds."""
    parts = ["Next run"]
    if training.beside:
        parts.append(f"{counted(len(training.beside), 'run')} beside this one")
    if training.queue:
        parts.append(f"{len(training.queue)} in the queue")
    return " · ".join(parts)


PANEL = Panel(
    key="train",
    title="Train",
    places={
        "train": Place(Area.LEFT),
    },
    help="The settings of a run: <i>data set</i>, <i>model</i>, weight of the KL, and epochs; all "
    "others are in the groups below. The loss is reconstruction + beta · KL, in nats per image. "
    "<i>Presets</i> fills the form with a recipe; <i>Fast</i> makes its run a fifth as long. Try "
    "two latent dimensions against twenty, beta 0 and beta 10, or a linear beta schedule, whose "
    "end is a bend in the curves. During a run, beta, the learning rate and free bits can be "
    "changed above the form: press Enter to apply. The form then prepares the next run. A sweep "
    "trains one run for each of several values.",
    widget=TrainPanel,
)
