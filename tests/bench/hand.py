"""What a hand feels: sliders dragged and the map hovered over, 60 events a second.

The hand is a process of its own, which tells when each event happened; the events are real mouse
events in the real window, with all panels of the workspace open. An event is answered when the
picture of it, or of a later one, is on screen. It is dropped if no picture of its own was ever
painted, and late if that took longer than a frame (16.7 ms) or two (33.3 ms).

Prints one JSON object on its last line: per model and gesture the time from event to picture, in
milliseconds, dropped and late events, and the time on the processor per event, of the GUI thread
and of the whole process; and the seconds until the picture of a model that is opened again.
``python tests/bench/hand.py [--seconds 5] [--models digits-cvae digits-2d faces]``
"""

import argparse
import json
import os
import platform
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["LATENTLAB_HOME"] = tempfile.mkdtemp()
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program does

import gui_support  # noqa: F401  sets a screen that is large enough for the window
import numpy as np
from gui_support import handle_of, run_until, wait
from PySide6.QtCore import (
    QEvent,
    QEventLoop,
    QObject,
    QPoint,
    QPointF,
    QSocketNotifier,
    Qt,
    QTimer,
)
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QSlider, QWidget

from latentlab import app as program
from latentlab.directories import resources
from latentlab.session.map import point_at_position
from latentlab.session.model import Decode
from latentlab.session.points import Point
from latentlab.widgets.window.main_window import MainWindow

RATE = 60
SETTLE_MS = 1500
LAST_MS = 100
"""Time that the last picture has to arrive."""
HAND = """
import struct, sys, time
begin = time.monotonic() + 0.2
for i in range(int(sys.argv[1])):
    due = begin + i / int(sys.argv[2])
    time.sleep(max(0, due - time.monotonic()))
    sys.stdout.buffer.write(struct.pack("d", time.monotonic()))
    sys.stdout.buffer.flush()
"""
NO, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton


@dataclass
class Event:
    """Mouse event that moved the point: when, where to, and when its picture was on screen."""

    at: float
    point: Point | None
    """None if a later event came before this one was handled."""
    own: float | None = None
    """When the picture of this event was painted."""
    answered: float | None = None
    """When the picture of this event, or of a later one, was painted."""


@dataclass
class Gesture:
    """Events of a gesture, and the time on the processor that they took."""

    events: list[Event] = field(default_factory=list)
    gui_s: float = 0.0
    process_s: float = 0.0

    def summary(self) -> dict[str, float]:
        """Return percentiles in milliseconds, shares of events, and processor time per event."""
        events = self.events
        waits = [1000 * (each.answered - each.at) for each in events if each.answered]
        own = [1000 * (each.own - each.at) if each.own else np.inf for each in events]
        count = max(1, len(events))
        return {
            "events": len(events),
            "median_ms": round(float(np.median(waits)), 2),
            "p95_ms": round(float(np.percentile(waits, 95)), 2),
            "p99_ms": round(float(np.percentile(waits, 99)), 2),
            "max_ms": round(float(max(waits)), 2),
            "never_painted": int(np.isinf(own).sum()),
            "later_than_a_frame": sum(wait > 1000 / RATE for wait in own),
            "later_than_two": sum(wait > 2000 / RATE for wait in own),
            "gui_cpu_ms": round(1000 * self.gui_s / count, 2),
            "cpu_ms": round(1000 * self.process_s / count, 2),
        }


class Eye(QObject):
    """Tells when a widget shows the picture of an event.

    Painting ends with the window's ``UpdateRequest``, in which the widget is painted.
    """

    def __init__(
        self, window: MainWindow, widget: QWidget, shown: Callable[[], Point | None]
    ) -> None:
        super().__init__()
        self.gesture = Gesture()
        self._window, self._widget, self._shown = window, widget, shown
        self._painted: Point | None = None
        self._inside = False
        window.installEventFilter(self)
        widget.installEventFilter(self)

    def close(self) -> None:
        self._window.removeEventFilter(self)
        self._widget.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._widget and event.type() == QEvent.Type.Paint:
            self._painted = self._shown()
            if not self._inside:
                self._on_screen()  # painted at once
        elif watched is self._window and event.type() == QEvent.Type.UpdateRequest:
            self._inside = True
            self._window.event(event)
            self._inside = False
            self._on_screen()
            return True
        return False

    def _on_screen(self) -> None:
        painted, self._painted = self._painted, None
        if painted is None:
            return
        now, events = time.monotonic(), self.gesture.events
        places = [i for i, each in enumerate(events) if each.point == painted]
        if places and events[places[-1]].own is None:
            events[places[-1]].own = now
            for each in events[: places[-1] + 1]:
                each.answered = each.answered or now


def play(eye: Eye, seconds: float, move: Callable[[int], Point | None]) -> Gesture:
    """Let the hand call `move` with the number of each event; it returns the new point."""
    count, sent = round(RATE * seconds), 0
    hand = subprocess.Popen(
        [sys.executable, "-c", HAND, str(count), str(RATE)], stdout=subprocess.PIPE
    )
    assert hand.stdout
    gesture, pipe = eye.gesture, hand.stdout.fileno()

    def on_ready() -> None:
        nonlocal sent
        times = [at for (at,) in struct.iter_unpack("d", os.read(pipe, 8 * RATE))]
        sent += len(times)
        # As window systems do, the moves that are waiting become one; the others are lost.
        if point := move(sent):
            gesture.events += [Event(at, None) for at in times[:-1]]
            gesture.events.append(Event(times[-1], point))
        if sent >= count:
            notifier.setEnabled(False)
            QTimer.singleShot(LAST_MS, loop.quit)

    loop, notifier = QEventLoop(), QSocketNotifier(pipe, QSocketNotifier.Type.Read)
    notifier.activated.connect(on_ready)
    gui, process = time.thread_time(), time.process_time()
    loop.exec()
    gesture.gui_s, gesture.process_s = time.thread_time() - gui, time.process_time() - process
    hand.wait()
    return gesture


def send(widget: QWidget, kind: QEvent.Type, place: QPoint, held: bool) -> None:
    """Send a mouse event to a widget, at a position of it."""
    button = NO if kind == QEvent.Type.MouseMove else LEFT
    at, over = QPointF(place), QPointF(widget.mapToGlobal(place))
    buttons = LEFT if held else NO
    event = QMouseEvent(kind, at, over, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def there_and_back(i: int, reach: int, step: int) -> int:
    """Return a position between -reach and reach that goes to and fro in steps."""
    place = (i * step + reach) % (4 * reach)
    return place - reach if place < 2 * reach else 3 * reach - place


def drag(window: MainWindow, slider: QSlider, seconds: float) -> Gesture:
    """Drag the handle of a slider, and watch the large image."""
    controller, view = window.controller, window.docks["image"].build().view

    def shown() -> Point | None:
        picture = controller.state.answer(Decode)
        return picture.point if picture else None

    eye, start = Eye(window, view, shown), handle_of(slider)
    reach = min(start.x(), slider.width() - start.x()) - 12
    send(slider, QEvent.Type.MouseButtonPress, start, held=True)

    def move(i: int) -> Point | None:
        before = controller.state.point
        place = start + QPoint(there_and_back(i, reach, 3), 0)
        send(slider, QEvent.Type.MouseMove, place, held=True)
        point = controller.state.point
        return point if point is not before else None

    gesture = play(eye, seconds, move)
    send(slider, QEvent.Type.MouseButtonRelease, slider.rect().center(), held=False)
    eye.close()
    return gesture


def hover(window: MainWindow, seconds: float) -> Gesture:
    """Move the mouse over the map, and watch the card beside the cursor."""
    controller, panel = window.controller, window.docks["map"].build()
    plot, card = panel.plot, panel.thumbnail
    asked: list[Point] = []

    def on_hovered(spot: object) -> None:
        state = controller.state
        if spot and state.point:
            asked.append(point_at_position(state, spot.x, spot.y, state.point))

    def shown() -> Point | None:
        return controller.state.preview.point if controller.state.preview else None

    plot.hovered.connect(on_hovered)
    eye, viewport = Eye(window, card, shown), plot.viewport()
    middle = viewport.rect().center()
    reach = min(middle.x(), middle.y()) - 40

    def move(i: int) -> Point | None:
        asked.clear()
        place = middle + QPoint(there_and_back(i, reach, 5), round(reach * np.sin(i / 23)))
        send(viewport, QEvent.Type.MouseMove, place, held=False)
        return asked[-1] if asked else None

    gesture = play(eye, seconds, move)
    plot.hovered.disconnect(on_hovered)
    QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))
    eye.close()
    return gesture


def enter(window: MainWindow, workspace: str) -> None:
    """Show a workspace and wait until all of its panels are built and quiet."""
    window.controller.workspaces.go(workspace)
    wait(SETTLE_MS)
    run_until(lambda: not window.unbuilt())
    wait(SETTLE_MS)


def open_model(window: MainWindow, folder: Path) -> float:
    """Open a model, wait until all is quiet, and return the seconds until its picture was there."""
    controller, began = window.controller, time.monotonic()
    controller.runs.open(folder)

    def is_shown() -> bool:
        model, picture = controller.state.model, controller.state.answer(Decode)
        is_open = model is not None and model.source == folder.resolve()
        return is_open and picture is not None and picture.point.model == model.number

    run_until(is_shown)
    window.docks["image"].build().view.repaint()
    took = time.monotonic() - began
    wait(SETTLE_MS)
    return took


def measure(window: MainWindow, seconds: float) -> dict[str, dict[str, float]]:
    """Drag in each workspace with sliders, and hover in those with a map."""
    found = {}
    for workspace in ("explore", "edit", "analyse"):
        enter(window, workspace)
        if workspace != "analyse":
            slider = window.docks["sliders"].build().rows[0].slider
            found[f"drag_{workspace}"] = drag(window, slider, seconds).summary()
        wait(SETTLE_MS)
        if workspace != "edit":
            found[f"hover_{workspace}"] = hover(window, seconds).summary()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--models", nargs="+", default=["digits-cvae", "digits-2d", "faces"])
    options = parser.parse_args()
    program.make_application()
    shipped = resources() / "models"
    window = program.open_window(shipped / options.models[0])
    program.Collector(window)
    run_until(lambda: window.controller.state.answer(Decode) is not None)
    result = {}
    for name in options.models:
        open_model(window, shipped / name)
        result[name] = measure(window, options.seconds)
    window.controller.workspaces.go("explore")
    # Each model is opened again after another one, where there are several.
    again = {name: open_model(window, shipped / name) for name in options.models}
    result["open_again_s"] = {name: round(took, 3) for name, took in again.items()}
    window.close()
    print(json.dumps({**result, "machine": platform.processor() or platform.machine()}))


if __name__ == "__main__":
    main()
