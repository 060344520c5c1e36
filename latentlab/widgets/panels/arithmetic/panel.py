"""The Arithmetic panel: (with − without)·t + base of the codes in three image slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from latentlab.session.abilities import DECODER
from latentlab.session.interpolation import MakeBlend
from latentlab.session.points import Tiles
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.export.exporting import Exporting
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.undoable import make_undoable
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.arithmetic.image_slot import EditableSlot, ImageSlot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from PySide6.QtCore import QPoint

    from latentlab.session.points import Point
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

STEPS_PER_UNIT = 10
RESULT_INDEX = 3
SLOT_NAMES = ("with", "without", "base")
"""Roles of the slots, in the order of `MakeBlend`."""


class ArithmeticPanel(PanelWidget):
    """Three slots, the strength t of the difference, and the decoded result."""

    watches = frozenset({"model", "codes", "point", MakeBlend})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.strength = QSlider(Qt.Orientation.Horizontal)
        self.strength.setRange(-2 * STEPS_PER_UNIT, 3 * STEPS_PER_UNIT)
        self.strength.setValue(STEPS_PER_UNIT)
        self.strength.setPageStep(STEPS_PER_UNIT // 2)
        self.strength.setAccessibleName("Strength")
        self.strength.setToolTip(
            "Factor t of the difference (with − without) that is added to the base: 1 adds all "
            "of it, 0 leaves the base unchanged, and negative values subtract it."
        )
        self._value = muted(stretch=False)
        self._reset = IconButton("reset", "Reset the strength to 1")
        export = IconButton("export", "Save the four images")
        for widget in (muted("strength t", stretch=False), self.strength, self._value, self._reset):
            self.tools.addWidget(widget)
        self.tools.addWidget(export)
        self.slots = [EditableSlot(index, name) for index, name in enumerate(SLOT_NAMES)]
        self.result = ImageSlot(
            RESULT_INDEX,
            "Result",
            "(with − without)·t + base, decoded. Click to make it the current z.",
        )
        self._set_layout()
        for slot in self.slots:
            slot.put.connect(self._put)
            slot.mean.connect(self._put_mean)
            slot.view.dropped.connect(self._put_file)
        for view in self._views():
            view.clicked.connect(self._on_clicked)
            view.pointed.connect(self._preview)
        self.strength.valueChanged.connect(self._on_strength)
        self._reset.clicked.connect(self._on_reset)
        self.exporting = Exporting(self, self._content)
        self.exporting.describe("arithmetic", self._info)
        self.exporting.serve(export)
        self._on_strength()
        make_undoable(controller.undo, strength_of_Arithmetic=self.strength)

    def _set_layout(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(UNIT // 2)
        result = QWidget()
        column = QVBoxLayout(result)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        title = muted("result")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.caption = muted()
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(title)
        column.addSpacing(self.slots[0].means.sizeHint().height() + UNIT // 2)
        column.addWidget(self.result, 1)
        column.addWidget(self.caption)
        for widget, sign in zip((*self.slots, result), ("−", "+", "=", ""), strict=True):
            row.addWidget(widget, 1)
            if sign:
                row.addWidget(QLabel(sign))
        self.body.addLayout(row, 1)
        StaleOverlay(self, self.controller, MakeBlend)

    @override
    def drop_targets(self, paths: Sequence[Path]) -> Iterable[tuple[QWidget, str]]:
        return [(slot.view, "Encode into this slot") for slot in self.slots]

    def _views(self) -> list[ImageSlot]:
        return [*(slot.view for slot in self.slots), self.result]

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if state.model is None or state.codes is None or state.point is None:
            return
        names = state.model.spec.class_names if len(state.codes) else ()
        for slot in self.slots:
            slot.offer(names)
        if MakeBlend in changed:
            self._show_blend(state)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        return self.controller.arithmetic.wants(state)

    def point_shown_at(self, place: QPoint) -> Point | None:
        """Return the point of the slot at a position; None if there is none."""
        slot, blend = self.childAt(place), self.controller.state.answer(MakeBlend)
        return blend.points[slot.index] if isinstance(slot, ImageSlot) and blend else None

    def _show_blend(self, state: State) -> None:
        blend = state.answer(MakeBlend)
        for index, view in enumerate(self._views()):
            view.set_pixels(blend.pictures[index] if blend else None)
        captions = [*(slot.caption for slot in self.slots), self.caption]
        for index, caption in enumerate(captions):
            label = blend.points[index].label if blend else None
            caption.setText(state.model.spec.label_text(label) if state.model else "")
            caption.setVisible(bool(caption.text()))

    @Slot(int)
    def _put(self, index: int) -> None:
        if point := self.controller.state.point:
            self.controller.arithmetic.fill(index, point)

    @Slot(int, object)
    def _put_file(self, index: int, path: Path) -> None:
        self.controller.arithmetic.fill(index, path)

    @Slot(int, int)
    def _put_mean(self, index: int, label: int) -> None:
        state = self.controller.state
        if state.codes is not None and state.model:
            self.controller.arithmetic.fill(index, state.model.mean_of(state.codes, label))

    @Slot()
    def _on_strength(self) -> None:
        value = self.strength.value() / STEPS_PER_UNIT
        self._value.setText(f"{value:+.1f}")
        self._reset.setEnabled(value != 1)
        self.controller.arithmetic.set_strength(value)

    @Slot()
    def _on_reset(self) -> None:
        self.strength.setValue(STEPS_PER_UNIT)

    @Slot(int)
    def _on_clicked(self, index: int) -> None:
        if blend := self.controller.state.answer(MakeBlend):
            self.controller.point.set(blend.points[index])

    @Slot(int, bool)
    def _preview(self, index: int, inside: bool) -> None:
        blend = self.controller.state.answer(MakeBlend)
        tiles = Tiles(blend.points, blend.pictures, 4) if inside and blend else None
        self.controller.preview.tile(tiles, index)

    def _content(self) -> Content | None:
        blend = self.controller.state.answer(MakeBlend)
        return Content(Tiles(blend.points, blend.pictures, 4), gap=1) if blend else None

    def _info(self) -> dict[str, Any]:
        blend = self.controller.state.answer(MakeBlend)
        points = zip(("a", "b", "c", "z"), blend.points, strict=True) if blend else ()
        strength = self.strength.value() / STEPS_PER_UNIT
        return {**{name: point.z for name, point in points}, "strength": strength}


PANEL = Panel(
    key="arithmetic",
    title="Arithmetic",
    places={
        "edit": Place(Area.BOTTOM),
    },
    help="Adds a difference between two codes to a third one: <b>z = (with − without)·t + "
    "base</b>. For glasses, take a face with glasses, one without, and a base without: the "
    "result is the base with glasses. Set each slot to the current z or to the mean of a "
    "class, or drop an image on it. Means of classes work better than single images, whose "
    "other differences are added too. Click any image to make it the current z. The gauge "
    "in the Image panel shows whether the result is still supported by the data.",
    scrolls=True,
    widget=ArithmeticPanel,
    needs=DECODER,
)
