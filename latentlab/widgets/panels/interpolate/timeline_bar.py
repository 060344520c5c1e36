"""Controls below the strips: play button, timeline with keys, and playback menu."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from latentlab.session.points import Key, LatentPath, Loop
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import make_compact_button
from latentlab.widgets.kit.player import Player
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.interpolate.menus import PlayButton
from latentlab.widgets.panels.interpolate.timeline import Timeline

if TYPE_CHECKING:
    from latentlab.latent.interpolation.curves import Easing
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller


class TimelineBar(QWidget):
    """Playback of a path, and editing of its keys.

    Parameters
    ----------
    controller : Controller
        Receives the changed path.
    """

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.player = Player(self)
        self.play = IconButton("play", "Play or pause the path")
        self.timeline = Timeline()
        self.add_key = make_compact_button(
            "Add waypoint",
            "Make the path go through the current z: at the time shown, or in the widest gap.",
        )
        self.time = PlayButton()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        row.addWidget(self.play)
        row.addWidget(self.timeline, 1)
        row.addWidget(self.add_key)
        row.addWidget(self.time)
        self.player.ended.connect(self._on_ended)
        self.add_key.clicked.connect(self._add)
        self.time.eased.connect(self._on_eased)
        self.time.looped.connect(self._on_looped)
        self.time.paced.connect(self.player.set_speed)
        self.timeline.moved.connect(self._on_moved)
        self.timeline.removed.connect(self._on_removed)
        self.timeline.chosen.connect(self._on_chosen)

    def show_state(self, state: State) -> None:
        """Show the keys and the playback settings of the path."""
        self.add_key.setEnabled(state.point is not None and state.ends is not None)
        self.timeline.show_ends(state.ends)
        if state.ends:
            self.time.show_ends(state.ends)

    def toggle(self) -> None:
        """Play or pause."""
        ends = self._controller.state.ends
        if self.player.playing:
            self.player.stop()
        elif ends:
            self.play.set_icon("pause")
            self.player.start(ends.steps, ends.loop)

    @Slot()
    def _on_ended(self) -> None:
        self.play.set_icon("play")

    @Slot(object)
    def _on_eased(self, easing: Easing) -> None:
        if ends := self._controller.state.ends:
            self._controller.path.set(replace(ends, easing=easing))

    @Slot(object)
    def _on_looped(self, loop: Loop) -> None:
        self.player.stop()
        if ends := self._controller.state.ends:
            self._controller.path.set(replace(ends, loop=loop))

    @Slot()
    def _add(self) -> None:
        ends, point = self._controller.state.ends, self._controller.state.point
        if ends and point:
            time = new_key_time(ends, self.timeline.time)
            self._controller.path.set(ends.with_keys(*ends.keys, Key(time, point)))

    @Slot(int, float, bool)
    def _on_moved(self, index: int, time: float, dropped: bool) -> None:
        if ends := self._controller.state.ends:
            keys = list(ends.keys)
            keys[index] = replace(keys[index], time=time)
            self._controller.path.set(ends.with_keys(*keys), settled=dropped)

    @Slot(int)
    def _on_removed(self, index: int) -> None:
        if ends := self._controller.state.ends:
            keys = [key for i, key in enumerate(ends.keys) if i != index]
            self._controller.path.set(ends.with_keys(*keys))

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        if ends := self._controller.state.ends:
            self._controller.point.set(ends.keys[index].point)


def new_key_time(ends: LatentPath, playhead: float) -> float:
    """Return the time of a new key: the playhead, else the middle of the widest gap."""
    times = [0.0, *(key.time for key in ends.keys), 1.0]
    if 0 < playhead < 1 and min(abs(playhead - time) for time in times) > 0.01:
        return playhead
    widest = int(np.argmax(np.diff(times)))
    return (times[widest] + times[widest + 1]) / 2
