"""The Samples panel: new images drawn from the prior."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from latentlab.session import wants
from latentlab.session.abilities import DECODER
from latentlab.session.files.script import sampling_script
from latentlab.session.model import FetchCodebook, FetchPseudoInputs, MakeSamples
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_choice_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.data.condition import Label
    from latentlab.session.points import CodebookTiles, ModelCard, Tiles
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller


LABEL_OF_Z = "as z"
MAX_SAMPLES = 400
"""Maximum number of samples in the panel; File > Save generated data set writes more."""
SAMPLES, PSEUDO_INPUTS, CODEBOOK = "samples", "pseudo-inputs", "codebook"
ANSWERS = frozenset({MakeSamples, FetchPseudoInputs, FetchCodebook})


class SamplesPanel(PanelWidget):
    """Grid of samples drawn with a seed, of the pseudo-inputs of the prior, or of the codebook."""

    watches = ANSWERS | {"model", "sampling"}

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.shown = QComboBox()
        self.shown.addItem(SAMPLES)
        self.shown.hide()
        self.shown.setAccessibleName("Images of the panel")
        self.shown.setToolTip(
            "Samples of the prior; the learned images whose posteriors are the VampPrior; or the "
            "codes of a quantized model, those in most use first, each with its use as a bar."
        )
        self.label = QComboBox()
        self.label.hide()
        self.label.setToolTip(
            "Class of the samples. A conditional model decodes every point as this class, or, with "
            "several conditions, as each combination of classes or as z."
        )
        self.new = QPushButton("New samples")
        self.new.setMinimumWidth(6 * UNIT)
        self.new.setToolTip("Draw other points from the prior and decode them.")
        self.seed = IntegerBox(0, 9999)
        self.seed.setPrefix("seed ")
        self.seed.setKeyboardTracking(False)
        self.seed.setToolTip("The same seed gives the same samples, on any machine.")
        self.count = IntegerBox(1, MAX_SAMPLES)
        self.count.setSuffix(" images")
        self.count.setKeyboardTracking(False)
        self.count.setToolTip("Number of points that are drawn from the prior.")
        export = IconButton("export", "Save the samples")
        for widget in (self.shown, self.new, self.label, self.count, self.seed):
            self.tools.addWidget(widget)
        self.tools.addStretch(1)
        self.tools.addWidget(export)
        self.view = ImageGrid("Samples appear here when a model is open.", gap=1)
        self.view.setAccessibleName("Samples")
        self.body.addWidget(self.view, 1)
        self.shown.currentIndexChanged.connect(self._on_shown)
        self.shown.currentIndexChanged.connect(
            make_choice_undoable(
                controller.undo,
                "images of samples",
                self.shown.currentText,
                self.shown.setCurrentText,
            )
        )
        self.label.currentIndexChanged.connect(self._on_settings)
        # The label of z may have changed since it was last chosen.
        self.label.activated.connect(self._on_settings)
        self.seed.valueChanged.connect(self._on_settings)
        self.count.valueChanged.connect(self._on_settings)
        self.new.clicked.connect(controller.decoding.draw_samples)
        self.view.hovered.connect(self._on_hovered)
        self.view.chosen.connect(self._on_chosen)
        self._name_content()
        self.view.exporting.serve(export)
        StaleOverlay(self.view, controller, *ANSWERS)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if self.shown.currentText() not in _offered(state.model):
            return []
        learned = {PSEUDO_INPUTS: FetchPseudoInputs, CODEBOOK: FetchCodebook}
        request = learned.get(self.shown.currentText())
        return [request()] if request else wants.samples(state)

    def _tiles(self) -> Tiles | None:
        state = self.controller.state
        if codebook := self._codebook():
            return codebook.tiles
        shown = self.shown.currentText()
        if shown == CODEBOOK:
            return None
        return state.answer(FetchPseudoInputs if shown == PSEUDO_INPUTS else MakeSamples)

    def _codebook(self) -> CodebookTiles | None:
        is_shown = self.shown.currentText() == CODEBOOK
        return self.controller.state.answer(FetchCodebook) if is_shown else None

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        for widget in (self.label, self.count, self.seed):
            widget.blockSignals(True)
        if "model" in changed:
            self.label.clear()
            self.label.addItems(["all", *_labels(state.model)])
            self._offer(_offered(state.model))
            self._show_tools(state)
        label = state.sampling.label
        chosen = 0 if isinstance(label, tuple) else label  # the label of z is the only choice
        self.label.setCurrentIndex(0 if chosen is None else chosen + 1)
        self.seed.show_value(state.sampling.seed)
        self.count.show_value(state.sampling.count)
        for widget in (self.label, self.count, self.seed):
            widget.blockSignals(False)
        if changed & ANSWERS:
            self._show_tiles()

    def _show_tiles(self) -> None:
        codebook = self._codebook()
        self.view.set_tiles(self._tiles())
        self.view.set_bars(codebook.shares if codebook else ())

    def _offer(self, offered: list[str]) -> None:
        self.shown.setVisible(len(offered) > 1)
        before = self.shown.currentText()
        with QSignalBlocker(self.shown):
            self.shown.clear()
            self.shown.addItems(offered)
            self.shown.setCurrentText(before)
        if self.shown.currentText() != before:
            self._on_shown()

    def _show_tools(self, state: State) -> None:
        """Show the settings of samples, which learned images do not have."""
        is_drawn = self.shown.currentText() == SAMPLES
        self.new.setVisible(is_drawn)
        self.seed.setVisible(is_drawn)
        self.count.setVisible(is_drawn)
        self.label.setVisible(is_drawn and bool(state.model and state.model.conditional))

    def _name_content(self) -> None:
        shown = self.shown.currentText()
        if shown == SAMPLES:
            self.view.exporting.describe(SAMPLES, self._info, script=self._script)
        elif shown == CODEBOOK:
            self.view.exporting.describe(CODEBOOK, self._shares)
        else:
            self.view.exporting.describe(shown)

    @Slot()
    def _on_shown(self) -> None:
        self._name_content()
        self._show_tools(self.controller.state)
        self._show_tiles()
        self.controller.demand.renew()

    @Slot()
    def _on_settings(self) -> None:
        state, index = self.controller.state, self.label.currentIndex()
        label: Label | None = index - 1 if index > 0 else None
        if label is not None and state.model and state.model.spec.conditions:
            label = state.point.label if state.point else None
        seed, count = self.seed.value(), self.count.value()
        self.controller.decoding.set_sampling(
            replace(state.sampling, label=label, seed=seed, count=count)
        )

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        self.controller.preview.tile(self._tiles(), row)

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        tiles = self._tiles()
        if tiles:
            self.controller.point.set(tiles.points[row])

    def _script(self, state: State) -> str:
        assert state.model
        return sampling_script(state.model, state.sampling, self.view.columns)

    def _info(self) -> dict[str, Any]:
        sampling = self.controller.state.sampling
        return {"seed": sampling.seed, "class": sampling.label}

    def _shares(self) -> dict[str, Any]:
        codebook = self._codebook()
        return {"shares": [round(share, 6) for share in codebook.shares] if codebook else []}


def _offered(model: ModelCard | None) -> list[str]:
    """Return what the panel can show of a model."""
    learned = {} if model is None else {PSEUDO_INPUTS: model.pseudo_inputs, CODEBOOK: model.codes}
    return [SAMPLES, *(name for name, count in learned.items() if count)]


def _labels(model: ModelCard | None) -> tuple[str, ...]:
    """Return the choices beside all: each class, or, with several conditions, the label of z."""
    if model is None:
        return ()
    return (LABEL_OF_Z,) if model.spec.conditions else model.spec.class_names


PANEL = Panel(
    key="samples",
    title="Samples",
    places={
        "explore": Place(Area.BOTTOM, 1, 4),
        "train": Place(Area.BOTTOM, 1, 4),
    },
    help="Images that the model generates: points z are drawn from the prior of the model and "
    "decoded, <b>z ~ p(z), x ~ p(x|z)</b>. Samples look good where the codes of real images "
    "cover the prior. In holes, where the prior expects codes and there are none, samples "
    "look wrong. Click a sample to make its point the current z. A model with a VampPrior also "
    "shows its <i>pseudo-inputs</i>, learned images whose codes are the prior: "
    "<b>p(z) = 1/K Σ<sub>k</sub> q(z|u<sub>k</sub>)</b>. A quantized model also shows its "
    "<i>codebook</i>: the middle of the image that has one code everywhere, and as a bar the share "
    "of positions of images that the code stands for.",
    widget=SamplesPanel,
    needs=DECODER,
)
