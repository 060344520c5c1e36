"""The Compare panel: the open model, A, beside a second one, B."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QWidget

from latentlab.session.comparison import (
    Comparison,
    LinkImage,
    LinkPoint,
    OpenModelB,
    ShowColumns,
    Summarise,
    images_of,
    needs_class,
)
from latentlab.session.runs import ListLibrary
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.veil import Veil
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.panels.compare.mode_row import ModeRow
from latentlab.widgets.panels.compare.model_choice import ClassBox, ModelBChoice, model_of
from latentlab.widgets.panels.compare.pages import (
    ComparePage,
    ImagePage,
    PointPage,
    SeveralPage,
    SummaryPage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from latentlab.session.points import ModelCard
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

SECOND, MODE = "compare/second", "compare/mode"
WIDTH = 38 * UNIT
"""What the summary needs, lest its numbers be cut off once they are there."""
EMPTY = (
    "Two models of the same images do not keep the same of them. Choose a second one above, or "
    "drop a run here: both then decode the same z, rebuild the same images, and are measured on "
    "them."
)


class ComparePanel(PanelWidget):
    """A choice of the second model, and four ways to look at both."""

    watches: Changes = frozenset(
        {"model", "codes", "point", "preview", "original", "selection"}
        | {"working", "is_training", "following", "opening"}
    ) | {ListLibrary, OpenModelB}

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        stored = settings()
        chosen = stored.value(SECOND, "")
        self._path: Path | None = Path(chosen) if chosen else None
        self._wish = stored.value(MODE, "")
        self._model = 0
        self._known: Comparison | None = None
        self._page: ComparePage | None = None
        self._swapping: tuple[ModelCard, State] | None = None
        self.setAcceptDrops(True)
        self.choice = ModelBChoice()
        self.tools.addWidget(self.choice, 1)
        self.point, self.image = PointPage(), ImagePage()
        self.several, self.summary = SeveralPage(), SummaryPage(controller)
        self.pages: tuple[ComparePage, ...] = (self.point, self.image, self.several, self.summary)
        self._add_body()
        self._connect()

    def _add_body(self) -> None:
        self.body.addStrut(WIDTH)
        self.modes = ModeRow([(page.title, page.tip) for page in self.pages])
        self.label = ClassBox()
        self.modes.add(self.label)
        self.body.addWidget(self.modes)
        self.note = muted(stretch=False)
        self.note.setWordWrap(True)
        self.message = QLabel(EMPTY)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.body.addWidget(self.note)
        self.body.addWidget(self.message, 1)
        for page in self.pages:
            self.body.addWidget(page, 1)
            page.hide()

    def _connect(self) -> None:
        self.choice.chosen.connect(self.choose)
        self.choice.swapped.connect(self._swap)
        self.modes.chosen.connect(self._on_mode)
        self.label.activated.connect(self._on_label)
        self.several.others.clicked.connect(self._on_others)
        self.several.strip.chosen.connect(self.controller.point.pick)
        self.several.strip.hovered.connect(self.controller.preview.row)
        Veil(self, self.controller)
        kinds = (LinkPoint, LinkImage, ShowColumns)
        for page, kind in zip((self.point, self.image, self.several), kinds, strict=True):
            Veil(page, self.controller, kind)
        self.summary.measured.connect(self._on_measure)

    # What is shown

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        self._end_swap(state)
        if state.model and state.model.number != self._model:
            self._model, self._known = state.model.number, None
        # While codes move, what was shown of the same model stays until there is something new.
        if comparison := state.answer(OpenModelB):
            self._known = comparison if comparison.path == self._path else None
        if changed & {ListLibrary, OpenModelB}:
            self._offer(state)
        self._show_known(state)

    def _offer(self, state: State) -> None:
        card = self._known.card if self._known else None
        self.choice.offer((state.answer(ListLibrary) or ()), self._path, card.name if card else "")

    def _show_known(self, state: State) -> None:
        known = self._known
        card = known.card if known else None
        a = state.model
        self.choice.clear.setEnabled(self._path is not None)
        busy = bool(state.opening) or (state.is_training and state.training.following)
        self.choice.swap.setEnabled(bool(card and a and a.source and not busy))
        if known is None or card is None or a is None:
            self._say(known)
            return
        reasons = [page.why_not(state, card) for page in self.pages]
        index = self._next(reasons)
        self._page = None if index is None else self.pages[index]
        self._turn_to(index)
        self.modes.show_modes(reasons, index)
        self.modes.setVisible(index is not None)
        why = " ".join(dict.fromkeys(filter(None, reasons)))
        self.note.setText(why)
        self.note.setVisible(bool(why) and index is not None)
        self._tell("muted", "" if index is not None else why)
        if self._page is not None:
            self._show_label(state, known, self._page)
            self._page.show_known(state, known)
            self.controller.demand.renew()

    def _say(self, known: Comparison | None) -> None:
        """Say why there is nothing to compare."""
        self._page = None
        self._turn_to(None)
        self.modes.hide()
        self.note.hide()
        if known:
            self._tell("problem", known.problem)
        else:
            self._tell("muted", f"Opening {self._path.name}…" if self._path else EMPTY)

    def _tell(self, manner: str, text: str) -> None:
        """Write in the middle of the panel, in place of all else."""
        if manner != self.message.objectName():
            self.message.setObjectName(manner)
            self.message.style().polish(self.message)
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _next(self, reasons: list[str]) -> int | None:
        """Return which page to show: the one wished for, else the first that can be had, if any."""
        able = [index for index, why in enumerate(reasons) if not why]
        wished = [index for index in able if self.pages[index].title == self._wish]
        return next(iter(wished or able), None)

    def _turn_to(self, index: int | None) -> None:
        for at, page in enumerate(self.pages):
            page.setVisible(at == index)

    def _show_label(self, state: State, known: Comparison, page: ComparePage) -> None:
        """Offer the classes of B where neither z nor the picture bears one."""
        needed = bool(state.model and known.card and needs_class(state.model, known.card))
        own = state.original is not None and state.original.row is None
        self.label.setVisible(needed and (page is self.point or (page is self.image and own)))
        self.label.offer(known.card.spec.class_names if known.card else ())

    def _label(self, state: State, known: Comparison) -> int | None:
        if state.model is None or known.card is None or not known.card.conditional:
            return None
        if needs_class(state.model, known.card):
            return max(0, self.label.currentIndex())
        shown = state.preview.point if state.preview else state.point
        return shown.label if shown else None

    # What is asked for

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if self._path and state.model:
            yield OpenModelB(self._path)
        known = state.answer(OpenModelB)
        if not known or known.path != self._path or not self._page:
            return
        if request := self._page.wanted(state, known, self._label(state, known)):
            yield request

    @Slot(object)
    def choose(self, path: Path | None) -> None:
        """Take another model as B, or none."""
        self._path, self._known = path, None
        for kind in (OpenModelB, LinkPoint, LinkImage, ShowColumns, Summarise):
            self.controller.demand.withdraw(kind)
        settings().setValue(SECOND, str(path) if path else "")
        if path is None:
            self.controller.ask(OpenModelB(None))
        self._offer(self.controller.state)
        self._show_known(self.controller.state)

    @Slot()
    def _swap(self) -> None:
        a = self.controller.state.model
        if a and a.source and self._path and self._known and self._known.card:
            self._swapping = (self._known.card, self.controller.state)
            self.controller.runs.open(self._path)

    def _end_swap(self, state: State) -> None:
        """Take the former A as B once B is open; not where opening it went wrong."""
        if self._swapping is None or state.opening:
            return
        (card, before), self._swapping = self._swapping, None
        if not (state.model and before.model and state.model.source == card.source):
            return
        self.choose(before.model.source)
        row = before.original.row if before.original else None
        if row is not None and images_of(before) == images_of(state):
            self.controller.point.pick(row)
        elif before.point and state.model.latent_dim == before.model.latent_dim:
            label = before.point.label
            if label is not None or not state.model.conditional:
                self.controller.point.set(state.model.point(before.point.z, label))

    @Slot(int)
    def _on_mode(self, index: int) -> None:
        self._wish = self.pages[index].title
        settings().setValue(MODE, self._wish)
        self._show_known(self.controller.state)

    @Slot()
    def _on_label(self) -> None:
        self._show_known(self.controller.state)

    @Slot()
    def _on_others(self) -> None:
        self.several.draw()
        self._show_known(self.controller.state)

    @Slot(object)
    def _on_measure(self, request: Summarise) -> None:
        self.controller.store.dismiss_failure()
        self.controller.ask(request)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if model_of(event):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Compare with what was dropped."""
        if path := model_of(event):
            event.acceptProposedAction()
            self.choose(path)


PANEL = Panel(
    key="compare",
    title="Compare",
    area=Area.CENTRE,
    order=11,
    shortcut="Alt+C",
    help="The open model, <b>A</b>, beside a second one, <b>B</b>. <b>Same z</b> decodes one point "
    "with both where their latent spaces have as many dimensions. <b>Image</b> encodes and "
    "rebuilds the image that z came from: who keeps more of it (distortion, "
    "<b>E[-log p(x|z)]</b>), and at what price (rate, <b>KL(q(z|x) ‖ p(z))</b>)? <b>Several</b> "
    "does so for some of the images selected on the map, else for some at random; click one to go "
    "there. <b>Summary</b> measures both on the same held-out images and says which difference is "
    "more than chance. The arrows swap the two.",
    widget=ComparePanel,
    behind="manifold",
)
