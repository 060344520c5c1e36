"""The Replay panel: codes, reconstructions and samples after each epoch of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import QBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from latentlab.latent.planes import axes_plane
from latentlab.session import wants
from latentlab.session.abilities import STANDARD_PRIOR, why_not
from latentlab.session.export import ANIMATIONS, SaveHistoryFilm
from latentlab.session.files.film import FilmOptions
from latentlab.session.files.mosaic import square_columns, tile
from latentlab.session.files.provenance import recipe_of
from latentlab.session.points import Loop, Tiles
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.export.film_dialog import ask_film_options
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.replay.codes_plot import CodesPlot
from latentlab.widgets.panels.replay.pairs_view import PairsView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QEvent

    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

STACKED_ASPECT = 1.2
STEP_MS = 150
"""Milliseconds between two epochs during playback."""
EMPTY = "Train a model. This panel keeps its codes, reconstructions and samples of each epoch."


class ReplayPanel(PanelWidget):
    """Slider over the saved epochs, above the codes and images of one epoch."""

    watches = frozenset({"portrait", "moments", "moment", "view"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.play = IconButton("play", "Play the run from its first epoch to its last")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Epoch")
        self.slider.setToolTip("The epoch shown. At the right end it follows the run.")
        self.text = muted(stretch=False)
        self.export = IconButton("export", "Save the samples of all epochs as a film")
        for widget in (self.play, self.slider, self.text, self.export):
            self.tools.addWidget(widget)
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.codes = CodesPlot()
        self.codes.setToolTip("Codes of held-out images in this epoch, coloured by class.")
        self.codes.setAccessibleName("Codes in this epoch")
        self.pairs = PairsView()
        self.samples = ImageGrid("", gap=1)
        self.samples.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.samples.setAccessibleName("Samples in this epoch")
        self.samples.setToolTip("The same points of the prior, decoded in every epoch.")
        self._shown = self._body()
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self._shown, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._step)
        self.slider.valueChanged.connect(self._on_moved)
        self.play.clicked.connect(self._on_play)
        self.export.clicked.connect(self._save)
        self.samples.exporting.describe("samples", self._info)

    def _body(self) -> QWidget:
        inside = QWidget()
        self._main_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, inside)
        self._main_layout.setContentsMargins(0, 0, 0, 0)
        self._main_layout.setSpacing(UNIT)
        self._main_layout.addWidget(self.codes, 2)
        pictures = QVBoxLayout()
        pictures.setSpacing(UNIT // 2)
        for caption, view in (
            ("reconstructions", self.pairs),
            ("samples", self.samples),
        ):
            pictures.addWidget(muted(caption))
            pictures.addWidget(view, 1)
        self._main_layout.addLayout(pictures, 3)
        return inside

    @override
    def resizeEvent(self, event: QEvent) -> None:
        is_tall = self.height() > STACKED_ASPECT * self.width()
        direction = QBoxLayout.Direction
        self._main_layout.setDirection(direction.TopToBottom if is_tall else direction.LeftToRight)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        # The codes use the plane of the map, which may be hidden.
        return wants.view(state)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        portrait = state.portrait
        for widget in (self._shown, self.play, self.slider, self.text, self.export):
            widget.setVisible(portrait is not None)
        self._empty.setVisible(portrait is None)
        self._show_moment(state)
        if portrait is None or not changed & {"portrait", "view"}:
            return
        frame, size = state.view.frame, portrait.mu.shape[1]
        if frame.size != size:
            frame = axes_plane(0, min(1, size - 1), size)
        self.codes.show_prior(has_prior=not why_not(STANDARD_PRIOR, state.model))
        self.codes.set_codes(frame.place(portrait.mu), portrait.labels)
        self.pairs.set_pairs(portrait.originals, portrait.reconstructions)
        self.samples.set_tiles(Tiles((), portrait.samples, 8))

    def _show_moment(self, state: State) -> None:
        moments = state.log.moments
        row = int(np.searchsorted(moments, state.moment)) if state.moment is not None else None
        last = max(0, len(moments) - 1)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, last)
            self.slider.setValue(last if row is None else row)
        for widget in (self.slider, self.play, self.export):
            widget.setEnabled(len(moments) > 1)
        if state.portrait:
            latest = state.moment is None or state.moment == moments[-1]
            self.text.setText(f"epoch {state.portrait.epoch}{' · latest' if latest else ''}")

    @Slot(int)
    def _on_moved(self, row: int) -> None:
        moments = self.controller.state.log.moments
        if row < len(moments):
            at_end = row == len(moments) - 1
            self.controller.runs.show_moment(None if at_end else moments[row])

    @Slot()
    def _on_play(self) -> None:
        if self._timer.isActive():
            self._stop()
            return
        if self.slider.value() == self.slider.maximum():
            self.slider.setValue(0)
        self._timer.start()
        self.play.set_icon("pause")

    @Slot()
    def _step(self) -> None:
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() == self.slider.maximum():
            self._stop()

    def _info(self) -> dict[str, Any]:
        portrait = self.controller.state.portrait
        return {"epoch": portrait.epoch} if portrait else {}

    @Slot()
    def _save(self) -> None:
        """Save the samples of all epochs as a film."""
        folder, portrait = self.controller.runs.shown_folder, self.controller.state.portrait
        if folder is None or portrait is None:
            return
        if path := ask_save_path(self, "training", ANIMATIONS):
            sheet = tile(portrait.samples, square_columns(len(portrait.samples)), 1)
            options = ask_film_options(self, sheet.shape[:2], FilmOptions(2, 8, Loop.ONCE))
            if options:
                info = recipe_of(self.controller.state, {"picture": "training"})
                self.controller.files.save(SaveHistoryFilm(folder, path, info, options))

    def _stop(self) -> None:
        self._timer.stop()
        self.play.set_icon("play")


PANEL = Panel(
    key="replay",
    title="Replay",
    places={
        "compare": Place(Area.BOTTOM, 1, 4),
    },
    help="The model after each epoch: the codes of held-out images by class, the same images "
    "with their reconstructions, <b>x → mu → x̂</b>, and the same points of the prior "
    "decoded. During a run the panel shows the latest epoch; drag the slider to go back, or "
    "play the whole run. Reconstructions become sharp before samples do, because samples "
    "need codes that cover the prior.",
    scrolls=True,
    widget=ReplayPanel,
)
