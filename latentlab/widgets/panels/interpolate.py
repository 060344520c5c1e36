"""The Interpolate panel: the way from A to B, decoded step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QPushButton, QSpinBox, QWidget

from latentlab.session.scene import Picture
from latentlab.widgets.icons import IconButton
from latentlab.widgets.panel import Area, Panel, PanelWidget
from latentlab.widgets.save import ask_where
from latentlab.widgets.tile_view import TileView

if TYPE_CHECKING:
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

FRAME_MS = 80


class InterpolatePanel(PanelWidget):
    """A strip that can be played, pointed at and exported."""

    watches = frozenset({"strip", "ends", "point"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.play = IconButton("play", "Play from A to B and back")
        self.steps = QSpinBox()
        self.steps.setRange(2, 120)
        self.steps.setSuffix(" steps")
        self.steps.setKeyboardTracking(False)
        self.steps.setToolTip("Pictures from A to B, both included.")
        self.from_z = QPushButton("A = z")
        self.from_z.setToolTip("Begin the way at the current z  (A)")
        self.to_z = QPushButton("B = z")
        self.to_z.setToolTip("End the way at the current z  (B)")
        swap = IconButton("swap", "Swap A and B")
        export = IconButton("export", "Save the way as PNG or animated GIF")
        for widget in (self.play, self.from_z, self.to_z, swap, self.steps):
            self.tools.addWidget(widget)
        self.tools.addStretch(1)
        self.tools.addWidget(export)
        self.view = TileView("Drag the handles A and B on the map.", gap=1)
        self.view.setAccessibleName("Way from A to B")
        self.body.addWidget(self.view, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._frame = 0
        self._timer.timeout.connect(self._next_frame)
        self.play.clicked.connect(self.toggle_play)
        self.steps.valueChanged.connect(self._on_steps)
        self.from_z.clicked.connect(controller.put_a)
        self.to_z.clicked.connect(controller.put_b)
        swap.clicked.connect(self._swap)
        export.clicked.connect(self._save)
        self.view.hovered.connect(self._show)
        self.view.chosen.connect(self._on_chosen)

    @property
    def playing(self) -> bool:
        """Whether the strip is being played."""
        return self._timer.isActive()

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Show the strip."""
        if "strip" in changed:
            current = self.view.current
            self.view.set_tiles(state.strip)
            if state.strip and current < len(state.strip.points):
                self.view.set_current(current)
        if "point" in changed and "strip" not in changed:
            self._stop()
        if state.ends:
            self.steps.blockSignals(True)
            self.steps.setValue(state.ends.steps)
            self.steps.blockSignals(False)
            self.from_z.setEnabled(state.point != state.ends.a)
            self.to_z.setEnabled(state.point != state.ends.b)

    @Slot()
    def toggle_play(self) -> None:
        """Play or pause."""
        if self.playing:
            self._stop()
        elif self.controller.state.strip:
            self._frame = 0
            self._timer.start()
            self.play.set_icon("pause")

    def _stop(self) -> None:
        if self.playing:
            self._timer.stop()
            self.play.set_icon("play")
            self.view.set_current(-1)
            self.controller.preview(None)

    @Slot()
    def _next_frame(self) -> None:
        strip = self.controller.state.strip
        if not strip or not self.isVisible():
            self._stop()
            return
        last = len(strip.points) - 1
        row = last - abs(last - self._frame % (2 * last))
        self._frame += 1
        self.view.set_current(row)
        self._show(row)

    @Slot(int)
    def _show(self, row: int) -> None:
        strip = self.controller.state.strip
        if row < 0 or not strip:
            self.controller.preview(None)
        else:
            self.controller.preview(Picture(strip.points[row], strip.pictures[row]))

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        strip = self.controller.state.strip
        if strip:
            self._stop()
            self.controller.set_point(strip.points[row])

    @Slot(int)
    def _on_steps(self, steps: int) -> None:
        if ends := self.controller.state.ends:
            self.controller.set_ends(replace(ends, steps=steps))

    @Slot()
    def _swap(self) -> None:
        if ends := self.controller.state.ends:
            self.controller.set_ends(replace(ends, a=ends.b, b=ends.a))

    @Slot()
    def _save(self) -> None:
        state = self.controller.state
        if state.strip and state.ends:
            path = ask_where(self, "interpolation", ("gif", "png"))
            if path:
                info = {"a": state.ends.a.z, "b": state.ends.b.z, "steps": state.ends.steps}
                self.controller.export(state.strip, path, info, gap=1)


PANEL = Panel(
    key="interpolate",
    title="Interpolate",
    area=Area.BOTTOM,
    order=1,
    shortcut="Alt+6",
    help="The straight way from A to B in latent space, decoded in equal steps. Drag the handles "
    "A and B on the map, or stand somewhere and press A or B. A model with a good latent space "
    "morphs through things that could be real; one trained without KL jumps and breaks.",
    widget=InterpolatePanel,
    share=4,
)
