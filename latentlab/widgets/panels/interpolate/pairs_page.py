"""Page of the Interpolate panel: a sheet of interpolations between pairs of images."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from latentlab.latent.pairs import PairKind
from latentlab.session.export import PICTURES
from latentlab.session.files.script import decoding_script
from latentlab.session.pairs import MakePairs, PairSettings
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.labelled_rows import LabelledRows
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.kit.veil import StaleOverlay

if TYPE_CHECKING:
    from latentlab.session.pairs import PairSheet
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

KIND_TIPS = {
    PairKind.SAME: "Both images of a pair are of one class.",
    PairKind.DIFFERENT: "The images of a pair are of two classes.",
    PairKind.ANY: "The images of a pair may be of any class.",
}


class PairsPage(QWidget):
    """Rows of images: each a straight path between two images, which are drawn at random.

    Its ``tools`` and its ``export`` are for the tools of the panel.
    """

    changed = Signal()
    """Another sheet is wanted."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        start = PairSettings()
        self.kind = QComboBox()
        for i, kind in enumerate(PairKind):
            self.kind.addItem(kind.value)
            self.kind.setItemData(i, KIND_TIPS[kind], Qt.ItemDataRole.ToolTipRole)
        self.kind.setCurrentText(start.kind)
        self.kind.setAccessibleName("Kind of pairs")
        self.kind.setToolTip("Which images form a pair.")
        self.count = _box(1, 50, start.count, " pairs", "Number of pairs, one in each row.")
        self.steps = _box(2, 31, start.steps, " images", "Images of each row, including both ends.")
        self.seed = _box(0, 9999, start.seed, "", "The same seed gives the same pairs.")
        self.seed.setPrefix("seed ")
        self.export = IconButton("export", "Save the sheet of pairs")
        self.tools = (self.kind, self.count, self.steps, self.seed)
        self.sheet = LabelledRows("Interpolations between pairs of images appear here.")
        self.view = self.sheet.view
        self.view.setAccessibleName("Interpolations between pairs of images")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.sheet, 1)
        self._connect()

    def _connect(self) -> None:
        controller = self._controller
        self.kind.currentIndexChanged.connect(self.changed)
        for box in (self.count, self.steps, self.seed):
            box.valueChanged.connect(self.changed)
        make_undoable(
            controller.undo,
            kind_of_pairs=self.kind,
            number_of_pairs=self.count,
            images_of_pairs=self.steps,
            seed_of_pairs=self.seed,
        )
        self.view.hovered.connect(self._on_hovered)
        self.view.chosen.connect(self._on_chosen)
        self.view.exporting.describe("pairs", self._info, self._content, self._script)
        self.view.exporting.serve(self.export)
        StaleOverlay(self.sheet, controller, MakePairs)

    @property
    def settings(self) -> PairSettings:
        """What the sheet is wanted with."""
        kind = PairKind(self.kind.currentText()) if self.kind.isEnabled() else PairKind.ANY
        return PairSettings(kind, self.count.value(), self.steps.value(), self.seed.value())

    @property
    def _made(self) -> PairSheet | None:
        return self._controller.state.answer(MakePairs)

    def show_state(self, state: State) -> None:
        """Show the latest sheet; without classes any images form a pair."""
        self.kind.setEnabled(state.codes is not None and state.codes.labels is not None)
        made = state.answer(MakePairs)
        rows = [(a, f"→ {b}") for a, b in made.names] if made else []
        self.sheet.set_rows(made.tiles if made else None, rows)

    @Slot(int)
    def _on_hovered(self, index: int) -> None:
        self._controller.preview.tile(self._made.tiles if self._made else None, index)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        if made := self._made:
            self._controller.point.set(made.tiles.points[index])

    def _content(self) -> Content | None:
        made = self._made
        return Content(made.tiles, gap=1, formats=PICTURES) if made else None

    def _info(self) -> dict[str, Any]:
        made = self._made
        return {**asdict(made.settings), "classes": made.names} if made else {}

    def _script(self, state: State) -> str:
        made = self._made
        return decoding_script(state.model, made.tiles, "pairs", 1) if made and state.model else ""


def _box(low: int, high: int, value: int, suffix: str, tip: str) -> IntegerBox:
    box = IntegerBox(low, high)
    box.setValue(value)
    box.setSuffix(suffix)
    box.setKeyboardTracking(False)
    box.setToolTip(tip)
    return box
