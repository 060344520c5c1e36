"""Timer-driven playback of steps: back and forth, once or in a loop."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from latentlab.session.points import Loop

FRAME_MS = 80


class Player(QObject):
    """Emits the index of the step to show, frame by frame."""

    stepped = Signal(int)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.timer = QTimer(self)
        self.timer.setInterval(FRAME_MS)
        self.timer.timeout.connect(self._next)
        self._frame, self._last, self._loop = 0, 1, Loop.BACK

    @property
    def playing(self) -> bool:
        """Whether playback is running."""
        return self.timer.isActive()

    def start(self, steps: int, loop: Loop) -> None:
        """Play a number of steps from the first."""
        self._frame, self._last, self._loop = 0, max(1, steps - 1), loop
        self.timer.start()

    @Slot()
    def stop(self) -> None:
        """Stop, and emit `ended` if it was playing."""
        if self.playing:
            self.timer.stop()
            self.ended.emit()

    @Slot(float)
    def set_speed(self, speed: float) -> None:
        """Set the speed, as a multiple of the normal one."""
        self.timer.setInterval(round(FRAME_MS / speed))

    @Slot()
    def _next(self) -> None:
        frame, self._frame = self._frame, self._frame + 1
        if self._loop is Loop.ONCE and frame > self._last:
            self.stop()
        elif self._loop is Loop.BACK:
            self.stepped.emit(self._last - abs(self._last - frame % (2 * self._last)))
        else:
            # The last step of a closed path equals its first.
            round_ = self._loop is Loop.ROUND
            self.stepped.emit(frame % self._last if round_ else frame)
