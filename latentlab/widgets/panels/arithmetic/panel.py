"""The Arithmetic panel: A - B + C with pictures in the slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from latentlab.session.export import PICTURES
from latentlab.session.interpolation import MakeBlend
from latentlab.session.points import Picture, Point, Tiles
from latentlab.widgets.kit.dialogs import ask_where
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.veil import Veil
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.panels.arithmetic.image_slot import FilledSlot, PictureSlot

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

TENTHS = 10
RESULT = 3


class ArithmeticPanel(PanelWidget):
    """Three slots, how much of the difference to add, and what comes of it."""

    watches = frozenset({"model", "codes", "point", "blend"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._points: tuple[Point, ...] = ()
        self.strength = QSlider(Qt.Orientation.Horizontal)
        self.strength.setRange(-2 * TENTHS, 3 * TENTHS)
        self.strength.setValue(TENTHS)
        self.strength.setPageStep(TENTHS // 2)
        self.strength.setAccessibleName("Strength")
        self.strength.setToolTip(
            "How much of the difference A − B is added to C: 1 is all of it, 0 leaves C as it is, "
            "and below 0 takes it away."
        )
        self._told = muted(stretch=False)
        self._reset = IconButton("reset", "Back to 1")
        export = IconButton("export", "Save the four pictures as PNG")
        for widget in (muted("strength t", stretch=False), self.strength, self._told, self._reset):
            self.tools.addWidget(widget)
        self.tools.addWidget(export)
        self.slots = [FilledSlot(index, name) for index, name in enumerate("ABC")]
        self.result = PictureSlot(
            RESULT, "Result", "(A − B)·t + C, decoded. Click to make it the current z."
        )
        self._lay_out()
        for slot in self.slots:
            slot.put.connect(self._put)
            slot.mean.connect(self._put_mean)
            slot.view.dropped.connect(self._put_file)
        for view in self._views():
            view.clicked.connect(self._go)
            view.pointed.connect(self._preview)
        self.strength.valueChanged.connect(self._on_strength)
        self._reset.clicked.connect(self._on_reset)
        export.clicked.connect(self._save)
        self._on_strength()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(UNIT // 2)
        last = QWidget()
        column = QVBoxLayout(last)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        title = muted("(A − B)·t + C")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.caption = muted()
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title.setFixedHeight(self.slots[0].means.sizeHint().height())
        column.addWidget(title)
        column.addWidget(self.result, 1)
        column.addWidget(self.caption)
        for widget, sign in zip((*self.slots, last), ("−", "+", "=", ""), strict=True):
            row.addWidget(widget, 1)
            if sign:
                row.addWidget(QLabel(sign))
        self.body.addLayout(row, 1)
        Veil(self, self.controller, MakeBlend)

    def _views(self) -> list[PictureSlot]:
        return [*(slot.view for slot in self.slots), self.result]

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Show the pictures, and begin with the means of three classes where nothing was put."""
        if state.model is None or state.codes is None or state.point is None:
            return
        names = state.model.spec.class_names if len(state.codes) else ()
        for slot in self.slots:
            slot.offer(names)
        if not all(map(state.model.owns, self._points)):
            self._points = ()
        if not self._points:
            self._points = self._first(state)
            self._ask(self._points)
        elif "codes" in changed:
            self._ask(self._points)
        if "blend" in changed:
            self._show_blend(state)

    def _first(self, state: State) -> tuple[Point, ...]:
        if state.codes is None or state.model is None or state.point is None:
            return ()
        if state.model.spec.classes < len(self.slots) or not len(state.codes):
            return (state.point,) * len(self.slots)
        means = (state.codes.mean_of(label).tolist() for label in range(len(self.slots)))
        return tuple(state.model.point(z, label) for label, z in enumerate(means))

    def _show_blend(self, state: State) -> None:
        blend = state.blend
        if blend:
            self._points = blend.points[:RESULT]
        for index, view in enumerate(self._views()):
            view.set_pixels(blend.pictures[index] if blend else None)
        captions = [*(slot.caption for slot in self.slots), self.caption]
        names = state.model.spec.class_names if state.model else ()
        for index, caption in enumerate(captions):
            label = blend.points[index].label if blend else None
            caption.setText(names[label] if label is not None and names else "")
            caption.setVisible(bool(caption.text()))

    def _ask(self, slots: tuple[Point | Path, ...]) -> None:
        if len(slots) == RESULT:
            label = self.controller.state.point.label if self.controller.state.point else None
            a, b, c = slots
            self.controller.ask(MakeBlend((a, b, c), self.strength.value() / TENTHS, label))

    def _fill(self, index: int, content: Point | Path) -> None:
        # A file that is no picture leaves the slot as it was: what fills it comes with the answer.
        slots: list[Point | Path] = list(self._points)
        if len(slots) == RESULT:
            slots[index] = content
            if isinstance(content, Point):
                self._points = tuple(point for point in slots if isinstance(point, Point))
            self._ask(tuple(slots))

    @Slot(int)
    def _put(self, index: int) -> None:
        if point := self.controller.state.point:
            self._fill(index, point)

    @Slot(int, object)
    def _put_file(self, index: int, path: Path) -> None:
        self._fill(index, path)

    @Slot(int, int)
    def _put_mean(self, index: int, label: int) -> None:
        state = self.controller.state
        if state.codes is not None and state.model:
            self._fill(index, state.model.point(state.codes.mean_of(label).tolist(), label))

    @Slot()
    def _on_strength(self) -> None:
        value = self.strength.value() / TENTHS
        self._told.setText(f"{value:+.1f}")
        self._reset.setEnabled(value != 1)
        self._ask(self._points)

    @Slot()
    def _on_reset(self) -> None:
        self.strength.setValue(TENTHS)

    @Slot(int)
    def _go(self, index: int) -> None:
        if blend := self.controller.state.blend:
            self.controller.set_point(blend.points[index])

    @Slot(int, bool)
    def _preview(self, index: int, inside: bool) -> None:
        blend = self.controller.state.blend
        shown = Picture(blend.points[index], blend.pictures[index]) if inside and blend else None
        self.controller.preview(shown)

    @Slot()
    def _save(self) -> None:
        blend = self.controller.state.blend
        if blend and (path := ask_where(self, "arithmetic", PICTURES)):
            info = {name: p.z for name, p in zip(("a", "b", "c", "z"), blend.points, strict=True)}
            info["strength"] = (self.strength.value() / TENTHS,)
            self.controller.export(Tiles(blend.points, blend.pictures, 4), path, info, gap=1)


PANEL = Panel(
    key="arithmetic",
    title="Arithmetic",
    area=Area.BOTTOM,
    order=11,
    shortcut="Alt+M",
    help="Directions between points carry meaning: what A has and B has not can be added to C. "
    "Fill a slot with the current z, the mean of a class, or a picture dropped on it; the result "
    "is <b>(A − B)·t + C</b>, decoded. Means work better than single images, whose chance features "
    "come along. Click any picture to go there, and watch the meter under Image: far sums fall "
    "off the map.",
    widget=ArithmeticPanel,
    behind="interpolate",
)
