"""The Compare panel: the open model A beside a second model B."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QWidget

from latentlab.session.abilities import ENCODER_DECODER
from latentlab.session.comparison import (
    CompareImage,
    CompareImages,
    CompareMaps,
    CompareMetrics,
    ComparePoint,
    CompareSummary,
    Comparison,
    OpenModelB,
    image_set_key,
    needs_class,
)
from latentlab.session.library.entries import ListLibrary
from latentlab.widgets.kit.clipboard import accept_copy, local_files
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.compare.maps_page import MapsPage
from latentlab.widgets.panels.compare.metrics_page import MetricsPage
from latentlab.widgets.panels.compare.mode_row import ModeRow
from latentlab.widgets.panels.compare.model_choice import ClassBox, ModelBChoice, dropped_model
from latentlab.widgets.panels.compare.pages import (
    ComparePage,
    ImagePage,
    PointPage,
    SeveralPage,
    SummaryPage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from latentlab.data.condition import Label
    from latentlab.session.points import ModelCard
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

MODEL_B_KEY, MODE = "compare/second", "compare/mode"
COMPARED = (
    *(ComparePoint, CompareImage, CompareImages, CompareSummary, CompareMaps, CompareMetrics),
)
MIN_WIDTH = 38 * UNIT
"""Minimum width in pixels: the summary table needs it to show its numbers in full."""
EMPTY = (
    "Choose a second model above, or drop a run here. Both models then decode the same z, "
    "reconstruct the same images and are measured on them."
)


class ComparePanel(PanelWidget):
    """Choice of the second model, and six pages that show both models."""

    watches: Changes = frozenset(
        {"model", "codes", "point", "preview", "original", "selection", "view"}
        | {"working", "is_training", "following", "opening"}
    ) | {ListLibrary, OpenModelB}

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        stored = settings()
        chosen = stored.value(MODEL_B_KEY, "")
        self._path: Path | None = Path(chosen) if chosen else None
        self._preferred = stored.value(MODE, "")
        self._model = 0
        self._comparison: Comparison | None = None
        self._page: ComparePage | None = None
        self._swapping: tuple[ModelCard, State] | None = None
        self.setAcceptDrops(True)
        self.choice = ModelBChoice()
        self.tools.addWidget(self.choice, 1)
        self.point, self.image = PointPage(), ImagePage()
        self.several, self.summary = SeveralPage(), SummaryPage(controller)
        self.maps, self.metrics = MapsPage(), MetricsPage(controller)
        self.pages: tuple[ComparePage, ...] = (
            self.point,
            self.image,
            self.several,
            self.summary,
            self.maps,
            self.metrics,
        )
        self._add_body()
        self._connect()

    def _add_body(self) -> None:
        self.body.addStrut(MIN_WIDTH)
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
        self.maps.chosen.connect(self.controller.point.pick)
        self.maps.hovered.connect(self.controller.preview.row)
        undo = self.controller.undo
        self._record_b = make_choice_undoable(
            undo, "model B", lambda: self._path, self._show_model_b
        )
        self._record_mode = make_choice_undoable(
            undo, "page of the comparison", lambda: self._preferred, self._show_mode
        )
        StaleOverlay(self, self.controller)
        kinds = (ComparePoint, CompareImage, CompareImages, CompareMaps)
        pages = (self.point, self.image, self.several, self.maps)
        for page, kind in zip(pages, kinds, strict=True):
            StaleOverlay(page, self.controller, kind)
        self.summary.measured.connect(self._on_measure)
        self.metrics.measured.connect(self._on_measure)

    # Content

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        self._end_swap(state)
        if state.model and state.model.number != self._model:
            self._model, self._comparison = state.model.number, None
        # While the codes change, the last comparison of the same model stays until a new one.
        if comparison := state.answer(OpenModelB):
            self._comparison = comparison if comparison.path == self._path else None
        if changed & {ListLibrary, OpenModelB}:
            self._list_models(state)
        self._show_comparison(state)

    def _list_models(self, state: State) -> None:
        card = self._comparison.card if self._comparison else None
        self.choice.offer((state.answer(ListLibrary) or ()), self._path, card.name if card else "")

    def _show_comparison(self, state: State) -> None:
        known = self._comparison
        card = known.card if known else None
        a = state.model
        self.choice.clear.setEnabled(self._path is not None)
        busy = bool(state.opening) or (state.is_training and state.training.following)
        self.choice.swap.setEnabled(bool(card and a and a.source and not busy))
        if known is None or card is None or a is None:
            self._show_reason(known)
            return
        reasons = [page.why_not(state, card) for page in self.pages]
        index = self._page_index(reasons)
        self._page = None if index is None else self.pages[index]
        self._show_page(index)
        self.modes.show_modes(reasons, index)
        self.modes.setVisible(index is not None)
        text = " ".join(dict.fromkeys(filter(None, reasons)))
        self.note.setText(text)
        self.note.setVisible(bool(text) and index is not None)
        self._show_message("muted", "" if index is not None else text)
        if self._page is not None:
            self._show_label(state, known, self._page)
            self._page.show_known(state, known)
            self.controller.demand.renew()

    def _show_reason(self, known: Comparison | None) -> None:
        """Show why there is nothing to compare."""
        self._page = None
        self._show_page(None)
        self.modes.hide()
        self.note.hide()
        if known:
            self._show_message("problem", known.problem)
        else:
            self._show_message("muted", f"Opening {self._path.name}…" if self._path else EMPTY)

    def _show_message(self, style: str, text: str) -> None:
        """Show a message in place of the pages; `style` is its object name in the style sheet."""
        if style != self.message.objectName():
            self.message.setObjectName(style)
            self.message.style().polish(self.message)
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _page_index(self, reasons: list[str]) -> int | None:
        """Return the index of the preferred page, else of the first available one, or None."""
        available = [index for index, reason in enumerate(reasons) if not reason]
        preferred = [index for index in available if self.pages[index].title == self._preferred]
        return next(iter(preferred or available), None)

    def _show_page(self, index: int | None) -> None:
        for i, page in enumerate(self.pages):
            page.setVisible(i == index)

    def _show_label(self, state: State, known: Comparison, page: ComparePage) -> None:
        """Show the classes of B where neither z nor the image has a label."""
        needed = bool(state.model and known.card and needs_class(state.model, known.card))
        is_own = state.original is not None and state.original.row is None
        self.label.setVisible(needed and (page is self.point or (page is self.image and is_own)))
        self.label.offer(known.card.spec.class_names if known.card else ())

    def _label(self, state: State, known: Comparison) -> Label | None:
        if state.model is None or known.card is None or not known.card.conditional:
            return None
        if needs_class(state.model, known.card):
            return max(0, self.label.currentIndex())
        shown = state.preview.point if state.preview else state.point
        return shown.label if shown else None

    # Requests

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
        """Compare with another model B, or with none."""
        self._show_model_b(path)
        self._record_b()

    def _show_model_b(self, path: Path | None) -> None:
        self._path, self._comparison = path, None
        for kind in (OpenModelB, *COMPARED):
            self.controller.demand.withdraw(kind)
        settings().setValue(MODEL_B_KEY, str(path) if path else "")
        if path is None:
            self.controller.ask(OpenModelB(None))
        self._list_models(self.controller.state)
        self._show_comparison(self.controller.state)

    @Slot()
    def _swap(self) -> None:
        a = self.controller.state.model
        if a and a.source and self._path and self._comparison and self._comparison.card:
            self._swapping = (self._comparison.card, self.controller.state)
            self.controller.runs.open(self._path)

    def _end_swap(self, state: State) -> None:
        """Compare with the former A once B is open; not if opening B failed."""
        if self._swapping is None or state.opening:
            return
        (card, before), self._swapping = self._swapping, None
        if not (state.model and before.model and state.model.source == card.source):
            return
        self.choose(before.model.source)
        row = before.original.row if before.original else None
        if row is not None and image_set_key(before) == image_set_key(state):
            self.controller.point.pick(row)
        elif before.point and state.model.latent_dim == before.model.latent_dim:
            label = before.point.label
            if label is not None or not state.model.conditional:
                self.controller.point.set(state.model.point(before.point.z, label))

    @Slot(int)
    def _on_mode(self, index: int) -> None:
        self._show_mode(self.pages[index].title)
        self._record_mode()

    def _show_mode(self, title: str) -> None:
        self._preferred = title
        settings().setValue(MODE, self._preferred)
        self._show_comparison(self.controller.state)

    @Slot()
    def _on_label(self) -> None:
        self._show_comparison(self.controller.state)

    @Slot()
    def _on_others(self) -> None:
        self.several.draw()
        self._show_comparison(self.controller.state)

    @Slot(object)
    def _on_measure(self, request: CompareSummary | CompareMetrics) -> None:
        self.controller.store.dismiss_failure()
        self.controller.ask(request)

    @override
    def drop_targets(self, paths: Sequence[Path]) -> Iterable[tuple[QWidget, str]]:
        return [(self, "Compare as model B")] if dropped_model(paths) else []

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_model(local_files(event.mimeData())):
            accept_copy(event)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if path := dropped_model(local_files(event.mimeData())):
            accept_copy(event)
            self.choose(path)


PANEL = Panel(
    key="compare",
    title="Compare",
    places={
        "compare": Place(Area.CENTRE),
    },
    help="Compares the open model, <b>A</b>, with a second one, <b>B</b>. <b>Same z</b> decodes "
    "one point with both, if their latent spaces have the same number of dimensions. "
    "<b>Image</b> encodes and reconstructs the image at z: its reconstruction "
    "loss, <b>E[−log p(x|z)]</b>, says how much is lost, and its KL, <b>KL(q(z|x) ‖ p(z))</b>, how "
    "much the code says. <b>Images</b> does so for images that are selected on the map, "
    "otherwise for random ones; click one to set z to its code. <b>Summary</b> measures "
    "both on the same held-out images and marks the differences that exceed their standard "
    "error. <b>Maps</b> shows where both models place the same images. <b>Metrics</b> lists the "
    "metrics that both have, such as the marginal KL. The arrows swap the models.",
    scrolls=True,
    widget=ComparePanel,
    needs=ENCODER_DECODER,
)
