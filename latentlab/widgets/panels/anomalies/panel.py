"""The Anomalies panel: images of the data set ranked by ELBO score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget

from latentlab.latent.ranking import Score
from latentlab.session.abilities import SCORES
from latentlab.session.export import TABLES
from latentlab.session.scores.anomalies import (
    MAX_DRAWS,
    DecodeThumbnails,
    SaveScores,
    ScoreImages,
    compare_sets,
    preview_of,
)
from latentlab.session.scores.class_scores import SaveClassScores, class_rows
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.icons import IconButton, make_toggle_button
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.progress_bar import RequestProgressBar
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.anomalies.class_table import ClassTable
from latentlab.widgets.panels.anomalies.ranking import RankingView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

EMPTY = (
    "Find unusual images: score each image by its negative ELBO. The score is high where the "
    "reconstruction is poor or the code is unlikely under the prior."
)
READY = "Score each image on the map."
NO_IMAGES = (
    "There are no images on the map to score, because the data set of the model is not on this "
    "machine."
)
TRAINING_TEXT = "The model is in training. Score its images when the run has ended."
PER_CLASS = "Show the mean score of each class, with counts, instead of single images."
NO_CLASSES = "The images on the map have no classes."
SAVE_SCORES = "Save the scores of all images as CSV"
SAVE_CLASSES = "Save the mean scores of each class as CSV"
TIPS = {
    Score.ELBO: "An upper bound of −log p(x): reconstruction and KL together.",
    Score.ERROR: "Mean squared error between the image and its reconstruction; pixels are 0 to 1.",
    Score.RATE: "KL of the posterior from the prior: how unusual the code is.",
}


class AnomaliesPanel(PanelWidget):
    """Score of every image, ranked thumbnails, and a threshold over a histogram."""

    watches: Changes = frozenset(
        {"model", "codes", "working", "is_training", "following", "original", "selection"}
    ) | {ScoreImages, DecodeThumbnails}

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._rows: tuple[int, ...] = ()
        self._add_tools()
        self.work = RequestProgressBar(
            controller, ScoreImages, "Stop scoring. Earlier scores are kept."
        )
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.sets = muted(stretch=False)
        self.sets.setWordWrap(True)
        self.sets.setToolTip(
            "AUROC: the probability that an image of the second set scores higher than one of the "
            "first. 0.5: the score does not tell them apart. Metrics has the ROC curve of classes "
            "that were left out of the training."
        )
        self.ranked = RankingView(self._describe)
        self.body.addWidget(self.work)
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self.sets)
        self.body.addWidget(self.ranked, 1)
        self.classes = ClassTable()
        self.classes.setMinimumHeight(13 * UNIT)
        self.body.addWidget(self.classes, 1)
        self.per_class.toggled.connect(self._show_page)
        self.per_class.toggled.connect(self._show_classes)
        self.start.clicked.connect(self._start)
        self.export.clicked.connect(self._save)
        self.by.currentIndexChanged.connect(self._show_scores)
        self.ranked.wall.wanted.connect(self._fetch)
        self.ranked.wall.hovered.connect(self._on_hovered)
        self.ranked.wall.chosen.connect(controller.point.pick)
        make_undoable(
            controller.undo,
            score=self.by,
            draws_of_scores=self.draws,
            scores_per_class=self.per_class,
        )
        StaleOverlay(self.ranked, controller)

    def _add_tools(self) -> None:
        self.by = QComboBox()
        for i, score in enumerate(Score):
            self.by.addItem(score.value)
            self.by.setItemData(i, TIPS[score], Qt.ItemDataRole.ToolTipRole)
        self.by.setAccessibleName("Score")
        self.by.setToolTip("Rank images by the whole bound, or by one of its parts.")
        self.by.setMinimumWidth(9 * UNIT)
        self.draws = IntegerBox(1, MAX_DRAWS)
        self.draws.setValue(ScoreImages().samples)
        self.draws.setSuffix(" draws")
        self.draws.setAccessibleName("Draws")
        self.draws.setToolTip(
            "Points drawn from the posterior of each image. More draws make scores more precise "
            "and take longer; 50 is common."
        )
        self.draws.refused.connect(self._on_refused)
        self.start = QPushButton("Score")
        self.start.setToolTip(READY)
        self.per_class = make_toggle_button("select", "Per class", PER_CLASS)
        self.export = IconButton("export", SAVE_SCORES)
        for widget in (self.by, self.draws, self.start, self.per_class):
            self.tools.addWidget(widget)
        self.tools.addStretch(1)
        self.tools.addWidget(self.export)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        self.work.show_state(state)
        self._show_start(state)
        is_scored = state.answer(ScoreImages) is not None
        self._empty.setVisible(not is_scored)
        has_classes = state.codes is not None and state.codes.labels is not None
        self.per_class.setEnabled(has_classes)
        self.per_class.setToolTip(PER_CLASS if has_classes else NO_CLASSES)
        self._show_page()
        self.export.setEnabled(is_scored)
        grid = self.ranked.wall
        # First: a grid with the rows of another model would request their thumbnails.
        if ScoreImages in changed:
            self._show_scores()
        elif is_scored and "selection" in changed:
            self.ranked.show_selection(state.selection.rows if state.selection else None)
        if "codes" in changed and state.model:
            grid.set_shape(*state.model.spec.shape[1:])
        fetched = state.answer(DecodeThumbnails)
        if DecodeThumbnails in changed and fetched:
            grid.add(fetched)
        grid.set_marked(state.original.row if state.original else None)

    @property
    def _shows_classes(self) -> bool:
        return self.per_class.isChecked() and self.per_class.isEnabled()

    @Slot()
    def _show_page(self) -> None:
        """Show the ranked images, or the table of the classes."""
        is_scored = self.controller.state.answer(ScoreImages) is not None
        self.ranked.setVisible(is_scored and not self._shows_classes)
        self.classes.setVisible(is_scored and self._shows_classes)
        tip = SAVE_CLASSES if self._shows_classes else SAVE_SCORES
        self.export.setToolTip(tip)
        self.export.setAccessibleName(tip)

    def _show_start(self, state: State) -> None:
        """Enable Score, or show why scoring is not possible."""
        images = state.codes is not None and len(state.codes) > 0
        is_following = state.is_training and state.training.following
        reason = (
            TRAINING_TEXT if is_following else "" if images or state.model is None else NO_IMAGES
        )
        problem = self.draws.problem
        is_ready = images and not reason and not problem
        self.start.setEnabled(is_ready and ScoreImages not in state.working)
        self.start.setToolTip(reason or problem or READY)
        self._empty.setText(reason or EMPTY)

    @Slot()
    def _on_refused(self) -> None:
        self._show_start(self.controller.state)

    @property
    def score(self) -> Score:
        """Score that ranks the images."""
        return Score(self.by.currentText())

    @Slot()
    def _show_scores(self) -> None:
        scores, chosen = self.controller.state.answer(ScoreImages), self.controller.state.selection
        values = scores.by(self.score) if scores else np.empty(0)
        self.ranked.show_scores(self.score, values, chosen.rows if scores and chosen else None)
        self._show_classes()
        codes, model = self.controller.state.codes, self.controller.state.model
        text = ""
        if scores is not None and codes is not None and model is not None:
            text = compare_sets(scores, self.score, codes, model)
        self.sets.setText(text)
        self.sets.setVisible(bool(self.sets.text()))

    @Slot()
    def _show_classes(self) -> None:
        """Fill the table of the classes, if it is shown."""
        if not self._shows_classes:
            return
        state = self.controller.state
        scores, codes, model = state.answer(ScoreImages), state.codes, state.model
        rows = class_rows(scores, codes) if scores and codes else ()
        self.classes.show_rows(rows, model.spec.class_names if model else (), self.score)

    def _describe(self, row: int) -> str:
        state = self.controller.state
        scores = state.answer(ScoreImages)
        if scores is None or state.model is None or state.codes is None:
            return ""
        labels = state.codes.labels
        class_name = "" if labels is None else f" ({state.model.spec.class_names[labels[row]]})"
        values = ((score, float(scores.by(score)[row])) for score in Score)
        lines = [f"{score.value} {score.text(value)} {score.unit}" for score, value in values]
        return "\n".join([f"{state.model.data} {row}{class_name}", *lines])

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        """Preview an image, from its thumbnails if they are loaded."""
        pixels = self.ranked.wall.pixels_of(row)
        preview = preview_of(self.controller.state, row, *pixels) if pixels else None
        if preview:
            self.controller.preview.show(preview)
        else:
            self.controller.preview.row(row)

    @Slot()
    def _start(self) -> None:
        self.controller.store.dismiss_failure()
        self.controller.ask(ScoreImages(self.draws.value()))

    @Slot(object)
    def _fetch(self, rows: tuple[int, ...]) -> None:
        self._rows = rows
        self.controller.demand.renew()

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if self._rows and state.answer(ScoreImages) is not None:
            yield DecodeThumbnails(self._rows)

    @Slot()
    def _save(self) -> None:
        state = self.controller.state
        scores = state.answer(ScoreImages)
        if scores is None or state.codes is None or state.model is None:
            return
        stem = "scores-per-class" if self._shows_classes else "scores"
        if path := ask_save_path(self, stem, TABLES):
            names, codes = state.model.spec.class_names, state.codes
            if self._shows_classes:
                save = SaveClassScores(class_rows(scores, codes), path, names)
                self.controller.files.save(save)
            else:
                self.controller.files.save(SaveScores(scores, path, self.score, codes, names))


PANEL = Panel(
    key="anomalies",
    title="Anomalies",
    places={
        "analyse": Place(Area.BOTTOM, 0, 5),
    },
    help="How unusual each image is for the model. The score is the negative ELBO in nats, "
    "<b>E[−log p(x|z)] + KL(q(z|x) ‖ p(z))</b>, an upper bound of −log p(x); its "
    "expectation is a mean over draws of z from q(z|x). Reconstruction error and KL are "
    "its two parts. Images with high scores are often badly written, cropped or wrongly "
    "labelled; images with low scores are plain, since a 1 is easy to reconstruct. Move the "
    "threshold to count the images above it, hover to see the reconstruction, click to show "
    "an image on the map. The checkbox before <b>Reconstructions</b> ranks the selected "
    "images only. <b>Per class</b> shows the mean of each score per class, with its standard "
    "error.",
    scrolls=True,
    widget=AnomaliesPanel,
    needs=SCORES,
)
