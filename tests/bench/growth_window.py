"""What the window costs as model and data grow; a part of ``growth.py``.

All times are processor time of the GUI thread in milliseconds, so that other programs do not
lengthen them, except the names that say otherwise.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from gui_support import run_until, wait
from hand import drag, hover
from PySide6.QtCore import QTimer

from latentlab import app as program
from latentlab.directories import resources
from latentlab.session.model import Decode, ShowAll
from latentlab.widgets.panel import ALL_CHANGES, PanelWidget
from latentlab.widgets.window.dock import Dock
from latentlab.widgets.window.main_window import MainWindow

QUIET_MS, SECONDS = 400, 2.0
WORKSPACES = ("explore", "train", "edit", "analyse", "compare")


class Watch:
    """The longest time for which the GUI thread computed without a break, in milliseconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.thread_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(2)

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, 1000 * (now - self._last))
        self._last = now

    def take(self) -> float:
        """Return the longest time so far, and begin again."""
        self._tick()
        longest, self.longest = self.longest, 0.0
        return longest


def settle(window: MainWindow) -> None:
    """Wait until all panels are built, and nothing is awaited for a while."""
    quiet_since = time.monotonic()

    def is_quiet() -> bool:
        nonlocal quiet_since
        state = window.controller.state
        if state.awaited or state.working or state.opening or window.unbuilt():
            quiet_since = time.monotonic()
        return time.monotonic() - quiet_since > QUIET_MS / 1000

    run_until(is_quiet)


@contextmanager
def build_times() -> Iterator[dict[str, float]]:
    """Collect the time that each panel takes to be built and to show the state at first."""
    found: dict[str, float] = {}
    build = Dock.build

    def timed(dock: Dock) -> object:
        is_new, began = not dock.is_built, time.thread_time()
        content = build(dock)
        if is_new:
            found[dock.panel.key] = 1000 * (time.thread_time() - began)
        return content

    Dock.build = timed
    yield found
    Dock.build = build


def open_model(window: MainWindow, folder: Path, watch: Watch) -> dict[str, float]:
    """Open a model, wait until its picture is there and all is quiet."""
    controller, began = window.controller, time.process_time()
    watch.take()
    controller.runs.open(folder)

    def is_shown() -> bool:
        model, picture = controller.state.model, controller.state.answer(Decode)
        is_open = model is not None and model.source == folder.resolve()
        return is_open and picture is not None and picture.point.model == model.number

    run_until(is_shown)
    shown = time.process_time() - began
    settle(window)
    return {"open_process_s": shown, "open_gap_ms": watch.take()}


def milliseconds(task: Callable[[], object]) -> float:
    began = time.thread_time()
    task()
    return 1000 * (time.thread_time() - began)


def show_again(panel: PanelWidget) -> None:
    """Let a panel show everything, as after a change of the model."""
    panel.show_state(panel.controller.state, ALL_CHANGES | panel.watches)


def look_around(window: MainWindow, watch: Watch) -> dict[str, float]:
    """Visit the workspaces; measure each panel there, all at once and as z moves and changes."""
    found, worst = {}, {"build": {}, "show": {}, "paint": {}}
    with build_times() as worst["build"]:
        for workspace in WORKSPACES:
            watch.take()
            window.controller.workspaces.go(workspace)
            settle(window)
            found[f"{workspace}_gap_ms"] = watch.take()
            for dock in window.docks.values():
                if dock.is_seen and dock.build().isVisible():
                    key, panel = dock.panel.key, dock.build()
                    worst["show"][key] = milliseconds(partial(show_again, panel))
                    worst["paint"][key] = milliseconds(panel.repaint)
            settle(window)
    for what, times in worst.items():
        key = max(times, key=lambda each: times[each])
        found[f"{what}_worst_ms"], found[f"{what}_worst"] = times[key], key
        found[f"{what}_ms"] = {each: round(took, 1) for each, took in sorted(times.items())}
    window.controller.workspaces.go("explore")
    settle(window)
    return found


def touch(window: MainWindow, watch: Watch) -> dict[str, float]:
    """Drag a slider, hover over the map, and pan it."""
    found = {}
    watch.take()
    slider = window.docks["sliders"].build().rows[0].slider
    dragged = drag(window, slider, SECONDS).summary()
    found |= {"drag_gui_ms": dragged["gui_cpu_ms"], "drag_ms": dragged["cpu_ms"]}
    settle(window)
    found["drag_gap_ms"] = watch.take()
    hovered = hover(window, SECONDS).summary()
    settle(window)
    found |= {"hover_gui_ms": hovered["gui_cpu_ms"], "hover_gap_ms": watch.take()}
    plot, times = window.docks["map"].build().plot, []
    for i in range(60):
        box = plot.getViewBox()
        box.translateBy(x=0.03 * np.sin(i / 9), y=0.03 * np.cos(i / 7))
        times.append(milliseconds(plot.viewport().repaint))
        wait(2)
    return found | {"pan_ms": float(np.median(times)), "pan_gap_ms": watch.take()}


def show_all(window: MainWindow, watch: Watch) -> dict[str, float]:
    """Put all images on the map."""
    watch.take()
    before, began = len(window.controller.state.codes), time.process_time()
    window.controller.map.show_all()
    settle(window)
    run_until(lambda: window.docks["map"].build().plot.cloud.is_fresh)
    assert window.controller.state.answer(ShowAll) is None
    more, took = len(window.controller.state.codes) - before, time.process_time() - began
    found = {"show_all_us": 1e6 * took / more} if more else {}
    return found | {"show_all_gap_ms": watch.take()}


def measure_window(folder: Path, *, whole: bool) -> dict:
    """Return the figures of the run in a folder; `whole` puts all images on the map first."""
    program.make_application()
    window = program.open_window(resources() / "models" / "digits-2d")
    program.Collector(window)
    run_until(lambda: window.controller.state.answer(Decode) is not None)
    settle(window)
    watch = Watch()
    found = open_model(window, folder, watch)
    if whole:
        found |= show_all(window, watch)
    found |= touch(window, watch) | look_around(window, watch)
    window.close()
    gc.collect()
    return found
